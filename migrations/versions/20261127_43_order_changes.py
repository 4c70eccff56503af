"""Orders that are changed before anything of them is sent: a change that has to be paid first waits here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "43_order_changes"
down_revision = "42_fulfilment"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "payments", sa.Column("is_for_change", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("refunds", sa.Column("is_change", sa.Boolean(), server_default="false", nullable=False))
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "order_changes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("wanted", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("expected_total", sa.Numeric(12, 2), nullable=False),
        sa.Column("replaces_payment", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("actor", sa.Text(), server_default="shopper", nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'applied', 'ended')", name=op.f("ck_order_changes_status_known")
        ),
        # Whoever is erased leaves no address behind in a change that is over.
        sa.CheckConstraint(
            "status = 'waiting' OR wanted = '{}'::jsonb", name=op.f("ck_order_changes_over_keeps_nothing")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_changes_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_order_changes_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_changes")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_order_changes_payment_id")),
    )
    op.create_index(
        "uq_order_changes_waiting_of_order",
        "order_changes",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("ix_order_changes_order_id", "order_changes", ["order_id"])
    op.execute(
        "CREATE TRIGGER set_updated_at BEFORE UPDATE ON order_changes"
        " FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
    )
    app = context.config.attributes["roles"]["app"].replace('"', '""')
    op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON order_changes TO "{app}"')


def downgrade() -> None:
    op.drop_table("order_changes")
    op.drop_column("refunds", "is_change")
    op.drop_column("payments", "is_for_change")
