"""Money that goes back by itself, and that its provider would not give back: how often so far, and what comes next.

By itself goes what an order that was cancelled has paid, and a payment that counts for nothing. What staff give back is
not counted here: they see at once what came of it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.payments.models import Payment, Refund

PAUSES = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3))
"""After each refusal it is tried again so much later, and after the last never.

What passes, passes within these days: a shop's account at its provider that holds too little is filled by the next
days' payments, a bank is back after a weekend. A card that was closed stays closed, and asking for ever helps nobody.
"""
_BY_ITSELF = sa.and_(
    Refund.order_refund_id.is_(None),
    Refund.gift_card_id.is_(None),
    sa.not_(Refund.is_change),
    Refund.idempotency_key.is_not(None),
)
_COUNTS = sa.and_(
    _BY_ITSELF,
    Refund.status == "failed",
    sa.or_(Payment.given_back_anew_at.is_(None), Refund.created_at > Payment.given_back_anew_at),
    Payment.refunded_amount < Payment.captured_amount,
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """A payment of which ``owed`` is still to go back, refused ``times`` since it was begun, or begun anew.

    ``last_id`` is the refund that was refused last, at ``last_at``, because of ``reason``.
    """

    payment_id: uuid.UUID
    order_id: uuid.UUID
    provider: str
    owed: Decimal
    currency: str
    times: int
    last_at: datetime
    last_id: uuid.UUID
    reason: str

    @property
    def is_over(self) -> bool:
        """Whether it is not tried any more: somebody has to decide."""
        return self.times > len(PAUSES)

    @property
    def next_at(self) -> datetime:
        """When it is tried again, while it is."""
        return self.last_at + PAUSES[min(self.times, len(PAUSES)) - 1]

    @property
    def is_due(self) -> bool:
        """Whether it may be tried now."""
        return not self.is_over and now() >= self.next_at


def refusals_of(order_id: uuid.UUID) -> list[Refusals]:
    """The payments of an order that could not be given back so far. One statement."""
    return _refusals(Payment.order_id == order_id)


def refusals_of_payment(payment_id: uuid.UUID) -> Refusals | None:
    """As :func:`refusals_of`, of one payment; None where nothing is owed of it, or nothing was refused."""
    found = _refusals(Payment.id == payment_id)
    return found[0] if found else None


_REFUNDED = sa.join(Refund, Payment, Payment.id == Refund.payment_id)


def owes_refused(order_id: sa.SQLColumnExpression[uuid.UUID]) -> sa.ColumnElement[bool]:
    """Whether an order has a payment that could not be given back so far, for a query over orders."""
    return sa.exists().select_from(_REFUNDED).where(Payment.order_id == order_id, _COUNTS)


def orders_that_owe_refused() -> sa.Select[Any]:
    """The ids of the orders of which :func:`owes_refused` is true, found from their refunds: those are few."""
    return sa.select(Payment.order_id).select_from(_REFUNDED).where(_COUNTS)


def went_by_itself(refund_id: uuid.UUID) -> bool:
    """Whether nobody of the staff asked for this refund."""
    return bool(session().scalar(sa.select(_BY_ITSELF).where(Refund.id == refund_id)))


def begin_anew(payment_id: uuid.UUID) -> None:
    """Forget how often it was refused, so that it is tried at once, and as often as the first time."""
    with transaction():
        write(sa.update(Payment).where(Payment.id == payment_id).values(given_back_anew_at=now()))


def _refusals(which: sa.ColumnElement[bool]) -> list[Refusals]:
    newest = (Refund.created_at.desc(), Refund.id.desc())
    rows: Any = session().execute(
        sa.select(
            Payment.id,
            Payment.order_id,
            Payment.provider,
            Payment.captured_amount - Payment.refunded_amount,
            Payment.currency,
            sa.func.count(),
            sa.func.max(Refund.created_at),
            sa.func.array_agg(aggregate_order_by(Refund.id, *newest))[1],
            sa.func.array_agg(aggregate_order_by(Refund.reason, *newest))[1],
        )
        .join(Refund, Refund.payment_id == Payment.id)
        .where(which, _COUNTS)
        .group_by(Payment.id)
        .order_by(Payment.created_at, Payment.id)
    )
    return [Refusals(*row) for row in rows]
