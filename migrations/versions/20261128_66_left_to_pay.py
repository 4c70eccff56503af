"""What is left to pay of an order is read off its payments, also by the assistant: whose payment one is, is no secret."""

from __future__ import annotations

from alembic import context, op

revision = "66_left_to_pay"
down_revision = "65_refused_refunds"
branch_labels = None
depends_on = None

COLUMNS = ("is_for_change", "is_for_exchange")


def _shopper() -> str:
    return '"' + context.config.attributes["roles"]["shopper"].replace('"', '""') + '"'


def upgrade() -> None:
    for column in COLUMNS:
        op.execute(f"GRANT SELECT ({column}) ON payments TO {_shopper()}")


def downgrade() -> None:
    for column in COLUMNS:
        op.execute(f"REVOKE ALL ({column}) ON payments FROM {_shopper()}")
