"""A payment of what an exchange costs on top is known as such: refunds of the order count on it last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "56_on_top"
down_revision = "55_unsent_units"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("is_on_top", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "UPDATE payments SET is_on_top = true WHERE id IN (SELECT payment_id FROM returns"
        " WHERE status IN ('approved', 'received') AND shipped_at IS NULL)"
    )


def downgrade() -> None:
    op.drop_column("payments", "is_on_top")
