"""The interface that every way to pay keeps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from storefront.core.clock import now
from storefront.core.db import TransactionOpen, transaction
from storefront.core.ids import new_id
from storefront.payments import services as payments
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.methods import METHODS, Asked, Charge, PaymentMethod
from storefront.payments.queries import gives_back, payment_method, providers


@pytest.mark.usefixtures("app_context")
def test_invoice_is_for_the_european_union_and_delivery_for_everybody() -> None:
    assert [method.code for method in providers("DE")] == ["invoice", "on_delivery"]
    assert [method.code for method in providers("US")] == ["on_delivery"]
    with pytest.raises(UnknownPaymentMethod):
        payment_method("invoice", "US")
    with pytest.raises(UnknownPaymentMethod):
        payment_method("gold")


@pytest.mark.usefixtures("card_context")
def test_cards_come_first_and_are_for_everybody_where_there_are_keys() -> None:
    assert [method.code for method in providers("US")] == ["stripe", "on_delivery"]
    assert gives_back("stripe")
    assert not gives_back("invoice")
    assert not gives_back("gold")


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.code)
def test_who_is_paid_later_has_nobody_to_ask(method: PaymentMethod) -> None:
    asked = Asked(new_id(), None, "EUR", now())
    status = method.status(asked)
    assert status is not None
    assert status.status == "authorised"
    assert method.capture(asked, Decimal(3), "key").captured == Decimal(3)
    refund_id = new_id()
    assert method.refund(asked, Decimal(2), "key", refund_id).refund_id == str(refund_id)
    method.void("reference", "key")


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.code)
def test_same_key_gives_the_same_answer(method: object) -> None:
    charge = Charge(new_id(), Decimal("10.00"), "EUR", "key")
    first, second = method.authorise(charge), method.authorise(charge)  # type: ignore[attr-defined]
    assert first == second
    assert first.status == "authorised"


@pytest.mark.usefixtures("app_context")
def test_nobody_is_asked_for_money_inside_a_transaction() -> None:
    order_id = new_id()
    with transaction() as open_transaction:
        open_transaction.connection()
        with pytest.raises(TransactionOpen):
            payments.authorise(order_id, "invoice", Decimal(1), "EUR", "key")
    answer = payments.authorise(order_id, "invoice", Decimal(1), "EUR", "key")
    assert answer.reference == str(order_id)
