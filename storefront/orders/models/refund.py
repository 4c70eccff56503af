"""What is given back of an order."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import one_of
from storefront.core.db import Base, Created, Identified, Timestamped
from storefront.orders.models.states import (
    ORDER_REFUND_STATUSES,
    REFUND_DESTINATIONS,
)


class OrderRefund(Identified, Timestamped, Base):
    """The decision to give ``amount`` back, ``tax`` of it included. ``refunds`` and gift card entries carry it out.

    ``adjustment`` is the free part of it, negative when something was kept. ``gift_card_amount`` had been paid by a
    gift card, ``waived_amount`` had not been paid yet and lowers what is to pay. A failed one frees what it counted.
    """

    __tablename__ = "order_refunds"
    __table_args__ = (
        one_of("status", ORDER_REFUND_STATUSES),
        one_of("destination", REFUND_DESTINATIONS),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("tax >= 0 AND tax <= amount", name="tax_within_amount"),
        sa.CheckConstraint(
            "gift_card_amount >= 0 AND waived_amount >= 0 AND gift_card_amount + waived_amount <= amount",
            name="parts_within_amount",
        ),
        sa.Index("ix_order_refunds_order_id", "order_id"),
        sa.Index("ix_order_refunds_gift_card_id", "gift_card_id"),
        sa.Index(
            "uq_order_refunds_return_id",
            "return_id",
            unique=True,
            postgresql_where=sa.text("status <> 'failed'"),
        ),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"))
    amount: Mapped[Decimal]
    tax: Mapped[Decimal]
    adjustment: Mapped[Decimal] = mapped_column(server_default="0")
    gift_card_amount: Mapped[Decimal] = mapped_column(server_default="0")
    waived_amount: Mapped[Decimal] = mapped_column(server_default="0")
    destination: Mapped[str] = mapped_column(default="original", server_default="original")
    gift_card_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("gift_cards.id"))
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    # No foreign key: the books stay when a person is erased.
    actor_id: Mapped[uuid.UUID | None]
    return_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("returns.id"))


class RefundItem(Identified, Created, Base):
    """What a refund gives back of one line, or of the shipping (no line). Append only; a trigger keeps the sums.

    ``amount`` is what the customer gets, ``tax`` the part of it that is tax. Without a ``quantity`` it is money only.
    ``unsent`` units of it were still to be sent, and will not be: the trigger counts them as cancelled on their line,
    for good, since their goods are free for others from then on.
    """

    __tablename__ = "refund_items"
    __table_args__ = (
        sa.CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        sa.CheckConstraint("unsent >= 0 AND unsent <= quantity", name="unsent_within_quantity"),
        sa.CheckConstraint("quantity = 0 OR order_item_id IS NOT NULL", name="units_have_a_line"),
        sa.CheckConstraint("amount >= 0 AND tax >= 0 AND tax <= amount", name="tax_within_amount"),
        sa.UniqueConstraint("order_refund_id", "order_item_id", postgresql_nulls_not_distinct=True),
        sa.Index("ix_refund_items_order_item_id", "order_item_id"),
    )

    order_refund_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("order_refunds.id"))
    order_item_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("order_items.id"))
    quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    amount: Mapped[Decimal]
    tax: Mapped[Decimal]
    unsent: Mapped[int] = mapped_column(default=0, server_default="0")
