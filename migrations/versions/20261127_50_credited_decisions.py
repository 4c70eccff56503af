"""A credit note is about the decision to give back: its lines, and what a gift card or a lower demand carries of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "50_credited_decisions"
down_revision = "43_order_changes"
branch_labels = None
depends_on = None

NAMED = "ck_invoices_refund_is_named"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("order_refund_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_invoices_order_refund_id"), "invoices", "order_refunds", ["order_refund_id"], ["id"]
    )
    op.create_unique_constraint(op.f("uq_invoices_order_refund_id"), "invoices", ["order_refund_id"])
    op.drop_constraint(NAMED, "invoices")
    _restore_decisions()
    op.execute(
        f"ALTER TABLE invoices ADD CONSTRAINT {NAMED}"
        " CHECK (num_nonnulls(refund_id, order_refund_id) = (cause = 'refund')::integer) NOT VALID"
    )
    # A paper whose decision went with its table, further down, stays; only new ones are held to the rule then.
    op.execute(
        f"DO $$ BEGIN ALTER TABLE invoices VALIDATE CONSTRAINT {NAMED};"
        " EXCEPTION WHEN check_violation THEN NULL; END $$"
    )


def _restore_decisions() -> None:
    """Papers that were there before a downgrade name their decisions again."""
    if op.get_bind().scalar(sa.text("SELECT to_regclass('kept_credited_decisions')")) is None:
        return
    op.execute("ALTER TABLE invoices DISABLE TRIGGER append_only")
    op.execute(
        "UPDATE invoices SET order_refund_id = kept.order_refund_id"
        " FROM kept_credited_decisions AS kept JOIN order_refunds ON order_refunds.id = kept.order_refund_id"
        " WHERE kept.id = invoices.id"
    )
    op.execute("ALTER TABLE invoices ENABLE TRIGGER append_only")
    op.drop_table("kept_credited_decisions")


def downgrade() -> None:
    # Which decision a paper is about stands nowhere else: a way back up needs it.
    op.execute(
        "CREATE TABLE kept_credited_decisions AS"
        " SELECT id, order_refund_id FROM invoices WHERE order_refund_id IS NOT NULL"
    )
    op.drop_constraint(NAMED, "invoices")
    op.drop_column("invoices", "order_refund_id")
    # Documents are never changed: those of decisions stay, and only new ones are held to the former rule.
    op.execute(
        f"ALTER TABLE invoices ADD CONSTRAINT {NAMED} CHECK ((cause = 'refund') = (refund_id IS NOT NULL)) NOT VALID"
    )
