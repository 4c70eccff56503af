"""The draft of an order, as the steps of placing and settling it need it; and how it is given up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.money import ZERO
from storefront.core.statements import first, rows
from storefront.inventory import services as inventory
from storefront.orders.models import Order, OrderItem
from storefront.orders.timeline import record_event
from storefront.payments import services as payments
from storefront.promotions import services as promotions


@dataclass(frozen=True, slots=True)
class Draft:
    """An order's head, as the steps of placing and settling it need it. ``gift_card`` is paid already."""

    id: uuid.UUID
    number: str
    status: str
    cart_id: uuid.UUID | None
    user_id: uuid.UUID | None
    payment_method: str
    total: Decimal
    currency: str
    idempotency_key: str
    gift_card: Decimal = ZERO

    @property
    def to_pay(self) -> Decimal:
        """What the payment method is asked for."""
        return self.total - self.gift_card


@cache
def _heads() -> Any:
    return sa.select(
        Order.id,
        Order.order_number,
        Order.status,
        Order.cart_id,
        Order.user_id,
        sa.func.coalesce(Order.payment_method, ""),
        Order.total_amount,
        Order.currency,
        sa.func.coalesce(Order.idempotency_key, ""),
        Order.gift_card_amount,
    )


def drafts_for(idempotency_key: str, cart_id: uuid.UUID | None) -> tuple[Draft | None, Draft | None]:
    """The order that was started under this key, in whatever state, and the unfinished one of this cart.

    The caller has locked the cart, so nobody starts another one meanwhile.
    """
    found = [Draft(*row) for row in rows(_drafts_statement(), {"key": idempotency_key, "cart_id": cart_id})]
    known = next((one for one in found if one.idempotency_key == idempotency_key), None)
    return known, next((one for one in found if one.cart_id == cart_id and one.status == "draft"), None)


@cache
def _drafts_statement() -> Any:
    with_key = Order.idempotency_key == sa.bindparam("key")
    of_cart = Order.cart_id == sa.bindparam("cart_id", type_=sa.Uuid())
    return _heads().where(sa.or_(with_key, sa.and_(of_cart, Order.status == "draft")))


def head_of(order_id: uuid.UUID, *, lock: bool = False) -> Draft:
    """The order's head, with ``lock`` its row locked until the transaction ends. Raises :class:`NotFound`."""
    row = first(_head_statement(lock=lock), {"order_id": order_id})
    if row is None:
        raise NotFound("order", str(order_id))
    return Draft(*row)


@cache
def _head_statement(*, lock: bool) -> Any:
    query = _heads().where(Order.id == sa.bindparam("order_id", type_=sa.Uuid()))
    return query.with_for_update(key_share=True) if lock else query


def lines_of(order_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """The order's units by product; lines whose product was removed for good are left out."""
    units: dict[uuid.UUID, int] = {}
    for product_id, quantity in rows(_units_statement(), {"order_id": order_id}):
        if product_id is not None:
            units[product_id] = units.get(product_id, 0) + quantity
    return units


@cache
def _units_statement() -> sa.Select[Any]:
    of_order = OrderItem.order_id == sa.bindparam("order_id", type_=sa.Uuid())
    columns: tuple[Any, ...] = (OrderItem.product_id, OrderItem.quantity)
    return sa.select(*columns).where(of_order, OrderItem.product_id.is_not(None))


def abandon(order_id: uuid.UUID, reason: str) -> bool:
    """Give up an unfinished order: cancelled, what it holds released, payment closed. False when it is finished.

    ``reason`` is for staff, one of ``replaced``, ``declined``, ``out_of_stock``, ``expired``, ``left``,
    ``paid_otherwise``.
    """
    with transaction():
        draft = head_of(order_id, lock=True)
        if draft.status not in ("draft", "pending"):
            return False
        session().execute(
            sa.update(Order)
            .where(Order.id == order_id)
            .values(status="cancelled", payment_status="cancelled", cancelled_at=now(), cancel_reason=reason)
            .execution_options(synchronize_session=False)
        )
        inventory.release_order(order_id)
        promotions.release_order(order_id)
        payments.cancel_payments(order_id, reason)
        record_event(order_id, "abandoned", from_status=draft.status, to_status="cancelled", note=reason)
    return True
