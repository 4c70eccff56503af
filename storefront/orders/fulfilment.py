"""What staff do with an order that is to be sent: parcels, their arrival, the end of it, notes.

Sending is two steps where a card is charged for the parcel: PREPARE (one transaction: permission, locks, the units, the
capture), TAKE (the provider, no transaction open), and then the parcel leaves (``capturing``). Anything else leaves at
once, in the first transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.errors import InvalidInput, NotFound
from storefront.core.money import ZERO
from storefront.inventory.queries import backordered
from storefront.orders.capturing import take
from storefront.orders.changing import end_waiting
from storefront.orders.errors import (
    NotShippable,
    ParcelNotCharged,
    ParcelUndecided,
    ShippedMeanwhile,
    TooManyUnits,
)
from storefront.orders.models import Order, OrderItem, Shipment
from storefront.orders.parcels import (
    Sendable,
    due_for,
    is_complete,
    money_of,
    send_off,
    sendable_lines,
    write_parcel,
)
from storefront.orders.queries import SHIPPABLE, normal_number
from storefront.orders.timeline import record_event
from storefront.payments import services as payments
from storefront.payments.captures import captures_of, open_capture
from storefront.payments.errors import CaptureRefused
from storefront.payments.queries import PaymentRow, payments_at_provider
from storefront.providers.payment_provider import PaymentProviderFailure

PAID_FOR = ("authorised", "paid", "partially_refunded")
"""An order whose money is there, or promised: on invoice it is promised from the beginning."""
_CONSTRAINT = "ck_order_items_shipped_within_quantity"


@dataclass(frozen=True, slots=True)
class ParcelRequest:
    """What goes into a parcel: units by order line.

    ``request_key`` is made with the form: sent twice, it makes one parcel. ``seen_parcels`` is how many the page
    showed. ``charge_all``: charge all of the order that is not charged yet with this parcel, for cards that allow one
    charge only.
    """

    units: Mapping[uuid.UUID, int]
    carrier: str = ""
    tracking_number: str = ""
    request_key: str = ""
    seen_parcels: int | None = None
    charge_all: bool = False


@dataclass(frozen=True, slots=True)
class SentParcel:
    """A parcel on its way. ``charged`` is what its card was charged for it, None where no card is charged now."""

    shipment_id: uuid.UUID
    number: str
    charged: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """An order's row under its lock."""

    id: uuid.UUID
    number: str
    status: str
    payment_status: str
    fulfilment_status: str


def lock_order(number: str) -> LockedOrder:
    """The order with this number, its row locked until the transaction ends. Raises :class:`NotFound`."""
    row = session().execute(
        sa.select(Order.id, Order.order_number, Order.status, Order.payment_status, Order.fulfilment_status)
        .where(Order.order_number == normal_number(number), Order.status != "draft")
        .with_for_update(key_share=True)
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound("order", number)
    return LockedOrder(*found)


def ship_parcel(actor_id: uuid.UUID, number: str, request: ParcelRequest) -> SentParcel:
    """Send units of an order. Where its card is charged by hand, this parcel's part is charged first.

    Raises NotAllowed, NotFound, :class:`NotShippable`, :class:`TooManyUnits`, :class:`ShippedMeanwhile`,
    :class:`CaptureInProgress`, :class:`ParcelNotCharged`: nothing was sent or charged after each of them. After
    :class:`ParcelUndecided` the parcel is being prepared until the provider answers, by the reconcile job.
    """
    try:
        with transaction():
            sent, capture_id = _prepare(actor_id, number, request)
    except IntegrityError as error:  # whoever came another way than this one met the same rule
        if _CONSTRAINT in str(error.orig):
            raise ShippedMeanwhile(normal_number(number)) from None
        raise
    if capture_id is None:
        return sent
    try:
        take(capture_id)
    except CaptureRefused as refusal:
        raise ParcelNotCharged(sent.number, refusal.reason, in_parts=not request.charge_all) from refusal
    except PaymentProviderFailure as failure:
        raise ParcelUndecided(sent.number) from failure
    return sent


def _prepare(actor_id: uuid.UUID, number: str, request: ParcelRequest) -> tuple[SentParcel, uuid.UUID | None]:
    require_permission(actor_id, "orders", "write")
    order = lock_order(number)
    known = _parcel_of(request.request_key, order.id)
    if known is not None:
        return SentParcel(known, order.number), None
    lines = sendable_lines(order.id)
    _check(order, lines, request)
    end_waiting(order.id, "sent")
    actor = f"staff:{actor_id}"
    shipment_id = write_parcel(
        order.id, request.units, request.carrier, request.tracking_number, request.request_key
    )
    record_audit(actor_id, "ship", "order", order.id)
    payment = _promised_by_card(order.id)
    amount, is_final = _amount(order.id, lines, request, payment) if payment else (ZERO, True)
    if not amount or payment is None:
        send_off(order.id, shipment_id, actor)
        if payment is not None and is_complete(order.id):
            payments.ask_to_release(payment)
        return SentParcel(shipment_id, order.number), None
    capture_id = open_capture(
        payment, order.number, amount, is_final=is_final, actor=actor, shipment_id=shipment_id
    )
    return SentParcel(shipment_id, order.number, amount), capture_id


def _promised_by_card(order_id: uuid.UUID) -> PaymentRow | None:
    """The order's own card payment that is not all taken yet; an exchange's is not charged for parcels."""
    promised = [one for one in payments_at_provider(order_id) if one.is_own and one.status == "authorised"]
    return promised[-1] if promised else None


def _parcel_of(request_key: str, order_id: uuid.UUID) -> uuid.UUID | None:
    if not request_key:
        return None
    mine = sa.and_(Shipment.request_key == request_key, Shipment.order_id == order_id)
    return session().scalar(sa.select(Shipment.id).where(mine))


def _check(order: LockedOrder, lines: list[Sendable], request: ParcelRequest) -> None:
    if order.status not in SHIPPABLE:
        raise NotShippable(order.number, "state")
    if order.payment_status not in PAID_FOR:
        raise NotShippable(order.number, "payment")
    living = sa.and_(Shipment.order_id == order.id, Shipment.status != "cancelled")
    if request.seen_parcels is not None:
        there = session().scalar(sa.select(sa.func.count()).select_from(Shipment).where(living))
        if there != request.seen_parcels:
            raise ShippedMeanwhile(order.number)
    known = {line.id: line for line in lines}
    waiting = backordered(order.id)
    if not request.units or any(one < 1 for one in request.units.values()) or set(request.units) - set(known):
        raise NotShippable(order.number, "nothing_left")
    for item_id, wanted in request.units.items():
        line = known[item_id]
        missing = waiting.get(line.product_id, 0) if line.product_id else 0
        there = min(line.left, line.quantity - line.shipped - line.cancelled - missing)
        if wanted > there:
            raise TooManyUnits(line.name, wanted, max(0, there), missing)


def _amount(
    order_id: uuid.UUID, lines: list[Sendable], request: ParcelRequest, payment: PaymentRow
) -> tuple[Decimal, bool]:
    """What the card is charged for this parcel, and whether nothing is to be charged after it."""
    together = {line.id: line.shipped + request.units.get(line.id, 0) for line in lines}
    is_last = all(request.units.get(line.id, 0) >= line.left for line in lines)
    if request.charge_all:
        together = {line.id: line.quantity - line.cancelled for line in lines}
    taken = payment.captured + sum(
        (
            one.amount
            for one in captures_of(order_id)
            if one.payment_id == payment.id and one.status == "pending"
        ),
        ZERO,
    )
    # Of a change that cost more, an earlier payment may have paid the most. What an exchange cost, or a change that was
    # not made, paid for nothing that is in a parcel.
    others = [one for one in payments_at_provider(order_id) if one.is_own and one.id != payment.id]
    elsewhere = sum((one.left for one in others), ZERO)
    due = min(due_for(money_of(order_id), lines, together) - elsewhere, payment.amount)
    return max(ZERO, due - taken), is_last or request.charge_all


def mark_delivered(actor_id: uuid.UUID, number: str, shipment_id: uuid.UUID) -> None:
    """A parcel has arrived; with the last one the order has. Raises NotAllowed and :class:`NotFound`.

    Nothing happens for a parcel that has arrived before.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        order = lock_order(number)
        parcel = session().execute(
            sa.select(Shipment.status, Shipment.items).where(
                Shipment.id == shipment_id, Shipment.order_id == order.id
            )
        )
        found = parcel.one_or_none()
        if found is None or found.status not in ("shipped", "delivered"):
            raise NotFound("parcel", str(shipment_id))
        if found.status == "delivered":
            return
        write(
            sa.update(Shipment)
            .where(Shipment.id == shipment_id)
            .values(status="delivered", delivered_at=now())
        )
        for item in found.items:
            write(
                sa.update(OrderItem)
                .where(OrderItem.id == uuid.UUID(item["order_item_id"]))
                .values(delivered_quantity=OrderItem.delivered_quantity + item["quantity"])
            )
        record_audit(actor_id, "deliver", "order", order.id)
        _arrived(order, shipment_id, f"staff:{actor_id}")


def _arrived(order: LockedOrder, shipment_id: uuid.UUID, actor: str) -> None:
    under_way = sa.and_(Shipment.order_id == order.id, Shipment.status.in_(["preparing", "shipped"]))
    is_last = order.status == "shipped" and not session().scalar(sa.select(sa.exists().where(under_way)))
    if is_last:
        write(sa.update(Order).where(Order.id == order.id).values(status="delivered"))
    record_event(
        order.id,
        "delivered" if is_last else "parcel_delivered",
        from_status=order.status,
        to_status="delivered" if is_last else order.status,
        actor=actor,
        data={"shipment_id": str(shipment_id)},
    )


def add_note(actor_id: uuid.UUID, number: str, text: str) -> None:
    """Write something on the order that staff alone read. Raises NotAllowed, NotFound and :class:`InvalidInput`."""
    if not text.strip():
        raise InvalidInput("note", "There is nothing to note.")
    with transaction():
        require_permission(actor_id, "orders", "write")
        order = lock_order(number)
        record_event(order.id, "staff_note", actor=f"staff:{actor_id}", note=text.strip()[:2_000])
