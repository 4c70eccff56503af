"""Changing an order of which nothing was sent: where it goes, what it holds, how it is paid.

What costs nothing more is changed at once, in one transaction under the order's lock: amounts, stock, promotions and
payment together. What a card has to pay first is written down, its goods are held, and it is changed when the card has
paid (``change_payments``). Whoever cancels or sends the order in between has won: the card is let go of.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.ids import new_secret
from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.orders.change_quotes import Quote, quoted
from storefront.orders.change_refunds import open_refunds
from storefront.orders.change_writing import apply_change, lock_goods, stock_difference
from storefront.orders.changeable import CurrentOrder, WantedChange, current_order
from storefront.orders.drafts import head_of
from storefront.orders.errors import OrderNotChangeable, TotalChanged
from storefront.orders.models import Order, OrderChange
from storefront.orders.parcels import has_parcels
from storefront.orders.queries import is_changeable, normal_number, visible_to
from storefront.orders.refund_settling import set_payment_status
from storefront.payments import changing as change_payments
from storefront.payments import refunds
from storefront.payments import services as payments
from storefront.payments.captures import pending_captures
from storefront.payments.cards import CARDS
from storefront.payments.errors import PaymentDeclined
from storefront.payments.methods import FREE
from storefront.payments.queries import payment_row, payments_of


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """The order that was changed; with ``needs_shopper`` it will be once they have paid in their browser."""

    order_id: uuid.UUID
    number: str
    needs_shopper: bool = False


def quote_change(identity: Identity | None, number: str, wanted: WantedChange) -> Quote:
    """What a change would come to, for its shopper, or for staff (None). Nothing is changed. Raises as the change."""
    order = _order(identity, number)
    return quoted(order, wanted, payments_of(order.id))


def change_order(
    identity: Identity, number: str, wanted: WantedChange, expected_total: Decimal
) -> ChangedOrder:
    """Change this person's order, or begin the payment that it needs first. ``expected_total`` is what the page showed.

    Raises :class:`NotFound`, also for somebody else's order, :class:`OrderNotChangeable`, :class:`TotalChanged`,
    :class:`InsufficientStock`, ``ProductNotSold``, ``MethodUnavailable``, ``UnknownPaymentMethod``,
    ``AmountTooSmall``, ``PromotionUsedUp`` and ``PaymentDeclined``: after each of them the order is as it was. After
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
    quote = quoted(order, wanted, payments_of(order.id))
    now_total = quote.after.totals.total
    if now_total != expected_total:
        raise TotalChanged(expected_total, now_total, order.currency)
    return quote


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
        _pay_otherwise(order, method, to_pay)
    return []


def _pay_otherwise(order: CurrentOrder, method: str, to_pay: Decimal) -> None:
    """The order is paid another way from now on, without a card."""
    if to_pay:
        change_payments.promise_later(order.id, method, to_pay, order.currency)
    else:
        change_payments.nothing_to_pay(order.id, method, order.currency)
    is_free = method == FREE.code
    before = ("pending", "failed", "authorised") if is_free else ("pending", "failed")
    set_payment_status(order.id, "paid" if is_free else "authorised", before)


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
