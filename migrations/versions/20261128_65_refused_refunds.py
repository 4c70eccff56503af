"""What goes back by itself and is refused is tried so often and no more; then staff decide, also for a gift card."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "65_refused_refunds"
down_revision = "64_listing_facets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("given_back_anew_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_refunds_failed", "refunds", ["payment_id"], postgresql_where=sa.text("status = 'failed'")
    )
    op.add_column("gift_card_entries", sa.Column("refund_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_gift_card_entries_refund_id"), "gift_card_entries", "refunds", ["refund_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_gift_card_entries_one_refund"),
        "gift_card_entries",
        "num_nonnulls(order_refund_id, refund_id) <= 1",
    )
    op.create_index(
        "uq_gift_card_entries_refund_id",
        "gift_card_entries",
        ["refund_id"],
        unique=True,
        postgresql_where=sa.text("refund_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_gift_card_entries_refund_id", "gift_card_entries")
    op.drop_constraint("ck_gift_card_entries_one_refund", "gift_card_entries")
    op.drop_column("gift_card_entries", "refund_id")
    op.drop_index("ix_refunds_failed", "refunds")
    op.drop_column("payments", "given_back_anew_at")
