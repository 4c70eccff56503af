"""Reads of payments."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.payments.cards import CARDS, cards_are_configured
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.methods import GIFT_CARD, METHODS, Asked, PaymentMethod
from storefront.payments.models import Payment, Refund, SavedPaymentMethod, WebhookEvent


def providers(country: str = "") -> list[PaymentMethod]:
    """The ways to pay in the shop's order, for an order that goes to ``country`` where one is given."""
    offered: list[PaymentMethod] = [CARDS, *METHODS] if cards_are_configured() else [*METHODS]
    return [method for method in offered if not country or method.offered_to(country)]


def payment_method(code: str, country: str = "") -> PaymentMethod:
    """The way to pay called ``code``. Raises :class:`UnknownPaymentMethod`."""
    for method in providers(country):
        if method.code == code:
            return method
    if code == GIFT_CARD.code and not country:
        return GIFT_CARD  # of an order that was drawn up; at the checkout nobody can choose it
    raise UnknownPaymentMethod(code)


def known_method(code: str) -> PaymentMethod | None:
    """The way to pay called ``code``, also while it is not offered: an order keeps the one it was placed with."""
    return next((method for method in (*METHODS, CARDS, GIFT_CARD) if method.code == code), None)


def gives_back(code: str) -> bool:
    """Whether what was paid this way goes back by itself when the order is cancelled."""
    method = known_method(code)
    return method is not None and method.gives_back


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One attempt to be paid. ``kept_for`` wants the card to be kept that pays it."""

    id: uuid.UUID
    order_id: uuid.UUID
    provider: str
    provider_reference: str | None
    idempotency_key: str | None
    amount: Decimal
    captured: Decimal
    refunded: Decimal
    currency: str
    status: str
    created_at: datetime
    saved_method_id: uuid.UUID | None = None
    is_for_change: bool = False
    is_on_top: bool = False
    is_for_exchange: bool = False
    kept_for: uuid.UUID | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is the order's own: not for a change that is not made, and not for an exchange."""
        return not (self.is_for_change or self.is_for_exchange)

    @property
    def left(self) -> Decimal:
        """What may still go back."""
        return self.captured - self.refunded

    @property
    def is_open_promise(self) -> bool:
        """Whether it was promised to be paid later, with nobody to ask now: then less can be asked for."""
        return self.status == "authorised" and any(one.code == self.provider for one in METHODS)

    @property
    def waivable(self) -> Decimal:
        """What is still to be paid of it and can be asked for less."""
        return self.uncaptured if self.is_open_promise else Decimal(0)

    @property
    def refundable(self) -> Decimal:
        """What can be given back of it, or asked for less where it is still to be paid."""
        return self.left + self.waivable

    @property
    def asked(self) -> Asked:
        """As the provider is asked about it."""
        # Beside an order's own payment the provider knows one for a change by its own id.
        named = self.id if self.is_for_change else self.order_id
        return Asked(named, self.provider_reference, self.currency, self.created_at, self.captured)

    @property
    def uncaptured(self) -> Decimal:
        """What is promised and not taken yet; nothing where no more can be taken."""
        return self.amount - self.captured if self.status == "authorised" else Decimal(0)


def payments_of(order_id: uuid.UUID) -> list[PaymentRow]:
    """All attempts of an order, the oldest first."""
    return _payments(Payment.order_id == order_id)


def payment_row(payment_id: uuid.UUID) -> PaymentRow:
    """One attempt. Raises :class:`NotFound`."""
    for row in _payments(Payment.id == payment_id):
        return row
    raise NotFound("payment", str(payment_id))


def payment_at_provider(order_id: uuid.UUID) -> PaymentRow | None:
    """The order's own payment that somebody outside knows about; None when it is paid another way."""
    rows = [row for row in payments_at_provider(order_id) if row.is_own]
    return rows[-1] if rows else None


def payments_at_provider(order_id: uuid.UUID) -> list[PaymentRow]:
    """All of them, the oldest first: earlier ones that were replaced, those for changes and exchanges, too."""
    return [row for row in payments_of(order_id) if row.provider == CARDS.code]


def order_of_reference(provider: str, reference: str) -> uuid.UUID | None:
    """The order that is paid under the provider's reference."""
    mine = sa.and_(Payment.provider == provider, Payment.provider_reference == reference)
    return session().scalar(sa.select(Payment.order_id).where(mine))


def undecided_orders(before: datetime, promised_before: datetime, limit: int) -> list[uuid.UUID]:
    """Orders whose payment nobody has told us of since ``before``, the longest unasked first.

    What is promised is looked at since ``promised_before``: it may lapse at the provider without a word.
    """
    waiting = sa.or_(
        sa.and_(Payment.status == "pending", Payment.updated_at < before),
        sa.and_(Payment.status == "authorised", Payment.updated_at < promised_before),
    )
    found = session().scalars(
        sa.select(Payment.order_id)
        .where(Payment.provider == CARDS.code, waiting)
        .order_by(Payment.updated_at)
        .limit(limit)
    )
    return list(found)


def _payments(which: sa.ColumnElement[bool]) -> list[PaymentRow]:
    row = Payment
    rows = session().execute(
        sa.select(
            row.id,
            row.order_id,
            row.provider,
            row.provider_reference,
            row.idempotency_key,
            row.amount,
            row.captured_amount,
            row.refunded_amount,
            row.currency,
            row.status,
            row.created_at,
            row.saved_method_id,
            row.is_for_change,
            row.is_on_top,
            row.is_for_exchange,
            row.kept_for,
        )
        .where(which)
        .order_by(row.created_at, row.id)
    )
    return [PaymentRow(*one) for one in rows]


def gift_card_of_method(saved_method_id: uuid.UUID | None) -> uuid.UUID | None:
    """The gift card behind a saved way to pay; None where it is none."""
    if saved_method_id is None:
        return None
    return session().scalar(
        sa.select(SavedPaymentMethod.gift_card_id).where(SavedPaymentMethod.id == saved_method_id)
    )


@dataclass(frozen=True, slots=True)
class RefundRow:
    """Money on its way back, or there."""

    id: uuid.UUID
    payment_id: uuid.UUID
    order_id: uuid.UUID
    amount: Decimal
    currency: str
    status: str
    idempotency_key: str
    reason: str
    created_at: datetime
    order_refund_id: uuid.UUID | None = None
    gift_card_id: uuid.UUID | None = None


def refunds_of(order_id: uuid.UUID) -> list[RefundRow]:
    """All refunds of an order, the oldest first."""
    return _refunds(Refund.order_id == order_id)


def refund_row(refund_id: uuid.UUID) -> RefundRow:
    """One refund. Raises :class:`NotFound`."""
    for row in _refunds(Refund.id == refund_id):
        return row
    raise NotFound("refund", str(refund_id))


def undecided_refunds(before: datetime, limit: int) -> list[uuid.UUID]:
    """Refunds that are pending since before then."""
    pending = sa.and_(Refund.status == "pending", Refund.updated_at < before)
    return list(
        session().scalars(sa.select(Refund.id).where(pending).order_by(Refund.updated_at).limit(limit))
    )


def _refunds(which: sa.ColumnElement[bool]) -> list[RefundRow]:
    row = Refund
    rows: Any = session().execute(
        sa.select(
            row.id,
            row.payment_id,
            row.order_id,
            row.amount,
            row.currency,
            row.status,
            sa.func.coalesce(row.idempotency_key, ""),
            row.reason,
            row.created_at,
            row.order_refund_id,
            row.gift_card_id,
        )
        .where(which)
        .order_by(row.created_at, row.id)
    )
    return [RefundRow(*one) for one in rows]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """Something a provider told us."""

    id: uuid.UUID
    provider: str
    event_id: str
    kind: str
    intent_id: str
    order_id: str
    customer_id: str


def stored_event(event_id: uuid.UUID) -> StoredEvent:
    """One event by our own id. Raises :class:`NotFound`."""
    row = (
        session()
        .execute(
            sa.select(
                WebhookEvent.id,
                WebhookEvent.provider,
                WebhookEvent.event_id,
                WebhookEvent.kind,
                sa.func.coalesce(WebhookEvent.payload["intent_id"].astext, ""),
                sa.func.coalesce(WebhookEvent.payload["order_id"].astext, ""),
                sa.func.coalesce(WebhookEvent.payload["customer_id"].astext, ""),
            ).where(WebhookEvent.id == event_id)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("event", str(event_id))
    return StoredEvent(*row)
