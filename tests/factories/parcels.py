"""Orders that are to be sent, what staff do with them, and what their books say. Everything is committed."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa

from storefront.cart import services as carts
from storefront.core import outbox
from storefront.core.db import release, session, transaction
from storefront.inventory.queries import stock_differences
from storefront.orders.queries import OrderPage, order_page
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order
from storefront.orders.services import ParcelRequest, bring_up_to_date, place_order, ship_parcel
from storefront.orders.verification import order_differences
from storefront.promotions.verification import promotion_differences
from storefront.returns.verification import return_differences
from tests.factories.buying import fill_cart, make_guest, make_product, order_request
from tests.factories.cards import CardOrder, payment_of
from tests.stripe_server import StripeServer


def order_of_five(
    stripe: StripeServer | None = None,
    *,
    pays: bool = True,
    gift_card: str = "",
    by_gift_card: str = "0",
) -> CardOrder:
    """Three kettles at 9.99 and two mugs at 5.00, 4.90 shipping: 44.87 in all; on invoice, or by card.

    The card has paid, unless it ``pays`` later.
    """
    guest, kettle, mug = make_guest(), make_product("Kettle", "9.99"), make_product("Mug", "5.00")
    fill_cart(guest, (kettle, 3), (mug, 2))
    if gift_card:
        carts.enter_gift_card(guest, gift_card)
    method = "invoice" if stripe is None else "stripe"
    wanted = order_request("44.87", payment_method=method, expected_gift_card=Decimal(by_gift_card))
    placed = place_order(guest, wanted)
    reference = (payment_of(placed.order_id).provider_reference or "") if stripe is not None else ""
    order = CardOrder(guest, kettle, placed.order_id, placed.number, reference)
    return paid(stripe, order) if stripe is not None and pays else order


def paid(stripe: StripeServer, order: CardOrder) -> CardOrder:
    """The same once its card has paid."""
    stripe.pay(order.intent_id)
    assert bring_up_to_date(order.order_id) == "placed"
    release()
    return order


def page(order: CardOrder) -> OrderPage:
    """The order as its shopper sees it."""
    release()
    found = order_page(order.me, order.number)
    release()
    return found


def units(order: CardOrder, *quantities: int) -> dict[uuid.UUID, int]:
    """So many of each of its lines."""
    lines = page(order).lines
    return {line.id: count for line, count in zip(lines, quantities, strict=True) if count}


def ship(staff: uuid.UUID, order: CardOrder, *quantities: int, **values: object) -> uuid.UUID:
    """Send so many of each line; returns the parcel's id."""
    request = ParcelRequest(units(order, *quantities), **values)  # type: ignore[arg-type]
    return ship_parcel(staff, order.number, request).shipment_id


def give(order: CardOrder, *quantities: int, restock: bool = False, **values: object) -> uuid.UUID:
    """Give so many of each line back; returns the refund's id."""
    lines = [
        RefundLine(item_id, count, restock=restock) for item_id, count in units(order, *quantities).items()
    ]
    return refund_order(None, order.number, RefundRequest(lines=lines, **values))  # type: ignore[arg-type]


def letters() -> list[str]:
    """Which letters wait to be written, in their order."""
    with transaction():
        kinds = session().scalars(sa.select(outbox.OutboxEntry.kind).order_by(outbox.OutboxEntry.created_at))
        return [kind for kind in kinds if kind.startswith("mail.")]


def assert_books_balance() -> None:
    """Stock, orders, returns and gift cards say what their ledgers say."""
    session().rollback()
    assert stock_differences() == []
    assert order_differences() == []
    assert return_differences() == []
    assert promotion_differences() == []
