"""Values of options and specifications by what people say: "black", "1 tb"."""

from __future__ import annotations

from alembic import op

revision = "60_said_values"
down_revision = "58_ending_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_facet_values_said ON facet_values (lower(value))"
        " WHERE kind IN ('option', 'specification')"
    )


def downgrade() -> None:
    op.drop_index("ix_facet_values_said", "facet_values")
