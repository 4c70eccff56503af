"""What a change of plan comes to where Stripe makes no preview."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from storefront.memberships.queries import Membership, Plan
from storefront.memberships.services.quoting import estimate, next_payment


@pytest.mark.parametrize(
    ("before", "after", "days", "expected"),
    [
        (("month", "5.00"), ("year", "50.00"), 10, ("50.00", "3.33", "46.67")),
        (("year", "50.00"), ("month", "5.00"), 73, ("5.00", "40.00", "0")),
        (("month", "5.00"), ("month", "8.00"), 15, ("4.00", "2.50", "1.50")),
        (("month", "5.00"), ("month", "8.00"), 31, ("0", "0", "0")),
    ],
)
def test_an_estimate_counts_the_unused_time(
    before: tuple[str, str], after: tuple[str, str], days: int, expected: tuple[str, str, str]
) -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    end = start + timedelta(days=365 if before[0] == "year" else 30)
    one = uuid.uuid4()
    running = Membership(one, one, one, "Friends", "active", start, end, False, "sub_1", start)
    wanted = Plan(one, "Other", "", Decimal(after[1]), "EUR", after[0], None, False, "price_1", True, 1)
    found = estimate(running, Decimal(before[1]), wanted, start + timedelta(days=days))
    assert (found.price, found.credit, found.due) == tuple(map(Decimal, expected))


def test_the_next_payment_is_on_the_same_day_or_the_last_there_is() -> None:
    assert next_payment(datetime(2026, 12, 31, tzinfo=UTC), "month") == datetime(2027, 1, 31, tzinfo=UTC)
    assert next_payment(datetime(2027, 1, 31, tzinfo=UTC), "month") == datetime(2027, 2, 28, tzinfo=UTC)
    assert next_payment(datetime(2028, 2, 29, tzinfo=UTC), "year") == datetime(2029, 2, 28, tzinfo=UTC)
