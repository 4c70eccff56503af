"""Money that came and went, and what the providers told us about it."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_OBJECT, currency_check, one_of
from storefront.core.db import Base, Created, Identified, Timestamped

PAYMENT_STATUSES = (
    "pending",
    "authorised",
    "captured",
    "partially_refunded",
    "refunded",
    "failed",
    "cancelled",
)
REFUND_STATUSES = ("pending", "succeeded", "failed")
CAPTURE_STATUSES = ("pending", "succeeded", "failed")
SAVED_METHOD_KINDS = ("credit_card", "paypal", "gift_card")


class SavedPaymentMethod(Identified, Timestamped, Base):
    """A way to pay that a person has with us. Of a card only its brand and last four digits are ever kept.

    A gift card's balance is on ``gift_card_id``, with its ledger. ``external_id`` is what another shop's books call it,
    ``provider_reference`` what the provider calls a card that can be paid with here.
    """

    __tablename__ = "saved_payment_methods"
    __table_args__ = (
        one_of("kind", SAVED_METHOD_KINDS),
        sa.CheckConstraint(
            "(kind = 'gift_card') = (gift_card_id IS NOT NULL)", name="gift_card_has_its_balance"
        ),
        sa.CheckConstraint("last_four IS NULL OR last_four ~ '^[0-9]{4}$'", name="last_four_digits"),
        sa.CheckConstraint(
            "(kind = 'credit_card') = (brand IS NOT NULL AND last_four IS NOT NULL)", name="card_is_named"
        ),
        sa.Index("ix_saved_payment_methods_user_id", "user_id", "position"),
        sa.Index("ix_saved_payment_methods_gift_card_id", "gift_card_id"),
        sa.Index(
            "uq_saved_payment_methods_external_id",
            "external_id",
            unique=True,
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
        sa.CheckConstraint(
            "provider_reference IS NULL OR kind = 'credit_card'", name="only_cards_are_at_the_provider"
        ),
        sa.Index(
            "uq_saved_payment_methods_provider_reference",
            "provider_reference",
            unique=True,
            postgresql_where=sa.text("provider_reference IS NOT NULL"),
        ),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    brand: Mapped[str | None]
    last_four: Mapped[str | None]
    gift_card_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("gift_cards.id"))
    external_id: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    provider_reference: Mapped[str | None]


class PaymentCustomer(Base):
    """Who a person is at the card provider. When the row goes, a trigger has the provider forget them."""

    __tablename__ = "payment_customers"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    reference: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Payment(Identified, Timestamped, Base):
    """One attempt to be paid, by ``provider`` (``invoice``, ``on_delivery``, ``stripe``).

    ``saved_method_id`` is what it was paid with, where that is one of the person's saved payment methods; ``kept_for``
    the person who wants the card to be kept once it has paid.
    ``is_for_change``: it pays for a change of the order, or for an exchange's difference, and does not count yet, or
    never did.
    ``refunded_amount`` is kept by a trigger on refunds, so that captured minus refunded is never negative.
    ``given_back_anew_at``: of its refunds that go by themselves, those that were refused before count no more.
    ``is_for_exchange``: it pays what an exchange costs more; no parcel of the order is charged to it, and taking it
    says nothing of the order's own money. ``is_on_top``: its exchange may not come about yet; refunds count on it last.
    """

    __tablename__ = "payments"
    __table_args__ = (
        one_of("status", PAYMENT_STATUSES),
        currency_check(),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.CheckConstraint(
            "captured_amount >= 0 AND captured_amount <= amount", name="captured_within_amount"
        ),
        sa.CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= captured_amount", name="refunded_within_captured"
        ),
        sa.CheckConstraint("is_for_exchange OR NOT is_on_top", name="on_top_is_for_exchange"),
        sa.UniqueConstraint("provider", "provider_reference"),
        sa.Index("ix_payments_order_id", "order_id"),
        sa.Index("ix_payments_saved_method_id", "saved_method_id"),
        sa.Index("ix_payments_status_created_at", "status", "created_at"),
        sa.Index("ix_payments_kept_for", "kept_for", postgresql_where=sa.text("kept_for IS NOT NULL")),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"))
    saved_method_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("saved_payment_methods.id", ondelete="SET NULL")
    )
    kept_for: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    provider: Mapped[str]
    provider_reference: Mapped[str | None]
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    amount: Mapped[Decimal]
    captured_amount: Mapped[Decimal] = mapped_column(server_default="0")
    refunded_amount: Mapped[Decimal] = mapped_column(server_default="0")
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    error: Mapped[str | None]
    raw: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    is_for_change: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    is_on_top: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    is_for_exchange: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    given_back_anew_at: Mapped[datetime | None]


class Capture(Identified, Timestamped, Base):
    """Money being taken out of what was promised, in one or several parts. Written down before it is asked for.

    A payment has one pending capture at most: what its provider says meanwhile is about that one. After one that
    ``is_final`` the provider lets go of the rest. ``shipment_id`` is the parcel that waits for it.
    """

    __tablename__ = "captures"
    __table_args__ = (
        one_of("status", CAPTURE_STATUSES),
        currency_check(),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.Index(
            "uq_captures_pending_of_payment",
            "payment_id",
            unique=True,
            postgresql_where=sa.text("status = 'pending'"),
        ),
        sa.Index("ix_captures_order_id", "order_id"),
        sa.Index("ix_captures_shipment_id", "shipment_id"),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payments.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"))
    shipment_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("shipments.id", ondelete="SET NULL"))
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    is_final: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    actor: Mapped[str] = mapped_column(default="system", server_default="system")
    error: Mapped[str | None]


class Refund(Identified, Timestamped, Base):
    """Money given back. A pending one counts already: nobody may promise the same money twice.

    ``order_refund_id`` is the decision that it carries out; with ``gift_card_id`` it went to that card instead.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        one_of("status", REFUND_STATUSES),
        currency_check(),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.UniqueConstraint("payment_id", "provider_reference"),
        sa.Index("ix_refunds_order_id", "order_id"),
        sa.Index("ix_refunds_saved_method_id", "saved_method_id"),
        sa.Index("ix_refunds_order_refund_id", "order_refund_id"),
        sa.Index("ix_refunds_gift_card_id", "gift_card_id"),
        sa.Index("ix_refunds_failed", "payment_id", postgresql_where=sa.text("status = 'failed'")),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payments.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"))
    saved_method_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("saved_payment_methods.id", ondelete="SET NULL")
    )
    provider_reference: Mapped[str | None]
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    amount: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    order_refund_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("order_refunds.id"))
    gift_card_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("gift_cards.id"))
    is_change: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    raw: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)


class WebhookEvent(Identified, Created, Base):
    """Something a provider told us: stored once (provider, event_id), replayable from ``payload``."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        sa.UniqueConstraint("provider", "event_id"),
        sa.Index(
            "ix_webhook_events_unprocessed",
            "created_at",
            postgresql_where=sa.text("processed_at IS NULL"),
        ),
    )

    provider: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str | None]
    processed_at: Mapped[datetime | None]
