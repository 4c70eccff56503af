"""An order's parcels, inside the transactions of those who send them: what is left, what it comes to, what follows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, write
from storefront.core.ids import new_id
from storefront.core.money import ZERO, round_money
from storefront.core.outbox import enqueue_all
from storefront.orders.models import Order, OrderItem, Shipment
from storefront.orders.queries import SHIPPABLE, UNITS_LEFT, units_to_send
from storefront.orders.timeline import record_event


@dataclass(frozen=True, slots=True)
class Sendable:
    """A line as the packers see it. ``total`` is after its discount, ``tax`` is in it or on top."""

    id: uuid.UUID
    product_id: uuid.UUID | None
    name: str
    quantity: int
    shipped: int
    cancelled: int
    total: Decimal
    tax: Decimal
    refunded: int = 0

    @property
    def left(self) -> int:
        """Units that are still to be sent."""
        return units_to_send(self.quantity, self.shipped, self.cancelled, self.refunded)


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """What an order's parcels have to come to, all together. ``gift_card`` is paid already."""

    total: Decimal
    shipping: Decimal
    tax: Decimal
    gift_card: Decimal
    prices_include_tax: bool


def due_for(money: OrderMoney, lines: Sequence[Sendable], units: Mapping[uuid.UUID, int]) -> Decimal:
    """What is due once ``units`` of the lines have been sent: their share of the lines, and the shipping at once.

    Of a line of which a part is sent, that part is rounded; what follows makes up for it, so that all units together
    come to the line's total, and all lines to the order's. What a gift card pays is paid first.
    """
    if not any(units.values()):
        return ZERO
    on_top = not money.prices_include_tax
    goods = ZERO
    for line in lines:
        whole = line.total + (line.tax if on_top else ZERO)
        goods += round_money(whole * units.get(line.id, 0) / line.quantity)
    shipping = money.shipping
    if on_top:
        shipping += money.tax - sum((line.tax for line in lines), ZERO)
    return max(ZERO, goods + shipping - money.gift_card)


def sendable_lines(order_id: uuid.UUID) -> list[Sendable]:
    """The order's lines in their order. The caller has locked the order."""
    item = OrderItem
    rows = session().execute(
        sa.select(
            item.id,
            item.product_id,
            item.name,
            item.quantity,
            item.shipped_quantity,
            item.cancelled_quantity,
            item.total_price,
            item.tax,
            item.refunded_quantity,
        )
        .where(item.order_id == order_id)
        .order_by(item.position, item.id)
    )
    return [Sendable(*row) for row in rows]


def money_of(order_id: uuid.UUID) -> OrderMoney:
    """The amounts of an order."""
    row = session().execute(
        sa.select(
            Order.total_amount,
            Order.shipping_amount,
            Order.tax_amount,
            Order.gift_card_amount,
            Order.prices_include_tax,
        ).where(Order.id == order_id)
    )
    return OrderMoney(*row.one())


def write_parcel(
    order_id: uuid.UUID, units: Mapping[uuid.UUID, int], carrier: str, tracking_number: str, request_key: str
) -> uuid.UUID:
    """Note a parcel that is being prepared; its units are nobody else's from now on. Returns its id."""
    shipment_id = new_id()
    session().execute(
        sa.insert(Shipment).values(
            id=shipment_id,
            order_id=order_id,
            carrier=carrier or None,
            tracking_number=tracking_number or None,
            status="preparing",
            items=[
                {"order_item_id": str(item_id), "quantity": quantity}
                for item_id, quantity in sorted(units.items())
            ],
            request_key=request_key or None,
            created_at=now(),
        )
    )
    return shipment_id


def has_parcels(order_id: uuid.UUID) -> bool:
    """Whether anything of the order was sent, or is being prepared at this moment."""
    living = sa.and_(Shipment.order_id == order_id, Shipment.status != "cancelled")
    return session().scalar(sa.select(Shipment.id).where(living).limit(1)) is not None


def drop_parcel(order_id: uuid.UUID, shipment_id: uuid.UUID, reason: str) -> None:
    """A parcel that was prepared is not sent: its units are free again."""
    waiting = sa.and_(Shipment.id == shipment_id, Shipment.status == "preparing")
    # Without its key: the same form may be sent again.
    if write(sa.update(Shipment).where(waiting).values(status="cancelled", request_key=None)):
        record_event(order_id, "parcel_not_sent", note=reason)


def send_off(order_id: uuid.UUID, shipment_id: uuid.UUID, actor: str) -> None:
    """A prepared parcel leaves: the order's states, its timeline and the shopper's letter follow.

    The caller has locked the order. Nothing happens for a parcel that has left already.
    """
    sent = session().execute(
        sa.update(Shipment)
        .where(Shipment.id == shipment_id, Shipment.status == "preparing")
        .values(status="shipped", shipped_at=now())
        .returning(Shipment.carrier, Shipment.tracking_number)
        .execution_options(synchronize_session=False)
    )
    parcel = sent.one_or_none()
    if parcel is None:
        return
    before, user_id = (
        session().execute(sa.select(Order.status, Order.user_id).where(Order.id == order_id)).one()
    )
    is_whole = is_complete(order_id)
    after = "shipped" if is_whole else "processing"
    write(
        sa.update(Order)
        .where(Order.id == order_id)
        .values(status=after, fulfilment_status="fulfilled" if is_whole else "partial")
    )
    note = " ".join(part for part in (parcel.carrier, parcel.tracking_number) if part)
    kind = "shipped" if is_whole else "parcel_sent"
    record_event(
        order_id,
        kind,
        from_status=before,
        to_status=after,
        actor=actor,
        note=note,
        data={"shipment_id": str(shipment_id)},
    )
    enqueue_all(
        ("mail.parcel_shipped", {"shipment_id": str(shipment_id)}),
        (
            "analytics.event",
            {
                "event_type": "order_shipped",
                "event_id": str(new_id()),
                "occurred_at": now().isoformat(),
                "user_id": str(user_id) if user_id else None,
                "session_id": None,
                "order_id": str(order_id),
            },
        ),
    )


def close_if_complete(order_id: uuid.UUID, actor: str) -> None:
    """A partly sent order of which the rest was given back goes on as if its last parcel had left.

    The caller has locked the order. Nothing happens to any other.
    """
    status, fulfilment = (
        session().execute(sa.select(Order.status, Order.fulfilment_status).where(Order.id == order_id)).one()
    )
    if fulfilment == "partial" and status in SHIPPABLE and is_complete(order_id):
        close(order_id, status, actor)


def close(order_id: uuid.UUID, before: str, actor: str, note: str = "") -> None:
    """Nothing more will be sent of a partly sent order: it is on its way, or has arrived if its parcels have."""
    write(
        sa.update(Order).where(Order.id == order_id).values(status="shipped", fulfilment_status="fulfilled")
    )
    record_event(order_id, "closed", from_status=before, to_status="shipped", actor=actor, note=note)
    under_way = sa.and_(Shipment.order_id == order_id, Shipment.status.in_(["preparing", "shipped"]))
    if not session().scalar(sa.select(sa.exists().where(under_way))):
        write(sa.update(Order).where(Order.id == order_id).values(status="delivered"))
        record_event(order_id, "delivered", from_status="shipped", to_status="delivered", actor=actor)


def is_complete(order_id: uuid.UUID) -> bool:
    """Whether all that will be sent of the order has left."""
    left = sa.exists().where(OrderItem.order_id == order_id, UNITS_LEFT > 0)
    waiting = sa.exists().where(Shipment.order_id == order_id, Shipment.status == "preparing")
    return not session().scalar(sa.select(sa.or_(left, waiting)))
