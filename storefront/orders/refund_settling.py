"""What becomes of refunds that were written down: done, taken back, or begun by somebody at the provider.

Called under the order's lock, as often as anybody likes, whoever brings the news.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session, transaction, write
from storefront.core.ids import new_id
from storefront.core.money import ZERO
from storefront.core.outbox import enqueue_all, enqueue_once
from storefront.orders.models import Order, OrderEvent, OrderItem, OrderRefund, RefundItem
from storefront.orders.queries_for_refunds import refundable
from storefront.orders.refund_shares import Share, shares_of
from storefront.orders.timeline import record_event
from storefront.payments import refunds
from storefront.payments.cards import CARDS
from storefront.payments.methods import INVOICES_DUE
from storefront.payments.models import Payment, Refund
from storefront.promotions import services as promotions
from storefront.promotions.queries.gift_cards import gift_card_paid

MAIL = "mail.order_refunded"
WENT_BACK = "orders.went_back"
"""Outbox: all goods of an order were given back before anything was sent. Whether it is over is to be looked at."""
_OWED = ("pending", "authorised", "failed")
_TAKEN = ("paid", "partially_refunded", "refunded")


def write_items(
    order_refund_id: uuid.UUID, shares: Sequence[Share], unsent: Mapping[uuid.UUID, int] | None = None
) -> None:
    """Write what a refund consists of: by one statement, after which its trigger lets no other part come.

    ``unsent`` are units of its lines that will not be sent.
    """
    session().execute(
        sa.insert(RefundItem).values(
            [
                {
                    "id": new_id(),
                    "order_refund_id": order_refund_id,
                    "order_item_id": share.item_id,
                    "quantity": share.quantity,
                    "amount": share.amount,
                    "tax": share.tax,
                    "unsent": (unsent or {}).get(share.item_id, 0) if share.item_id else 0,
                }
                for share in shares
            ]
        )
    )


def order_follows_refunds(order_id: uuid.UUID, payment_id: uuid.UUID | None) -> None:
    """Set what the order and its refunds say by what has gone back, of this payment or of those before."""
    with transaction():
        if payment_id is not None:
            refunds.mark(payment_id)
        settle_order_refunds(order_id)
        taken, given = _taken_and_given(order_id)
        if taken:
            status = "refunded" if given >= taken else "partially_refunded" if given else "paid"
            rank = _TAKEN.index(status)
            if given and set_payment_status(order_id, status, _TAKEN[:rank]):
                record_event(order_id, status)
            # A bank has sent back what had gone back; the timeline says that of the refund.
            set_payment_status(order_id, status, _TAKEN[rank + 1 :])
        if _went_back_unsent(order_id):
            enqueue_once(WENT_BACK, order_id=str(order_id))


def _went_back_unsent(order_id: uuid.UUID) -> bool:
    """Whether nothing was sent of a living order, and all its goods were given back or are about to be."""
    kept = sa.exists().where(OrderItem.order_id == order_id, OrderItem.refunded_quantity < OrderItem.quantity)
    is_open = sa.exists().where(
        Order.id == order_id,
        Order.status.in_(["pending", "placed", "completed"]),
        Order.fulfilment_status == "unfulfilled",
    )
    return bool(session().scalar(sa.select(sa.and_(is_open, sa.not_(kept)))))


def _taken_and_given(order_id: uuid.UUID) -> tuple[Decimal, Decimal]:
    """What the order's payments and its gift card have paid, and what has arrived back of that."""
    taken, given = refunds.taken_and_given(order_id)
    done = sa.and_(OrderRefund.order_id == order_id, OrderRefund.status == "succeeded")
    on_card = sa.select(sa.func.coalesce(sa.func.sum(OrderRefund.gift_card_amount), 0)).where(done)
    row = session().execute(
        sa.select(Order.gift_card_amount, on_card.scalar_subquery()).where(Order.id == order_id)
    )
    by_card, back = row.one()
    return taken + by_card, given + back


def set_payment_status(order_id: uuid.UUID, status: str, before: tuple[str, ...]) -> bool:
    """Set what the order says of its payment, where it says one of ``before``. False where it does not."""
    changed = sa.and_(Order.id == order_id, Order.payment_status.in_(before))
    return bool(write(sa.update(Order).where(changed).values(payment_status=status)))


@dataclass(frozen=True, slots=True)
class _Standing:
    """A refund of the order, and how its money stands: how many transfers wait, failed, and are there."""

    id: uuid.UUID
    amount: Decimal
    gift_card_amount: Decimal
    waived: Decimal
    gift_card_id: uuid.UUID | None
    status: str
    actor_id: uuid.UUID | None
    waiting: int
    failed: int

    @property
    def has_other_parts(self) -> bool:
        return bool(self.gift_card_amount or self.waived)


def settle_order_refunds(order_id: uuid.UUID) -> None:
    """Bring the order's refunds to where their money is, in the caller's transaction."""
    _adopt_foreign(order_id)
    for one in _standing(order_id):
        if one.status == "pending" and one.failed:
            _take_back(order_id, one)
        elif one.status == "pending" and not one.waiting:
            _complete(order_id, one)
        elif one.status == "succeeded" and one.failed:
            # The bank has sent it back. What lies on a gift card stays there: then staff decide, and verify tells.
            if one.has_other_parts:
                _note_failure(order_id, one)
            else:
                _take_back(order_id, one)


def _standing(order_id: uuid.UUID) -> list[_Standing]:
    row, money = OrderRefund, Refund
    rows = session().execute(
        sa.select(
            row.id,
            row.amount,
            row.gift_card_amount,
            row.waived_amount,
            row.gift_card_id,
            row.status,
            row.actor_id,
            sa.func.count(money.id).filter(money.status == "pending"),
            sa.func.count(money.id).filter(money.status == "failed"),
        )
        .join(money, money.order_refund_id == row.id, isouter=True)
        .where(row.order_id == order_id, row.status != "failed")
        .group_by(row.id)
        .order_by(row.created_at, row.id)
    )
    return [_Standing(*one) for one in rows]


def _complete(order_id: uuid.UUID, one: _Standing) -> None:
    if one.gift_card_amount:
        assert one.gift_card_id is not None
        promotions.give_back_to_gift_card(one.gift_card_id, one.gift_card_amount, one.id, order_id)
    write(sa.update(OrderRefund).where(OrderRefund.id == one.id).values(status="succeeded"))
    record_event(
        order_id,
        "less_to_pay" if one.waived == one.amount else "money_back",
        actor=f"staff:{one.actor_id}" if one.actor_id else "system",
        note=str(one.amount),
        data={"order_refund_id": str(one.id)},
    )
    if one.waived:
        close_if_nothing_is_owed(order_id)
    enqueue_all(
        (INVOICES_DUE, {"order_id": str(order_id)}),
        (MAIL, {"order_refund_id": str(one.id)}),
    )


def _take_back(order_id: uuid.UUID, one: _Standing) -> None:
    """The provider said no: the lines are free again, and what less was asked for is owed again."""
    if one.waived:
        refunds.claim_again(order_id, one.waived)
    write(sa.update(OrderRefund).where(OrderRefund.id == one.id).values(status="failed"))
    _note_failure(order_id, one)
    # An order that had ended by it is open again. One that was cancelled stays so: its goods may be somebody else's by
    # now, and its money is let go of until it is gone.
    was_complete = sa.and_(
        Order.id == order_id, Order.status == "completed", Order.fulfilment_status == "unfulfilled"
    )
    if write(sa.update(Order).where(was_complete).values(status="placed")):
        record_event(order_id, "opened_again", from_status="completed", to_status="placed")


def _note_failure(order_id: uuid.UUID, one: _Standing) -> None:
    about = OrderEvent.data["order_refund_id"].astext == str(one.id)
    known = session().scalar(
        sa.select(OrderEvent.id)
        .where(OrderEvent.order_id == order_id, OrderEvent.kind == "refund_failed", about)
        .limit(1)
    )
    if not known:
        record_event(order_id, "refund_failed", note=str(one.amount), data={"order_refund_id": str(one.id)})


def close_if_nothing_is_owed(order_id: uuid.UUID) -> None:
    """Nothing more is to be paid for the order: what a payment or a gift card has paid is all of it, or nothing was.

    A payment for a change that is not made neither paid anything of it nor owes it; what an exchange still costs does
    not keep the order's own money open.
    """
    living = sa.select(Payment.status, Payment.is_for_exchange).where(
        Payment.order_id == order_id, Payment.status != "cancelled", sa.not_(Payment.is_for_change)
    )
    rows = session().execute(living).all()
    if any(status in _OWED and not is_for_exchange for status, is_for_exchange in rows):
        return
    is_paid = any(status not in _OWED for status, _ in rows) or gift_card_paid(order_id)
    if is_paid or not rows:
        set_payment_status(order_id, "paid" if is_paid else "cancelled", ("authorised",))


def _adopt_foreign(order_id: uuid.UUID) -> None:
    """What somebody gave back at the provider counts here as a free amount of the whole order."""
    rows = (
        session()
        .execute(
            sa.select(Refund.id, Refund.amount, Refund.reason)
            .join(Payment, Payment.id == Refund.payment_id)
            .join(Order, Order.id == Refund.order_id)
            .where(
                Refund.order_id == order_id,
                Refund.order_refund_id.is_(None),
                sa.not_(Refund.is_change),
                sa.not_(Payment.is_for_change),
                Refund.status != "failed",
                Payment.provider == CARDS.code,
                Order.status.not_in(["draft", "cancelled"]),
            )
            .order_by(Refund.created_at, Refund.id)
        )
        .all()
    )
    if rows:
        number = session().scalar(sa.select(Order.order_number).where(Order.id == order_id)) or ""
    for refund_id, amount, reason in rows:
        parts = refundable(number).parts
        counted = min(amount, sum((part.amount for part in parts), ZERO))
        if counted:
            shares = shares_of(parts, {}, adjustment=counted)
            _write_foreign(order_id, refund_id, shares, reason)


def _write_foreign(order_id: uuid.UUID, refund_id: uuid.UUID, shares: list[Share], reason: str) -> None:
    amount = sum((share.amount for share in shares), ZERO)
    order_refund_id = new_id()
    session().execute(
        sa.insert(OrderRefund).values(
            id=order_refund_id,
            order_id=order_id,
            amount=amount,
            tax=sum((share.tax for share in shares), ZERO),
            adjustment=amount,
            reason=reason,
        )
    )
    write_items(order_refund_id, shares)
    write(sa.update(Refund).where(Refund.id == refund_id).values(order_refund_id=order_refund_id))
