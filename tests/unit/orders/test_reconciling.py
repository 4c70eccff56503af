"""The job that asks about what nobody told us of: everybody has their turn, and nobody is asked about all the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from storefront.core.clock import frozen
from storefront.core.db import release, session
from storefront.core.settings import current_settings
from storefront.orders.services import capture_payment, reconcile_payments, refund_payment
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.providers.stripe_client import StripePayments
from tests.factories.buying import make_shipping
from tests.factories.cards import order_by_card, state_of
from tests.factories.parcels import paid
from tests.stripe_server import SECRET_KEY, StripeServer

pytestmark = pytest.mark.usefixtures("card_context")


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def moment() -> datetime:
    """The database's time, which the notes are made in."""
    found = session().scalars(sa.select(sa.func.clock_timestamp())).one()
    release()
    return found


@pytest.mark.usefixtures("manual")
def test_more_promises_than_one_run_asks_about_all_have_their_turn(stripe: StripeServer) -> None:
    first, failing, lapsed = (paid(stripe, order_by_card()) for _ in range(3))
    StripePayments(SECRET_KEY, stripe.url, 2).cancel(lapsed.intent_id)
    stripe.fail_next(f"/v1/payment_intents/{failing.intent_id}", status=400)
    with frozen(moment() + timedelta(hours=6)):
        runs = [reconcile_payments(limit=1) for _ in range(4)]
    assert [(one["payments"], one["failed"]) for one in runs] == [(1, 0), (0, 1), (1, 0), (0, 0)]
    assert state_of(lapsed.order_id) == ("placed", "failed", "cancelled")
    assert state_of(first.order_id) == state_of(failing.order_id) == ("placed", "authorised", "authorised")


def test_a_refund_that_takes_days_is_asked_about_once_in_a_while(stripe: StripeServer) -> None:
    card = paid(stripe, order_by_card())
    stripe.let_refunds_take_time()
    refund_payment(card.number, Decimal("60.00"))
    refund_payment(card.number, Decimal("10.00"))
    with frozen(moment() + timedelta(minutes=current_settings().reconcile_minutes)):
        runs = [reconcile_payments(limit=1)["refunds"] for _ in range(3)]
    assert runs == [1, 1, 0]


@pytest.mark.usefixtures("manual")
def test_a_capture_that_is_never_answered_keeps_no_other_waiting(stripe: StripeServer) -> None:
    silent, other = (paid(stripe, order_by_card()) for _ in range(2))
    for card in (silent, other):
        stripe.fail_next("/capture", times=3)
        with pytest.raises(PaymentProviderFailure):
            capture_payment(card.number)
    stripe.fail_next(f"/v1/payment_intents/{silent.intent_id}", times=3)
    with frozen(moment() + timedelta(minutes=current_settings().reconcile_minutes)):
        runs = [reconcile_payments(limit=1) for _ in range(2)]
    assert [(one["captures"], one["failed"]) for one in runs] == [(0, 1), (1, 0)]
    assert state_of(other.order_id) == ("placed", "paid", "captured")
