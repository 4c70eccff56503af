"""Orders that have arrived, and what staff do with their money. Everything is committed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from storefront.cart import services as carts
from storefront.core.db import session, transaction, write
from storefront.core.identity import Identity
from storefront.orders.models import Order, OrderItem
from storefront.orders.money import capture_payment
from storefront.orders.services import place_order
from storefront.orders.timeline import record_event
from tests.factories.accounts import make_staff
from tests.factories.buying import fill_cart, make_guest, make_product, order_request


@dataclass(frozen=True, slots=True)
class Bought:
    """An order somebody placed as a guest, whose lines have the ids in ``items``."""

    me: Identity
    order_id: uuid.UUID
    number: str
    items: tuple[uuid.UUID, ...]


def buy(
    total: str, *lines: tuple[uuid.UUID, int], paid: bool = True, gift_card: str = "", by_card: str = "0"
) -> Bought:
    """A guest's order over ``lines``, on invoice; ``by_card`` of it is paid by the gift card with that code."""
    guest = make_guest()
    fill_cart(guest, *lines)
    if gift_card:
        carts.enter_gift_card(guest, gift_card)
    placed = place_order(guest, order_request(total, expected_gift_card=Decimal(by_card)))
    if paid and Decimal(by_card) < Decimal(total):
        capture_payment(placed.number)
    items = session().scalars(
        sa.select(OrderItem.id).where(OrderItem.order_id == placed.order_id).order_by(OrderItem.position)
    )
    me = Identity(None, guest.session_id, frozenset({placed.order_id}))
    return Bought(me, placed.order_id, placed.number, tuple(items))


def buy_kettles(units: int = 3, *, paid: bool = True) -> tuple[Bought, uuid.UUID]:
    """Three kettles at 30.00 (their shipping is free), and the kettle."""
    kettle = make_product("Kettle", "30.00", stock=20)
    return buy(f"{units * 30}.00", (kettle, units), paid=paid), kettle


def deliver(order_id: uuid.UUID, *, at: datetime | None = None) -> None:
    """Everything of the order has arrived."""
    with transaction():
        write(
            sa.update(Order)
            .where(Order.id == order_id)
            .values(status="delivered", fulfilment_status="fulfilled")
        )
        write(
            sa.update(OrderItem)
            .where(OrderItem.order_id == order_id)
            .values(delivered_quantity=OrderItem.quantity)
        )
        record_event(order_id, "delivered")
    if at is not None:
        with transaction():
            # The timeline is append only: its time is set by whoever writes it.
            session().execute(
                sa.text(
                    "INSERT INTO shipments (order_id, status, delivered_at) VALUES (:order_id, 'delivered', :at)"
                ).bindparams(order_id=order_id, at=at)
            )


def staff_id(role: str = "manager") -> uuid.UUID:
    """Somebody who may give money back."""
    return make_staff(role).id


def kettle_sizes(
    prices: tuple[str, ...] = ("30.00", "30.00", "36.00", "25.00"), stock: int = 10
) -> list[uuid.UUID]:
    """A kettle in sizes, ten of each."""
    parent = make_product("Kettle", stock=0)
    return [
        make_product(f"Kettle, size {size}", price, stock, parent_id=parent, options={"Size": str(size)})
        for size, price in enumerate(prices, 1)
    ]


__all__ = ["Bought", "buy", "buy_kettles", "deliver", "kettle_sizes", "staff_id"]
