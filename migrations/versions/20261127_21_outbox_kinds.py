"""A drain of one kind finds its entries without walking those of all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "21_outbox_kinds"
down_revision = "20_search_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbox_kind_due",
        "outbox",
        ["kind", "available_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_kind_due", "outbox")
