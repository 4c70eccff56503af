"""Giving money back by line: decided and written down under the order's lock, sent without one, settled afterwards.

A decision (``order_refunds``) counts from the moment it is written: checks in the database refuse whatever would go
beyond what was paid for a line or for the whole. What is still to be paid is asked for less; what a payment took goes
back the way it came; what a gift card paid goes back on it. A decision whose provider says no is taken back as a whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.money import ZERO
from storefront.orders.drafts import head_of
from storefront.orders.ending import end_what_went_back
from storefront.orders.errors import RefundRefused
from storefront.orders.models import OrderRefund
from storefront.orders.parcels import close_if_complete
from storefront.orders.queries_for_refunds import Refundable, RefundableLine, refund_of_return, refundable
from storefront.orders.refund_goods import RefundLine, lock_goods, move_goods, unsent_of
from storefront.orders.refund_settling import order_follows_refunds, write_items
from storefront.orders.refund_shares import NothingLeft, Share, shares_of
from storefront.payments import refunds
from storefront.payments.captures import pending_captures
from storefront.payments.errors import CaptureInProgress, RefundedMeanwhile, RefundFailed, RefundTooLarge
from storefront.payments.queries import PaymentRow, gift_card_of_method, gives_back
from storefront.promotions import services as promotions
from storefront.promotions.errors import UnknownGiftCard
from storefront.promotions.queries.gift_cards import gift_card_by_code, gift_card_that_paid

Destination = Literal["original", "gift_card"]


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is to be given back. All amounts contain their tax.

    ``adjustment`` is a free amount on top, or, below zero, kept of the rest. ``seen`` is what had gone back of the
    whole order on the page. ``gift_card_code`` names a card that is there; without it a new one is made and mailed.
    ``lets_go``: the lines will not be sent, so that less is taken of what a card has promised for them. ``payment_id``
    is the only payment that gives anything back, or is asked for less.
    """

    lines: Sequence[RefundLine] = ()
    shipping: Decimal = ZERO
    adjustment: Decimal = ZERO
    reason: str = ""
    destination: Destination = "original"
    gift_card_code: str = ""
    seen: Decimal | None = None
    return_id: uuid.UUID | None = None
    lets_go: bool = False
    payment_id: uuid.UUID | None = None


@dataclass(slots=True)
class _Money:
    """Where a refund's money comes from."""

    waived: list[tuple[PaymentRow, Decimal]] = field(default_factory=list)
    paid: list[tuple[PaymentRow, Decimal]] = field(default_factory=list)
    gift_card: Decimal = ZERO

    def take(self, payments: Sequence[PaymentRow], amount: Decimal, *, lets_go: bool) -> Decimal:
        """Ask these payments for less, then for money back; returns what is missing of ``amount`` after that."""
        for payment in payments:
            if part := min(amount, payment.uncaptured if lets_go else payment.waivable):
                self.waived.append((payment, part))
                amount -= part
        for payment in payments:
            if part := min(amount, payment.left):
                self.paid.append((payment, part))
                amount -= part
        return amount


def refund_order(actor_id: uuid.UUID | None, number: str, request: RefundRequest) -> uuid.UUID:
    """Give back what ``request`` says; returns the id of the order's refund. ``actor_id`` None is the shop itself.

    An order of which nothing is left to send goes on as if all of it had left. One that was given back whole before
    anything was sent is cancelled, one of whose money a part is kept is complete: when the money is back, now or later.

    Raises NotAllowed, :class:`NotFound`, :class:`RefundRefused`, :class:`RefundTooLarge`, :class:`RefundedMeanwhile`,
    ``UnknownGiftCard``, :class:`CaptureInProgress`, :class:`RefundFailed`, and :class:`PaymentProviderFailure` when
    nobody knows what came of it: then it stays promised, and is asked for again by a job.
    """
    order_refund_id, waiting = promise_refund(actor_id, number, request)
    carry_out(number, waiting)
    end_what_went_back(refundable(number).order_id)
    return order_refund_id


def carry_out(number: str, waiting: Sequence[uuid.UUID]) -> None:
    """Send the payments' refunds that :func:`promise_refund` wrote down. No transaction may be open.

    Raises :class:`RefundFailed` and :class:`PaymentProviderFailure` as :func:`refund_order`.
    """
    if not waiting:
        return
    statuses = [refunds.send_refund(refund_id) for refund_id in waiting]
    with transaction():
        view = refundable(number)
        head_of(view.order_id, lock=True)
        for payment in view.payments:
            order_follows_refunds(view.order_id, payment.id)
    if "failed" in statuses:
        raise RefundFailed(view.number)


def promise_refund(
    actor_id: uuid.UUID | None, number: str, request: RefundRequest
) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """Write the refund down, in the caller's transaction; returns its id and the payments' refunds to be sent.

    A return is paid back once: whoever asks second gets the refund that there is, and nothing to send.
    """
    with transaction():
        if actor_id is not None:
            require_permission(actor_id, "orders", "refund")
        head_of(refundable(number).order_id, lock=True)
        order = refundable(number)
        known = refund_of_return(request.return_id) if request.return_id else None
        if known is not None:
            _check_all_seen(order, request)
            return known, []
        _check_seen(order, request)
        shares = _shares(order, request)
        amount = sum((share.amount for share in shares), ZERO)
        if not amount:
            raise RefundRefused(order.number, "nothing")
        money = _allocate(order, amount, lets_go=request.lets_go, only=request.payment_id)
        lock_goods(order, request.lines)
        card_id = _card_for(order, request, money)
        order_refund_id = _write(actor_id, order, request, shares, money, card_id)
        move_goods(order, request.lines, actor_id)
        waiting = _open_refunds(order, request, money, order_refund_id, card_id)
        record_audit(actor_id, "refund", "order", order.order_id, metadata={"amount": str(amount)})
        order_follows_refunds(order.order_id, None)
        close_if_complete(order.order_id, f"staff:{actor_id}" if actor_id else "system")
    return order_refund_id, waiting


def _check_seen(order: Refundable, request: RefundRequest) -> None:
    """Whoever looked at an older page decides again: two equal amounts for one broken line would both fit."""
    for wanted in request.lines:
        line = next((one for one in order.lines if one.id == wanted.item_id), None)
        if line is None:
            raise RefundRefused(order.number, "line")
        if wanted.seen is not None and wanted.seen != line.refunded:
            raise RefundedMeanwhile(order.number, wanted.seen, line.refunded, order.currency, line.name)
        if wanted.quantity > line.left.quantity or wanted.quantity < 0:
            raise RefundRefused(order.number, "units", line.name, line.left.quantity)
        if wanted.quantity and order.is_charged_by_parcel and not request.lets_go:
            _check_charged(order, line, wanted.quantity)
    _check_all_seen(order, request)


def _check_all_seen(order: Refundable, request: RefundRequest) -> None:
    concerns_all = request.adjustment or request.shipping
    if concerns_all and request.seen is not None and request.seen != order.refunded:
        raise RefundedMeanwhile(order.number, request.seen, order.refunded, order.currency)


def _check_charged(order: Refundable, line: RefundableLine, quantity: int) -> None:
    if quantity > line.charged:
        raise RefundRefused(order.number, "uncharged", line.name, line.charged)
    if pending_captures(
        order_id=order.order_id
    ):  # a parcel whose card says no is not sent: its units neither
        raise CaptureInProgress(order.number)


def _shares(order: Refundable, request: RefundRequest) -> list[Share]:
    units = {line.item_id: line.quantity for line in request.lines if line.quantity}
    on_lines = {line.item_id: line.amount for line in request.lines if line.amount}
    if request.shipping < 0 or any(amount < 0 for amount in on_lines.values()):
        raise RefundRefused(order.number, "nothing")
    try:
        return shares_of(order.parts, units, request.shipping, request.adjustment, on_lines=on_lines)
    except NothingLeft as refusal:
        wanted = request.shipping + abs(request.adjustment) + sum(on_lines.values(), ZERO)
        raise RefundTooLarge(order.number, wanted, refusal.left, order.currency) from None


def _allocate(order: Refundable, amount: Decimal, *, lets_go: bool, only: uuid.UUID | None = None) -> _Money:
    """First less is asked for of what is not paid yet, then payments give back, the latest first, then gift cards.

    What an exchange costs on top comes last: the exchange may not come about, and then that money is owed again.
    Where ``only`` one payment gives anything back, a gift card does not either.
    """
    money = _Money()
    latest_first = [one for one in order.payments[::-1] if only in (None, one.id)]
    own = [one for one in latest_first if not one.is_on_top]
    missing = money.take(own, amount, lets_go=lets_go)
    money.gift_card = min(missing, order.gift_card) if only is None else ZERO
    on_top = [one for one in latest_first if one.is_on_top]
    missing = money.take(on_top, missing - money.gift_card, lets_go=lets_go)
    if missing:
        raise RefundTooLarge(order.number, amount, amount - missing, order.currency)
    if money.waived and pending_captures(order_id=order.order_id):
        raise CaptureInProgress(order.number)  # what is being taken at this moment cannot be waived
    return money


def _card_for(order: Refundable, request: RefundRequest, money: _Money) -> uuid.UUID | None:
    """The gift card that money goes to; None when none does."""
    if request.destination == "gift_card" and request.gift_card_code:
        state = gift_card_by_code(request.gift_card_code, also_empty=True)
        if state is None or state.currency != order.currency:
            raise UnknownGiftCard
        return state.id
    if money.gift_card:
        return promotions.open_refund_card(
            gift_card_that_paid(order.order_id) if request.destination == "original" else None
        )
    wants_one = request.destination == "gift_card" and money.paid
    return promotions.open_refund_card(None) if wants_one else None


def _write(
    actor_id: uuid.UUID | None,
    order: Refundable,
    request: RefundRequest,
    shares: Sequence[Share],
    money: _Money,
    card_id: uuid.UUID | None,
) -> uuid.UUID:
    order_refund_id = new_id()
    session().execute(
        sa.insert(OrderRefund).values(
            id=order_refund_id,
            order_id=order.order_id,
            return_id=request.return_id,
            amount=sum((share.amount for share in shares), ZERO),
            tax=sum((share.tax for share in shares), ZERO),
            adjustment=request.adjustment,
            gift_card_amount=money.gift_card,
            waived_amount=sum((part for _, part in money.waived), ZERO),
            destination=request.destination,
            gift_card_id=card_id,
            reason=request.reason,
            actor_id=actor_id,
        )
    )
    write_items(order_refund_id, shares, unsent_of(order, request.lines))
    return order_refund_id


def _open_refunds(
    order: Refundable,
    request: RefundRequest,
    money: _Money,
    order_refund_id: uuid.UUID,
    card_id: uuid.UUID | None,
) -> list[uuid.UUID]:
    """Write down each payment's part; returns those that somebody outside has to be asked for."""
    waiting = []
    for payment, part in money.waived:
        refunds.waive(payment.id, part)
    for payment, part in money.paid:
        towards = _towards(payment, request, order_refund_id, card_id)
        refund_id = refunds.open_refund(payment, order.number, part, request.reason, towards)
        if towards.gift_card_id is not None:
            promotions.give_back_to_gift_card(towards.gift_card_id, part, order_refund_id)
        elif not towards.by_hand:
            waiting.append(refund_id)
    return waiting


def _towards(
    payment: PaymentRow, request: RefundRequest, order_refund_id: uuid.UUID, card_id: uuid.UUID | None
) -> refunds.Towards:
    if request.destination == "gift_card":
        return refunds.Towards(order_refund_id, gift_card_id=card_id)
    own_card = gift_card_of_method(payment.saved_method_id)
    return refunds.Towards(order_refund_id, own_card, by_hand=not gives_back(payment.provider))


def refund_payment(
    number: str, amount: Decimal, reason: str = "", *, seen: Decimal | None = None
) -> uuid.UUID:
    """Give ``amount`` back without naming lines: it is spread over all that is left. Raises as :func:`refund_order`.

    ``seen`` is what had gone back already on the page it is asked from: of two people who ask at once, the second is
    refused.
    """
    if amount <= 0:
        with transaction():
            raise RefundRefused(refundable(number).number, "nothing")
    return refund_order(None, number, RefundRequest(adjustment=amount, reason=reason, seen=seen))
