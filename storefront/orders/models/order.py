"""What was bought: the order with its lines, its timeline, and the change that waits for its card."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_LIST, EMPTY_OBJECT, currency_check, one_of
from storefront.core.db import Base, Created, Identified, Timestamped
from storefront.orders.models.states import (
    CHANGE_STATUSES,
    FULFILMENT_TRANSITIONS,
    ORDER_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    TAX_TREATMENTS,
)


class Order(Identified, Timestamped, Base):
    """An order from the first draft on. Amounts are in ``currency``; totals follow ``prices_include_tax``.

    A draft is unique per cart and per idempotency key. ``anonymised_at`` is set when the person behind it
    was erased: the law keeps the order, not the name. ``notes`` are the staff's own (loaded only when asked
    for: the shopper's login may not read them), ``customer_note`` is the shopper's. ``reductions`` are what the
    promotions were called and took off, ``gift_card_amount`` the part of the total that a gift card pays.
    ``refunded_*`` are kept by triggers on refund_items; ``exchange_*`` is what exchanges cost on top of the total.
    ``tax_amount`` is that of the lines and ``shipping_tax``. With ``tax_treatment`` ``reverse_charge`` the buyer owes
    the tax under their ``vat_number``; with ``untaxed`` there is none where the order goes. ``changes_on_paper`` is how
    many of its changes its invoices have followed.
    """

    __tablename__ = "orders"
    __table_args__ = (
        one_of("status", tuple(ORDER_TRANSITIONS)),
        one_of("payment_status", tuple(PAYMENT_TRANSITIONS)),
        one_of("fulfilment_status", tuple(FULFILMENT_TRANSITIONS)),
        currency_check(),
        sa.CheckConstraint(
            "subtotal >= 0 AND discount_amount >= 0 AND shipping_amount >= 0 AND tax_amount >= 0"
            " AND total_amount >= 0",
            name="amounts_not_negative",
        ),
        sa.CheckConstraint("discount_amount <= subtotal + shipping_amount", name="discount_within_amount"),
        sa.CheckConstraint(
            "total_amount = subtotal - discount_amount + shipping_amount"
            " + CASE WHEN prices_include_tax THEN 0 ELSE tax_amount END",
            name="total_adds_up",
        ),
        sa.CheckConstraint(
            "gift_card_amount >= 0 AND gift_card_amount <= total_amount", name="gift_card_within_total"
        ),
        one_of("tax_treatment", TAX_TREATMENTS),
        sa.CheckConstraint(
            "tax_treatment = 'taxed' OR (tax_amount = 0 AND shipping_tax = 0)", name="untaxed_without_tax"
        ),
        sa.CheckConstraint(
            "tax_treatment <> 'reverse_charge' OR (vat_number IS NOT NULL AND NOT prices_include_tax)",
            name="reverse_charge_names_the_buyer",
        ),
        sa.CheckConstraint(
            "shipping_tax >= 0 AND shipping_tax <= tax_amount AND shipping_tax_rate >= 0",
            name="shipping_tax_within_tax",
        ),
        sa.CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= total_amount + exchange_amount",
            name="refunded_within_paid",
        ),
        sa.CheckConstraint(
            "refunded_tax >= 0 AND refunded_tax <= tax_amount + exchange_tax", name="refunded_tax_within_tax"
        ),
        sa.CheckConstraint(
            "refunded_shipping >= 0 AND refunded_shipping <= shipping_amount"
            " + CASE WHEN prices_include_tax THEN 0 ELSE tax_amount END",
            name="refunded_shipping_within_shipping",
        ),
        sa.CheckConstraint("exchange_amount >= 0 AND exchange_tax >= 0", name="exchanges_not_negative"),
        sa.CheckConstraint("changes_on_paper >= 0", name="changes_on_paper_not_negative"),
        sa.CheckConstraint(
            "num_nonnulls(user_id, guest_email, anonymised_at) >= 1 OR status IN ('draft', 'cancelled')",
            name="somebody_ordered",
        ),
        sa.CheckConstraint(
            "placed_at IS NOT NULL OR status IN ('draft', 'pending', 'cancelled')", name="placed_has_a_time"
        ),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_a_time"
        ),
        sa.Index(
            "uq_orders_draft_of_cart", "cart_id", unique=True, postgresql_where=sa.text("status = 'draft'")
        ),
        sa.Index("ix_orders_cart_id", "cart_id"),
        sa.Index("ix_orders_user_id_status", "user_id", "status"),
        sa.Index("ix_orders_user_id_created_at", "user_id", sa.text("created_at DESC")),
        sa.Index("ix_orders_status_created_at", "status", sa.text("created_at DESC")),
        sa.Index("ix_orders_created_at", sa.text("created_at DESC")),
        sa.Index("ix_orders_guest_email", "guest_email", postgresql_where=sa.text("guest_email IS NOT NULL")),
        sa.Index(
            "uq_orders_external_id",
            "external_id",
            unique=True,
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    order_number: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    guest_email: Mapped[str | None] = mapped_column(CITEXT)
    cart_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("carts.id", ondelete="SET NULL"))
    status: Mapped[str] = mapped_column(default="draft", server_default="draft")
    payment_status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    fulfilment_status: Mapped[str] = mapped_column(default="unfulfilled", server_default="unfulfilled")
    currency: Mapped[str] = mapped_column(default="EUR", server_default="EUR")
    prices_include_tax: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    subtotal: Mapped[Decimal]
    discount_amount: Mapped[Decimal] = mapped_column(server_default="0")
    shipping_amount: Mapped[Decimal] = mapped_column(server_default="0")
    tax_amount: Mapped[Decimal] = mapped_column(server_default="0")
    total_amount: Mapped[Decimal]
    shipping_address: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    billing_address: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    shipping_method: Mapped[str | None]
    payment_method: Mapped[str | None]
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    # Its number in another shop's books, as it stands there (#W7678072); order_number is then W7678072.
    external_id: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    customer_note: Mapped[str | None]
    notes: Mapped[str | None] = mapped_column(deferred=True)
    placed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    anonymised_at: Mapped[datetime | None]
    reductions: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    gift_card_amount: Mapped[Decimal] = mapped_column(server_default="0")
    refunded_amount: Mapped[Decimal] = mapped_column(server_default="0")
    refunded_tax: Mapped[Decimal] = mapped_column(server_default="0")
    refunded_shipping: Mapped[Decimal] = mapped_column(server_default="0")
    exchange_amount: Mapped[Decimal] = mapped_column(server_default="0")
    exchange_tax: Mapped[Decimal] = mapped_column(server_default="0")
    tax_treatment: Mapped[str] = mapped_column(default="taxed", server_default="taxed")
    shipping_tax: Mapped[Decimal] = mapped_column(server_default="0")
    shipping_tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(6, 3), server_default="0")
    vat_number: Mapped[str | None]
    # Of no use to anybody but who issues papers, and closed to the shopper's login.
    changes_on_paper: Mapped[int] = mapped_column(default=0, server_default="0", deferred=True)


class OrderItem(Identified, Created, Base):
    """A line with its own copy of name, SKU, options and picture: later changes never reach an order.

    ``total_price`` is ``unit_price * quantity - discount``; ``tax`` is what it contains, or what comes on top.
    ``shipped_quantity`` is kept by a trigger on parcels; ``cancelled_quantity`` will never be sent.
    ``refunded_*`` are kept by triggers, tax included; ``exchange_*`` is what was paid on top for dearer replacements.
    """

    __tablename__ = "order_items"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("unit_price >= 0 AND discount >= 0 AND tax >= 0", name="amounts_not_negative"),
        sa.CheckConstraint("total_price = unit_price * quantity - discount", name="total_adds_up"),
        sa.CheckConstraint("total_price >= 0", name="total_not_negative"),
        sa.CheckConstraint(
            "returned_quantity >= 0 AND returned_quantity <= delivered_quantity AND delivered_quantity <= quantity",
            name="returned_within_delivered",
        ),
        sa.CheckConstraint(
            "shipped_quantity >= 0 AND cancelled_quantity >= 0 AND shipped_quantity + cancelled_quantity <= quantity",
            name="shipped_within_quantity",
        ),
        sa.CheckConstraint(
            "refunded_quantity >= 0 AND refunded_quantity <= quantity", name="refunded_units_within_bought"
        ),
        sa.CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= total_price + tax + exchange_amount",
            name="refunded_within_paid",
        ),
        sa.CheckConstraint(
            "refunded_tax >= 0 AND refunded_tax <= tax + exchange_tax", name="refunded_tax_within_tax"
        ),
        sa.CheckConstraint("exchange_amount >= 0 AND exchange_tax >= 0", name="exchanges_not_negative"),
        sa.Index("ix_order_items_order_id", "order_id"),
        sa.Index("ix_order_items_product_id", "product_id"),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id", ondelete="CASCADE"))
    product_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("products.id", ondelete="SET NULL"))
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    name: Mapped[str]
    sku: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    image: Mapped[dict[str, Any] | None]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    discount: Mapped[Decimal] = mapped_column(server_default="0")
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(6, 3), server_default="0")
    tax: Mapped[Decimal] = mapped_column(server_default="0")
    total_price: Mapped[Decimal]
    delivered_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    returned_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    shipped_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    cancelled_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    refunded_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    refunded_amount: Mapped[Decimal] = mapped_column(server_default="0")
    refunded_tax: Mapped[Decimal] = mapped_column(server_default="0")
    exchange_amount: Mapped[Decimal] = mapped_column(server_default="0")
    exchange_tax: Mapped[Decimal] = mapped_column(server_default="0")


class OrderEvent(Identified, Created, Base):
    """A line of an order's timeline. Append only. ``actor`` is ``shopper``, ``system`` or ``staff:<id>``.

    The kind ``staff_note`` is for the staff alone: the shopper's login does not see it.
    """

    __tablename__ = "order_events"
    __table_args__ = (sa.Index("ix_order_events_order_id_created_at", "order_id", "created_at"),)

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"))
    kind: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str | None]
    actor: Mapped[str] = mapped_column(default="system", server_default="system")
    note: Mapped[str] = mapped_column(default="", server_default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)


class OrderChange(Identified, Timestamped, Base):
    """A change of an order that its shopper pays for first, by the payment ``payment_id``; an order has one at a time.

    ``wanted`` is forgotten when it is over. ``replaces_payment``: the order's earlier promise is let go of then.
    """

    __tablename__ = "order_changes"
    __table_args__ = (
        one_of("status", CHANGE_STATUSES),
        sa.CheckConstraint("status = 'waiting' OR wanted = '{}'::jsonb", name="over_keeps_nothing"),
        sa.Index(
            "uq_order_changes_waiting_of_order",
            "order_id",
            unique=True,
            postgresql_where=sa.text("status = 'waiting'"),
        ),
        sa.Index("ix_order_changes_order_id", "order_id"),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"))
    payment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payments.id"), unique=True)
    status: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    wanted: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=EMPTY_OBJECT)
    expected_total: Mapped[Decimal]
    replaces_payment: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    actor: Mapped[str] = mapped_column(default="shopper", server_default="shopper")
