"""A payment for an exchange is known as such for good: also after the replacement was sent, it is not the order's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "57_for_exchange"
down_revision = "56_on_top"
branch_labels = None
depends_on = None

_CHECK = "ck_payments_on_top_is_for_exchange"


def upgrade() -> None:
    op.add_column(
        "payments", sa.Column("is_for_exchange", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.execute(
        "UPDATE payments SET is_for_exchange = true"
        " WHERE is_on_top OR idempotency_key LIKE 'exchange-%'"
        " OR id IN (SELECT payment_id FROM returns WHERE payment_id IS NOT NULL)"
    )
    op.create_check_constraint(op.f(_CHECK), "payments", "is_for_exchange OR NOT is_on_top")


def downgrade() -> None:
    op.drop_constraint(op.f(_CHECK), "payments", type_="check")
    op.drop_column("payments", "is_for_exchange")
