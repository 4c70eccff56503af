"""Stripe's client against a real server: amounts, failures, repeats."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.db import TransactionOpen, transaction
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.providers.stripe_client import StripePayments, minor_units, whole_units
from tests.stripe_server import SECRET_KEY, VISA, StripeServer

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def account(stripe: StripeServer) -> StripePayments:
    return StripePayments(SECRET_KEY, stripe.url, 0.5)


def begin(account: StripePayments, **values: Any) -> Any:
    asked = {
        "amount": Decimal("12.34"),
        "currency": "EUR",
        "key": "key-1",
        "metadata": {"order_id": "o1"},
        "capture": "automatic",
    }
    return account.create(**asked | values)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.34", "EUR", 1234), ("500", "JPY", 500), ("1.23", "KWD", 1230), ("0.10", "usd", 10)],
)
def test_amounts_follow_the_currency(amount: str, currency: str, minor: int) -> None:
    assert minor_units(Decimal(amount), currency) == minor
    assert whole_units(minor, currency) == Decimal(amount)


@given(st.integers(0, 10**9), st.sampled_from(["EUR", "JPY"]))
def test_amounts_come_back_as_they_went(minor: int, currency: str) -> None:
    assert minor_units(whole_units(minor, currency), currency) == minor


def test_a_part_of_a_yen_cannot_be_paid() -> None:
    with pytest.raises(ValueError):
        minor_units(Decimal("10.50"), "JPY")


def test_no_answer_in_time_is_undecided_and_asked_three_times(
    account: StripePayments, stripe: StripeServer
) -> None:
    stripe.hang_next("/v1/payment_intents", 2.0, times=3)
    with pytest.raises(PaymentProviderFailure) as failure:
        begin(account)
    assert failure.value.code == "unreachable"
    assert failure.value.is_undecided
    asked = stripe.asked_for("/v1/payment_intents")
    assert [one.key for one in asked] == ["key-1"] * 3
    assert begin(account).id == stripe.intents()[0]["id"]
    assert len(stripe.intents()) == 1


@pytest.mark.parametrize(
    ("status", "code", "undecided"),
    [
        (500, "broken", True),
        (429, "busy", True),
        (409, "busy", True),
        (400, "refused", False),
        (401, "key", False),
    ],
)
def test_each_failure_has_its_code(
    account: StripePayments, stripe: StripeServer, status: int, code: str, undecided: bool
) -> None:
    stripe.fail_next("/v1/payment_intents", status=status, times=3)
    with pytest.raises(PaymentProviderFailure) as failure:
        begin(account)
    assert failure.value.code == code
    assert failure.value.is_undecided is undecided


def test_nobody_there(app_context: Flask) -> None:
    with pytest.raises(PaymentProviderFailure) as failure:
        begin(StripePayments(SECRET_KEY, "http://127.0.0.1:9", 0.5))
    assert failure.value.code == "unreachable"
    assert "127.0.0.1" not in failure.value.reason


def test_what_was_captured_can_no_longer_be_let_go_of(account: StripePayments, stripe: StripeServer) -> None:
    intent = begin(account)
    assert stripe.pay(intent.id, VISA)["status"] == "succeeded"
    with pytest.raises(PaymentProviderFailure) as failure:
        account.cancel(intent.id)
    assert failure.value.code == "refused"


def test_there_is_no_such_payment(account: StripePayments) -> None:
    assert account.retrieve("pi_none") is None


def test_nobody_is_asked_inside_a_transaction(account: StripePayments, stripe: StripeServer) -> None:
    with transaction() as open_transaction:
        open_transaction.connection()
        with pytest.raises(TransactionOpen):
            begin(account)
    assert stripe.asked_for("/v1/payment_intents") == []
