"""The goods are here: on the shelf or not, then the money goes back or the replacement goes out, once."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from decimal import Decimal

import sqlalchemy as sa
import structlog

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.clock import now
from storefront.core.db import release, session, transaction, write
from storefront.core.money import ZERO
from storefront.inventory import services as inventory
from storefront.orders import services as orders
from storefront.orders.models import Order, OrderItem, OrderRefund
from storefront.orders.payment_letters import tell_received
from storefront.orders.queries_for_refunds import refundable
from storefront.orders.refund_goods import RefundLine, units_to_send_of
from storefront.orders.refunding import Destination, RefundRequest
from storefront.orders.timeline import record_event
from storefront.payments import services as payments
from storefront.payments.changing import is_not_on_top
from storefront.payments.queries import payment_row
from storefront.returns.errors import DifferenceUnpaid, ReturnChangedMeanwhile
from storefront.returns.models import Return, ReturnItem
from storefront.returns.queries import ReturnView, staff_return
from storefront.returns.services.deciding import replacements_of
from storefront.returns.services.steps import locked, move

log = structlog.get_logger(__name__)
_BATCH = 100


def receive_return(actor_id: uuid.UUID, number: str, restocked: Collection[uuid.UUID]) -> None:
    """The goods have come; the lines in ``restocked`` are as good as new and go on the shelf.

    Raises NotAllowed, ``NotFound`` and :class:`ReturnChangedMeanwhile`.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        move(one, "received", actor=f"staff:{actor_id}")
        units: dict[uuid.UUID, int] = {}
        for line in one.lines:
            is_good = line.item_id in restocked and line.product_id is not None
            write(
                sa.update(ReturnItem)
                .where(ReturnItem.return_id == one.id, ReturnItem.order_item_id == line.item_id)
                .values(restocked=is_good)
            )
            if is_good and line.product_id is not None:
                units[line.product_id] = units.get(line.product_id, 0) + line.quantity
        inventory.give_back(
            one.order_id,
            units,
            sold_elsewhere=_sold_elsewhere(one.order_id),
            to_send=units_to_send_of(refundable(one.order_number)),
            user_id=actor_id,
            note=f"return {one.number}",
        )
        record_audit(actor_id, "receive", "return", one.id)


def complete_return(
    actor_id: uuid.UUID,
    number: str,
    *,
    kept: Decimal = ZERO,
    shipping: Decimal = ZERO,
    expected: Decimal | None = None,
) -> None:
    """Give back what was paid for the goods, less what is ``kept`` for wear, with ``shipping`` where that is due.

    ``expected`` is what had gone back of the order on the page. Nothing is sent where nothing is left to give back.
    Raises NotAllowed, ``NotFound``, :class:`ReturnChangedMeanwhile` and as ``refund_order``.
    """
    with transaction():
        require_permission(actor_id, "orders", "refund")
        one = locked(number)
        if one.status != "received" or one.is_exchange:
            raise ReturnChangedMeanwhile(one.number, one.status)
        lines = _still_to_refund(one)
    if lines or shipping:
        destination: Destination = "gift_card" if one.payment_method == "gift_card" else "original"
        orders.refund_order(
            actor_id,
            one.order_number,
            RefundRequest(
                lines=lines,
                shipping=shipping,
                adjustment=-kept,
                reason=f"Return {one.number}",
                destination=destination,
                seen=expected,
                return_id=one.id,
            ),
        )
    _finish(one.number)


def _still_to_refund(one: ReturnView) -> list[RefundLine]:
    """The lines whose units were not given back by hand meanwhile; none where all of them cost nothing."""
    left = {line.id: line for line in refundable(one.order_number).lines}
    wanted = {
        line.item_id: min(line.quantity, left[line.item_id].charged)
        for line in one.lines
        if line.item_id in left
    }
    if not any(left[item_id].left.amount for item_id in wanted):
        return []
    return [RefundLine(item_id, quantity) for item_id, quantity in wanted.items() if quantity]


def ship_replacement(actor_id: uuid.UUID, number: str, carrier: str, tracking_number: str) -> None:
    """Send the replacement: its stock is taken, and what it costs less goes back.

    Raises NotAllowed, ``NotFound``, :class:`ReturnChangedMeanwhile`, :class:`DifferenceUnpaid` while a card has to pay
    first, and as ``refund_order``.
    """
    with transaction():
        require_permission(actor_id, "orders", "refund" if _costs_less(number) else "write")
        one = locked(number)
        if one.status != "received" or not one.is_exchange:
            raise ReturnChangedMeanwhile(one.number, one.status)
        if one.awaits_card:
            raise DifferenceUnpaid(one.number, one.price_difference, one.currency)
        if one.shipped_at is None:
            inventory.take_held(one.id, replacements_of(one), order_id=one.order_id)
            write(
                sa.update(Return)
                .where(Return.id == one.id)
                .values(carrier=carrier, tracking_number=tracking_number, shipped_at=now())
            )
            if one.payment_id is not None:
                is_not_on_top(one.payment_id)
            record_event(one.order_id, "replacement_shipped", actor=f"staff:{actor_id}", note=one.number)
            record_audit(actor_id, "ship", "return", one.id)
    if one.price_difference < 0:
        _give_difference_back(actor_id, one)
    _finish(one.number)


def _costs_less(number: str) -> bool:
    return staff_return(number).price_difference < 0


def _give_difference_back(actor_id: uuid.UUID, one: ReturnView) -> None:
    """On the lines that became cheaper, and never more than is left of them."""
    left = {line.id: line.left.amount for line in refundable(one.order_number).lines}
    missing, lines = -one.price_difference, []
    for line in one.lines:
        part = min(missing, max(-line.price_difference, ZERO), left.get(line.item_id, ZERO))
        if part:
            lines.append(RefundLine(line.item_id, amount=part))
            missing -= part
    if not lines:
        return
    destination: Destination = "gift_card" if one.payment_method == "gift_card" else "original"
    request = RefundRequest(
        lines=lines, reason=f"Exchange {one.number}", destination=destination, return_id=one.id
    )
    orders.refund_order(actor_id, one.order_number, request)


def record_difference_paid(actor_id: uuid.UUID, number: str) -> None:
    """Somebody has seen the money for a dearer replacement.

    Raises NotAllowed, ``NotFound`` and :class:`ReturnChangedMeanwhile`, also when it was recorded before.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        one = locked(number)
        payment = payment_row(one.payment_id) if one.payment_id is not None else None
        # A refund may have lowered what is asked for, or left nothing of it.
        if payment is None or not payment.is_open_promise:
            raise ReturnChangedMeanwhile(one.number, one.status)
        payments.record_capture(payment.id, payment.amount)
        record_event(
            one.order_id,
            "difference_paid",
            actor=f"staff:{actor_id}",
            note=f"{one.number}: {payment.amount}",
        )
        tell_received(payment, payment.amount - payment.captured, is_all=True)
        record_audit(actor_id, "capture", "return", one.id)


def settle_returns() -> int:
    """Finish returns whose process died between the money and the last step; returns how many. Run by a job."""
    given = sa.select(OrderRefund.id).where(
        OrderRefund.return_id == Return.id, OrderRefund.status == "succeeded"
    )
    waiting = session().scalars(
        sa.select(Return.number).where(Return.status == "received", given.exists()).limit(_BATCH)
    )
    done = 0
    for number in waiting.all():
        release()
        try:
            done += _finish(number)
        except Exception:  # whatever is wrong with this one, those behind it are settled
            log.exception("return_not_settled", number=number)
            release()
    return done


def _finish(number: str) -> bool:
    """Close the return when its money has gone back (or none had to) and its replacement is out."""
    with transaction():
        one = locked(number)
        money = session().scalars(
            sa.select(OrderRefund.status).where(
                OrderRefund.return_id == one.id, OrderRefund.status != "failed"
            )
        )
        is_waiting = any(status == "pending" for status in money)
        if one.status != "received" or is_waiting or (one.is_exchange and one.shipped_at is None):
            return False
        move(one, "completed", actor="system")
        if not one.is_exchange:
            _mark_returned(one.order_id)
    return True


def _mark_returned(order_id: uuid.UUID) -> None:
    """An order of which everything that was sent has come back says so."""
    back = (
        sa.select(sa.func.coalesce(sa.func.sum(ReturnItem.quantity), 0))
        .join(Return, Return.id == ReturnItem.return_id)
        .where(Return.order_id == order_id, Return.kind == "return", Return.status == "completed")
    )
    wanted = OrderItem.quantity - OrderItem.cancelled_quantity
    bought = sa.select(sa.func.sum(wanted)).where(OrderItem.order_id == order_id)
    if session().scalar(back) == session().scalar(bought):
        write(
            sa.update(Order)
            .where(Order.id == order_id, Order.fulfilment_status.in_(["partial", "fulfilled"]))
            .values(fulfilment_status="returned")
        )


def _sold_elsewhere(order_id: uuid.UUID) -> dict[uuid.UUID, int] | None:
    """The units of an order out of another shop's books, by product; None for one of ours."""
    rows = (
        session()
        .execute(
            sa.select(OrderItem.product_id, sa.func.sum(OrderItem.quantity))
            .join(Order, Order.id == OrderItem.order_id)
            .where(
                OrderItem.order_id == order_id,
                Order.external_id.is_not(None),
                OrderItem.product_id.is_not(None),
            )
            .group_by(OrderItem.product_id)
        )
        .all()
    )
    return {product_id: int(units) for product_id, units in rows if product_id is not None} or None
