"""How an order ends of which nothing was sent and all goods were given back: at once, when the bank says so, or not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from storefront.core.clock import frozen, now
from storefront.core.db import release
from storefront.orders.queries_for_staff import REFUND_OPEN, staff_orders
from storefront.orders.services import bring_up_to_date, reconcile_payments
from tests.factories.buying import Stock, make_shipping, stock_of
from tests.factories.cards import CardOrder, state_of, work
from tests.factories.parcels import assert_books_balance, give, order_of_five, page
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.usefixtures("card_context")


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def queued(order: CardOrder, status: str) -> bool:
    release()
    found = staff_orders(order.number, status).total == 1
    release()
    return found


@pytest.mark.parametrize(
    ("by_webhook", "shipping", "status", "payment_status"),
    [(True, "4.90", "cancelled", "refunded"), (False, "0", "completed", "partially_refunded")],
)
def test_an_order_ends_when_the_provider_says_later_that_its_money_is_back(
    stripe: StripeServer, shipping: str, status: str, payment_status: str, *, by_webhook: bool
) -> None:
    card = order_of_five(stripe)
    stripe.let_refunds_take_time()
    give(card, 3, 2, restock=True, shipping=Decimal(shipping))
    work()
    assert state_of(card.order_id)[:2] == ("placed", "paid")
    assert (queued(card, "placed"), queued(card, REFUND_OPEN)) == (False, True)
    stripe.end_refunds(card.intent_id)
    if by_webhook:
        bring_up_to_date(card.order_id)
    else:
        with frozen(now() + timedelta(minutes=6)):
            assert reconcile_payments()["refunds"] == 1
    work()
    assert state_of(card.order_id)[:2] == (status, payment_status)
    assert not queued(card, REFUND_OPEN)
    assert stock_of(card.product_id) == Stock(10, 0)
    assert_books_balance()


def test_an_order_whose_refund_fails_later_is_open_until_it_is_given_back_another_way(
    stripe: StripeServer,
) -> None:
    card = order_of_five(stripe)
    stripe.let_refunds_take_time()
    give(card, 3, 2, restock=True, shipping=Decimal("4.90"))
    stripe.end_refunds(card.intent_id, "failed")
    bring_up_to_date(card.order_id)
    work()
    assert state_of(card.order_id) == ("placed", "paid", "captured")
    assert (queued(card, "placed"), queued(card, REFUND_OPEN)) == (False, True)
    assert [event.kind for event in page(card).events][-1] == "refund_failed"
    give(card, 3, 2, shipping=Decimal("4.90"), destination="gift_card")
    assert state_of(card.order_id)[:2] == ("cancelled", "refunded")
    assert_books_balance()


def test_an_order_that_ended_by_a_refund_is_open_again_when_the_bank_sends_it_back(
    stripe: StripeServer,
) -> None:
    card = order_of_five(stripe)
    give(card, 3, 2, restock=True)
    assert state_of(card.order_id)[:2] == ("completed", "partially_refunded")
    stripe.end_refunds(card.intent_id, "failed")
    bring_up_to_date(card.order_id)
    work()
    assert state_of(card.order_id) == ("placed", "paid", "captured")
    assert queued(card, REFUND_OPEN)
    assert_books_balance()


def test_what_a_bank_sends_back_of_a_cancelled_order_goes_back_once_more(stripe: StripeServer) -> None:
    card = order_of_five(stripe)
    give(card, 3, 2, restock=True, shipping=Decimal("4.90"))
    assert state_of(card.order_id) == ("cancelled", "refunded", "refunded")
    stripe.end_refunds(card.intent_id, "failed")
    assert bring_up_to_date(card.order_id) == "cancelled"
    work()
    assert state_of(card.order_id) == ("cancelled", "refunded", "refunded")
    assert [one["status"] for one in stripe.refunds(card.intent_id)] == ["succeeded"] * 2, "asked again"
    assert [event.kind for event in page(card).events if event.actor == "system"][-2:] == [
        "refund_failed",
        "money_returned",
    ]
    assert_books_balance()
