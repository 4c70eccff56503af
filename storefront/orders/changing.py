"""Changing an order of which nothing was sent: where it goes, what it holds, how it is paid.

What costs nothing more is changed at once, in one transaction under the order's lock: amounts, stock, promotions and
payment together. What a card has to pay first is written down, its goods are held, and it is changed when the card has
paid (``change_payments``). Whoever cancels or sends the order in between has won: the card is let go of.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.ids import new_secret
from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.orders.change_pricing import Repriced, reprice
from storefront.orders.change_refunds import open_refunds
from storefront.orders.changeable import CurrentOrder, WantedChange, current_order
from storefront.orders.concessions import Concessions
from storefront.orders.drafts import announce, head_of, record_event
from storefront.orders.errors import OrderNotChangeable, TotalChanged
from storefront.orders.models import Order, OrderChange, OrderItem
from storefront.orders.parcels import has_parcels
from storefront.orders.queries import is_changeable, normal_number, visible_to
from storefront.payments import changing as change_payments
from storefront.payments import refunds
from storefront.payments import services as payments
from storefront.payments.captures import pending_captures
from storefront.payments.cards import CARDS
from storefront.payments.errors import PaymentDeclined, UnknownPaymentMethod
from storefront.payments.methods import GIFT_CARD
from storefront.payments.queries import PaymentRow, payment_row, payments_of
from storefront.promotions import services as promotions

Way = Literal["none", "owe", "back", "pay"]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change comes to. ``way``: nothing is paid now, another amount is owed, money goes back, or a card pays."""

    before: CurrentOrder
    after: Repriced
    way: Way
    amount: Decimal

    @property
    def difference(self) -> Decimal:
        """How much more the order costs."""
        return self.after.totals.total - self.before.total

    @property
    def changes_nothing(self) -> bool:
        """Whether the order is like that already."""
        before, after = self.before, self.after
        lines = tuple((line.id, line.product_id, line.quantity) for line in before.lines)
        wanted = tuple((key, line.product_id, line.quantity) for key, line, _totals in after.lines)
        return (
            lines == wanted
            and before.shipping_address == after.wanted.shipping_address
            and before.shipping_method == after.wanted.shipping_method
            and before.payment_method == after.wanted.payment_method
        )


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """The order that was changed; with ``needs_shopper`` it will be once they have paid in their browser."""

    order_id: uuid.UUID
    number: str
    needs_shopper: bool = False


def quote_change(identity: Identity | None, number: str, wanted: WantedChange) -> Quote:
    """What a change would come to, for its shopper, or for staff (None). Nothing is changed. Raises as the change."""
    order = _order(identity, number)
    return _quote(order, wanted, payments_of(order.id))


def change_order(
    identity: Identity, number: str, wanted: WantedChange, expected_total: Decimal
) -> ChangedOrder:
    """Change this person's order, or begin the payment that it needs first. ``expected_total`` is what the page showed.

    Raises :class:`NotFound`, also for somebody else's order, :class:`OrderNotChangeable`, :class:`TotalChanged`,
    :class:`InsufficientStock`, ``ProductNotSold``, ``MethodUnavailable``, ``UnknownPaymentMethod``,
    ``PromotionUsedUp`` and ``PaymentDeclined``: after each of them the order is as it was. After
    ``PaymentProviderFailure`` the change waits for its card and may be asked for again; where money goes back, the
    order is changed and a job asks for the refund again.
    """
    with transaction():
        quote = _agreed(_order(identity, number, lock=True), wanted, expected_total)
        if quote.way == "pay":
            change_id = _begin(quote, new_secret(), "shopper")
        else:
            refund_ids = _apply_now(quote, "shopper")
    if quote.way == "pay":
        return _ask_for_payment(quote, change_id)
    for refund_id in refund_ids:
        refunds.send_refund(refund_id)
    return ChangedOrder(quote.before.id, quote.before.number)


def change_for_shopper(
    actor_id: uuid.UUID, number: str, wanted: WantedChange, expected_total: Decimal
) -> ChangedOrder:
    """Staff change an order. What its card has to pay more for they cannot: :class:`OrderNotChangeable` (``card``).

    Raises NotAllowed, else as :func:`change_order`.
    """
    with transaction():
        require_permission(actor_id, "orders", "write")
        quote = _agreed(_order(None, number, lock=True), wanted, expected_total)
        if quote.way == "pay":
            raise OrderNotChangeable(quote.before.number, "card")
        refund_ids = _apply_now(quote, f"staff:{actor_id}")
        record_audit(actor_id, "change", "order", quote.before.id)
    for refund_id in refund_ids:
        refunds.send_refund(refund_id)
    return ChangedOrder(quote.before.id, quote.before.number)


def _order(identity: Identity | None, number: str, *, lock: bool = False) -> CurrentOrder:
    which = Order.order_number == normal_number(number)
    if identity is not None:
        which = sa.and_(which, visible_to(identity))
    order = current_order(which, lock=lock)
    if order is None:
        raise NotFound("order", number)
    check_changeable(order)
    return order


def check_changeable(order: CurrentOrder) -> None:
    """Raise :class:`OrderNotChangeable` for an order of which something was sent, or that is over."""
    may = is_changeable(order.status, order.fulfilment_status, order.payment_status)
    if order.is_imported or not may or has_parcels(order.id) or pending_captures(order_id=order.id):
        raise OrderNotChangeable(order.number, "state")
    if order.refunded:  # of its lines: what they become must not be less than what went back
        raise OrderNotChangeable(order.number, "paid")


def _agreed(order: CurrentOrder, wanted: WantedChange, expected_total: Decimal) -> Quote:
    quote = _quote(order, wanted, payments_of(order.id))
    now_total = quote.after.totals.total
    if now_total != expected_total:
        raise TotalChanged(expected_total, now_total, order.currency)
    return quote


def _quote(order: CurrentOrder, wanted: WantedChange, rows: list[PaymentRow]) -> Quote:
    after = reprice(order, wanted)
    to_pay = max(ZERO, after.totals.total - order.gift_card)
    own = [row for row in rows if not row.is_for_change and row.status not in ("cancelled", "failed")]
    method = wanted.payment_method
    taken = sum((row.left for row in own if row.status != "authorised"), ZERO)
    if any(row.status == "authorised" and row.captured for row in own):
        raise OrderNotChangeable(order.number, "paid")
    if taken:
        if method != order.payment_method or (method != CARDS.code and taken != to_pay):
            raise OrderNotChangeable(order.number, "paid")
        if taken == to_pay:
            return Quote(order, after, "none", ZERO)
        return Quote(order, after, "back" if taken > to_pay else "pay", abs(to_pay - taken))
    if method == GIFT_CARD.code and to_pay:
        raise UnknownPaymentMethod(method)
    promised = sum((row.amount for row in own if row.provider == CARDS.code), ZERO)
    if method == CARDS.code and to_pay > promised:
        return Quote(order, after, "pay", to_pay)
    return Quote(order, after, "none" if after.totals.total == order.total else "owe", to_pay)


def _apply_now(quote: Quote, actor: str) -> list[uuid.UUID]:
    """Change the order in the caller's transaction; returns refunds that are to be sent after it."""
    order = quote.before
    if quote.changes_nothing:
        return []
    lock_goods(quote)
    end_waiting(order.id, "replaced")
    apply_change(quote, actor)
    rows = [row for row in payments_of(order.id) if not row.is_for_change]
    if quote.way == "back":
        return open_refunds(order.id, order.number, quote.amount, "order changed")
    to_pay = max(ZERO, quote.after.totals.total - order.gift_card)
    method = quote.after.wanted.payment_method
    own = [row for row in rows if row.status in ("pending", "authorised", "failed")]
    if method == order.payment_method and own and own[-1].status == "authorised":
        payments.promise(own[-1].id, to_pay)
    elif method != order.payment_method:
        for row in own:
            change_payments.drop_payment(row, "order changed")
        change_payments.promise_later(order.id, method, to_pay, order.currency)
        failed = sa.and_(Order.id == order.id, Order.payment_status.in_(["pending", "failed"]))
        write(sa.update(Order).where(failed).values(payment_status="authorised"))
    return []


def apply_change(quote: Quote, actor: str) -> None:
    """Write the changed order: lines, amounts, stock, promotions, gift card; its timeline and letter follow.

    The caller has locked the order and sees to its payment. Raises :class:`InsufficientStock` and ``PromotionUsedUp``.
    """
    order, after = quote.before, quote.after
    _move_stock(order, after)
    promotions.change_uses(order.id, after.customer, after.reductions.applied)
    gift_card = min(order.gift_card, after.totals.total)
    if gift_card < order.gift_card:
        promotions.lower_gift_card_part(order.id, order.gift_card - gift_card)
    _write_lines(order, after)
    totals = after.totals
    write(
        sa.update(Order)
        .where(Order.id == order.id)
        .values(
            subtotal=totals.subtotal,
            discount_amount=totals.discount,
            shipping_amount=totals.shipping,
            tax_amount=totals.tax,
            tax_treatment=totals.treatment,
            shipping_tax=totals.shipping_tax,
            shipping_tax_rate=totals.shipping_tax_rate,
            total_amount=totals.total,
            prices_include_tax=totals.prices_include_tax,
            gift_card_amount=gift_card,
            shipping_address=after.wanted.shipping_address.stored(),
            shipping_method=after.wanted.shipping_method,
            payment_method=after.wanted.payment_method,
            reductions=Concessions(after.customer, after.reductions).stored(),
        )
    )
    note = f"{order.total} → {totals.total} {order.currency}" if quote.difference else ""
    record_event(order.id, "changed", actor=actor, note=note, data={"parts": _parts(quote)})
    announce("order_changed", order.id, user_id=order.user_id, session_id=None)


def lock_goods(quote: Quote) -> None:
    """Lock all that the change may touch in one order: two that swap variants must not wait for each other."""
    held = inventory.held_for(quote.before.id)
    inventory.lock_products([*held, *quote.before.units, *quote.after.units])


def _parts(quote: Quote) -> list[str]:
    """Which parts of the order are others now, for its timeline."""
    before, wanted = quote.before, quote.after.wanted
    parts = {
        "address": before.shipping_address != wanted.shipping_address,
        "shipping": before.shipping_method != wanted.shipping_method,
        "payment": before.payment_method != wanted.payment_method,
        "lines": before.units != quote.after.units,
    }
    return [name for name, differs in parts.items() if differs]


def _move_stock(order: CurrentOrder, after: Repriced) -> None:
    more, less = stock_difference(order.units, after.units)
    if less:
        inventory.cancel_sale(order.id, less, note="order changed")
    if more:
        inventory.take(order.id, more)


def stock_difference(
    before: Mapping[uuid.UUID, int], after: Mapping[uuid.UUID, int]
) -> tuple[dict[uuid.UUID, int], dict[uuid.UUID, int]]:
    """Which units the change needs more, and which less, by product."""
    steps = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    more = {key: step for key, step in steps.items() if step > 0}
    return more, {key: -step for key, step in steps.items() if step < 0}


def _write_lines(order: CurrentOrder, after: Repriced) -> None:
    gone = [line.id for line in order.lines if line.id not in after.kept]
    write(sa.delete(OrderItem).where(OrderItem.id.in_(gone)))
    same = {line.id: line.product_id for line in order.lines}
    for item_id, line, amounts in after.lines:
        values: dict[str, Any] = {
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount": amounts.discount,
            "tax_rate": amounts.tax_rate,
            "tax": amounts.tax,
            "total_price": amounts.total,
        }
        if same[item_id] != line.product_id:
            image = line.image
            values |= {
                "product_id": line.product_id,
                "name": line.name,
                "sku": line.sku,
                "options": dict(line.options),
                "image": image
                and {"key": image.key, "alt": image.alt, "width": image.width, "height": image.height},
            }
        write(sa.update(OrderItem).where(OrderItem.id == item_id).values(**values))


def _begin(quote: Quote, key: str, actor: str) -> uuid.UUID:
    """Write down a change that a card pays first, and hold its goods; returns its payment's id."""
    order, after = quote.before, quote.after
    lock_goods(quote)
    end_waiting(order.id, "replaced")
    more, _less = stock_difference(order.units, after.units)
    waiting_for = inventory.held_for(order.id)
    rows = inventory.lock_products(more)
    for product_id, wanted in sorted(more.items()):
        row = rows.get(product_id)
        if row is None or row.available < wanted:
            raise InsufficientStock(product_id, row.name if row else "", wanted, row.available if row else 0)
    holds = {key: wanted for key, wanted in more.items() if key not in waiting_for}
    if holds:
        expires_at = now() + timedelta(minutes=current_settings().reservation_minutes)
        inventory.hold(holds, order_id=order.id, expires_at=expires_at)
    payment_id = change_payments.open_change_payment(
        order.id, CARDS.code, quote.amount, order.currency, f"change-{key}"
    )
    is_new = quote.amount == max(ZERO, after.totals.total - order.gift_card)
    session().execute(
        sa.insert(OrderChange).values(
            order_id=order.id,
            payment_id=payment_id,
            wanted=after.wanted.stored(),
            expected_total=after.totals.total,
            replaces_payment=is_new,
            actor=actor,
            created_at=now(),
        )
    )
    return payment_id


def _ask_for_payment(quote: Quote, payment_id: uuid.UUID) -> ChangedOrder:
    with transaction():
        row = payment_row(payment_id)
    try:
        answer = payments.authorise(
            row.id, CARDS.code, row.amount, row.currency, row.idempotency_key or "", quote.before.number
        )
    except PaymentDeclined:
        with transaction():
            head_of(row.order_id, lock=True)
            end_waiting(row.order_id, "declined")
        raise
    change_payments.record_change_reference(row.id, answer.reference)
    return ChangedOrder(quote.before.id, quote.before.number, needs_shopper=True)


def end_waiting(order_id: uuid.UUID, reason: str) -> None:
    """Give up the order's change that waits for its card, in the caller's transaction; both are let go of.

    The caller has locked the order. Nothing happens where none waits.
    """
    payment_id = session().scalar(
        sa.update(OrderChange)
        .where(OrderChange.order_id == order_id, OrderChange.status == "waiting")
        .values(status="ended", wanted={})
        .returning(OrderChange.payment_id)
        .execution_options(synchronize_session=False)
    )
    if payment_id is None:
        return
    inventory.release_holds(order_id)
    row = payment_row(payment_id)
    change_payments.drop_payment(row, reason)
