"""Orders that cost nothing, and amounts that are too small for a card."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from storefront.cart import services as carts
from storefront.core.db import release
from storefront.http.invoice_paper import payment_text
from storefront.http.order_words import words_for
from storefront.invoicing.queries import papers_of
from storefront.invoicing.services import issue_what_is_due
from storefront.orders.changeable import WantedChange, current_order
from storefront.orders.errors import OrderNotChangeable
from storefront.orders.models import Order
from storefront.orders.services import LineChange, cancel_order, change_order, place_order, quote_change
from storefront.payments.errors import AmountTooSmall
from storefront.payments.queries import payments_of
from storefront.providers.stripe_minimums import least_amount
from storefront.returns.queries import staff_return
from storefront.returns.services import (
    ReturnRequest,
    WantedLine,
    approve_return,
    complete_return,
    receive_return,
    request_return,
)
from tests.factories.accounts import make_staff
from tests.factories.buying import fill_cart, make_guest, make_product, make_shipping, order_request
from tests.factories.cards import CardOrder
from tests.factories.parcels import assert_books_balance, letters, page, paid, ship
from tests.factories.promotions import make_gift_card, make_promotion
from tests.factories.returns import buy, deliver, kettle_sizes, staff_id
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.usefixtures("card_context")


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def order_of(product_id: uuid.UUID, units: int, total: str, method: str = "stripe") -> CardOrder:
    guest = make_guest()
    fill_cart(guest, (product_id, units))
    placed = place_order(guest, order_request(total, payment_method=method))
    release()
    reference = payments_of(placed.order_id)[0].provider_reference
    release()
    return CardOrder(guest, product_id, placed.order_id, placed.number, reference or "")


def twenty_off() -> None:
    """20.00 less, and no shipping: one kettle of 20.00 costs nothing."""
    make_promotion("amount", "20")
    make_promotion("free_shipping", "0", "Free shipping")


def paid_by(order: CardOrder) -> list[tuple[str, str, str]]:
    release()
    found = [(one.provider, str(one.amount), one.status) for one in payments_of(order.order_id)]
    release()
    return found


def wanted(order: CardOrder, **units: int | uuid.UUID) -> WantedChange:
    release()
    found = current_order(Order.id == order.order_id)
    assert found is not None
    release()
    change = LineChange(order.product_id, 1)
    return WantedChange(
        found.shipping_address,
        found.shipping_method,
        found.payment_method,
        {found.lines[0].id: replace(change, **units)},  # type: ignore[arg-type]
    )


def test_what_costs_nothing_is_paid_at_once_and_says_so(stripe: StripeServer) -> None:
    twenty_off()
    order = order_of(make_product(price="20.00"), 1, "0.00")
    assert paid_by(order) == [("free", "0.00", "captured")]
    assert stripe.intents() == []
    seen = page(order)
    assert (seen.status, seen.payment_status, seen.can_cancel) == ("placed", "paid", True)
    words = words_for(seen)
    assert (words.payment, words.payment_state) == ("Free of charge", "There is nothing to pay.")
    issue_what_is_due(order.order_id)
    release()
    invoice = papers_of(order.order_id).invoice
    assert invoice is not None
    assert (invoice.gross, payment_text(invoice.content)) == (0, "There is nothing to pay.")
    ship(make_staff("manager").id, order, 1)
    assert page(order).status == "shipped"
    assert_books_balance()


def test_what_costs_nothing_is_cancelled_and_nothing_is_said_to_go_back() -> None:
    twenty_off()
    order = order_of(make_product(price="20.00"), 1, "0.00", "invoice")
    cancel_order(order.me, order.number)
    seen = page(order)
    assert (seen.status, words_for(seen).payment_state) == ("cancelled", "There is nothing to pay.")
    assert letters() == ["mail.order_placed", "mail.order_cancelled"]
    assert_books_balance()


def test_what_cost_nothing_comes_back_and_no_money_goes() -> None:
    twenty_off()
    order, staff = order_of(make_product(price="20.00"), 1, "0.00"), staff_id()
    deliver(order.order_id)
    lines = [WantedLine(page(order).lines[0].id, 1, "too_small")]
    number = request_return(order.me, order.number, ReturnRequest("return", lines)).number
    approve_return(staff, number)
    receive_return(staff, number, {lines[0].item_id})
    complete_return(staff, number)
    assert staff_return(number).status == "completed"
    assert page(order).fulfilment_status == "returned"
    assert_books_balance()


def test_an_order_that_becomes_free_by_a_change_owes_nothing_any_more() -> None:
    twenty_off()
    order = order_of(make_product(price="20.00"), 2, "20.00", "invoice")
    fewer = wanted(order, quantity=1)
    assert quote_change(order.me, order.number, fewer).way == "none"
    change_order(order.me, order.number, fewer, Decimal("0.00"))
    assert paid_by(order) == [("invoice", "20.00", "cancelled"), ("free", "0.00", "captured")]
    seen = page(order)
    assert (seen.payment_method, seen.payment_status) == ("free", "paid")
    with pytest.raises(OrderNotChangeable) as refusal:
        quote_change(order.me, order.number, wanted(order, quantity=2))
    assert refusal.value.why == "free"
    assert_books_balance()


@pytest.mark.parametrize(("total", "is_taken"), [("0.49", False), ("0.50", True)])
def test_a_card_takes_no_less_than_its_minimum(stripe: StripeServer, total: str, is_taken: bool) -> None:
    guest, product_id = make_guest(), make_product(price="20.00")
    fill_cart(guest, (product_id, 1))
    gift_card = Decimal("24.90") - Decimal(total)
    carts.enter_gift_card(guest, make_gift_card(str(gift_card)).code)
    request = order_request("24.90", payment_method="stripe", expected_gift_card=gift_card)
    if is_taken:
        assert place_order(guest, request).needs_shopper
        return
    with pytest.raises(AmountTooSmall) as refusal:
        place_order(guest, request)
    assert (refusal.value.amount, refusal.value.least) == (Decimal(total), Decimal("0.50"))
    assert stripe.intents() == []
    # Nothing was drawn up under the key: it buys the same on invoice.
    assert not place_order(guest, replace(request, payment_method="invoice")).was_placed_before


def test_the_smallest_amounts_are_the_providers_own() -> None:
    found = [str(least_amount(one)) for one in ("eur", "GBP", "HUF", "XAF")]
    assert found == ["0.50", "0.30", "175.00", "0.00"]


def test_a_change_that_costs_a_little_more_is_refused_before_the_card_is_asked(stripe: StripeServer) -> None:
    parent = make_product("Kettle", stock=0)
    small, dearer = (
        make_product(f"Kettle {one}", price, 5, parent_id=parent, options={"Size": one})
        for one, price in (("S", "80.00"), ("M", "80.30"))
    )
    order = paid(stripe, order_of(small, 1, "80.00"))
    with pytest.raises(AmountTooSmall) as refusal:
        change_order(order.me, order.number, wanted(order, product_id=dearer), Decimal("80.30"))
    assert (refusal.value.amount, refusal.value.is_on_top) == (Decimal("0.30"), True)
    assert len(stripe.intents()) == 1


def test_an_exchange_that_costs_a_little_more_is_paid_another_way() -> None:
    sizes = kettle_sizes(("30.00", "30.30"))
    bought = buy("90.00", (sizes[0], 3))
    deliver(bought.order_id)
    lines = [WantedLine(bought.items[0], 1, "too_small", replacement_id=sizes[1])]
    with pytest.raises(AmountTooSmall):
        request_return(bought.me, bought.number, ReturnRequest("exchange", lines, payment_method="stripe"))
    request = ReturnRequest("exchange", lines, payment_method="invoice")
    approve_return(staff_id(), request_return(bought.me, bought.number, request).number)
    release()
    promised = payments_of(bought.order_id)[-1]
    assert (promised.provider, promised.amount) == ("invoice", Decimal("0.30"))
