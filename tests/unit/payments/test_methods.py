"""The interface that every way to pay keeps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from storefront.core.db import TransactionOpen, transaction
from storefront.core.ids import new_id
from storefront.payments import services as payments
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.methods import METHODS, Charge
from storefront.payments.queries import payment_method, providers


def test_invoice_is_for_the_european_union_and_delivery_for_everybody() -> None:
    assert [method.code for method in providers("DE")] == ["invoice", "on_delivery"]
    assert [method.code for method in providers("US")] == ["on_delivery"]
    with pytest.raises(UnknownPaymentMethod):
        payment_method("invoice", "US")
    with pytest.raises(UnknownPaymentMethod):
        payment_method("gold")


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
    assert payments.authorise(order_id, "invoice", Decimal(1), "EUR", "key").reference == str(order_id)
