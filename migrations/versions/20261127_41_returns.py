"""Returns and exchanges end to end: numbered, reasons by line, stock held for replacements, their way out and paid.

The state machine is the same as in storefront.returns.models (a test compares).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "41_returns"
down_revision = "40_refunds"
branch_labels = None
depends_on = None

STATES = {
    "requested": ("approved", "rejected", "cancelled"),
    "approved": ("received", "cancelled"),
    "received": ("completed",),
}
EDGES = ", ".join(f"('{old}', '{new}')" for old, following in STATES.items() for new in following)
CHECK_RETURN_STATE = f"""
CREATE FUNCTION check_return_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.status, NEW.status) NOT IN ({EDGES}) THEN
    RAISE EXCEPTION 'return % cannot go from % to %', OLD.number, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_returns_status', TABLE = 'returns';
  END IF;
  RETURN NEW;
END
$$
"""
HOLDERS = "num_nonnulls(cart_id, order_id) = 1"


def upgrade() -> None:
    op.add_column("returns", sa.Column("number", sa.Text(), nullable=True))
    op.execute("UPDATE returns SET number = id::text")
    op.alter_column("returns", "number", nullable=False)
    op.create_unique_constraint(op.f("uq_returns_number"), "returns", ["number"])
    for column in ("note", "refusal", "carrier", "tracking_number"):
        op.add_column("returns", sa.Column(column, sa.Text(), server_default="", nullable=False))
    op.add_column("returns", sa.Column("shipped_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("returns", sa.Column("payment_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_returns_payment_id"), "returns", "payments", ["payment_id"], ["id"])
    op.create_index("ix_returns_payment_id", "returns", ["payment_id"])
    op.create_check_constraint(
        op.f("ck_returns_closed_has_a_time"),
        "returns",
        "(status IN ('completed', 'rejected', 'cancelled')) = (closed_at IS NOT NULL)",
    )
    op.create_index("ix_returns_created_at", "returns", [sa.text("created_at DESC")])
    _items()
    _holds()
    op.add_column("order_refunds", sa.Column("return_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_order_refunds_return_id"), "order_refunds", "returns", ["return_id"], ["id"]
    )
    op.create_index(
        "uq_order_refunds_return_id",
        "order_refunds",
        ["return_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'failed'"),
    )
    op.execute(CHECK_RETURN_STATE)
    op.execute(
        "CREATE TRIGGER check_state BEFORE UPDATE OF status ON returns"
        " FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION check_return_state()"
    )


def _items() -> None:
    for column in ("reason", "note", "replacement_name", "replacement_sku"):
        op.add_column("return_items", sa.Column(column, sa.Text(), server_default="", nullable=False))
    op.add_column(
        "return_items",
        sa.Column(
            "replacement_options", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
    )
    op.add_column("return_items", sa.Column("replacement_price", sa.Numeric(12, 2), nullable=True))
    op.add_column(
        "return_items", sa.Column("price_difference", sa.Numeric(12, 2), server_default="0", nullable=False)
    )
    op.add_column("return_items", sa.Column("restocked", sa.Boolean(), nullable=True))


def _holds() -> None:
    op.add_column("stock_reservations", sa.Column("return_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_stock_reservations_return_id"), "stock_reservations", "returns", ["return_id"], ["id"]
    )
    op.create_index(
        "uq_stock_reservations_return",
        "stock_reservations",
        ["return_id", "product_id"],
        unique=True,
        postgresql_where=sa.text("return_id IS NOT NULL"),
    )
    op.drop_constraint("ck_stock_reservations_one_holder", "stock_reservations")
    op.create_check_constraint(
        op.f("ck_stock_reservations_one_holder"),
        "stock_reservations",
        "num_nonnulls(cart_id, order_id, return_id) = 1",
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER check_state ON returns")
    op.execute("DROP FUNCTION check_return_state()")
    op.drop_column("order_refunds", "return_id")
    op.execute("DELETE FROM stock_reservations WHERE return_id IS NOT NULL")
    op.drop_constraint("ck_stock_reservations_one_holder", "stock_reservations")
    op.drop_column("stock_reservations", "return_id")
    op.create_check_constraint(op.f("ck_stock_reservations_one_holder"), "stock_reservations", HOLDERS)
    for column in (
        *("restocked", "price_difference", "replacement_price", "replacement_options"),
        *("replacement_sku", "replacement_name", "note", "reason"),
    ):
        op.drop_column("return_items", column)
    op.drop_index("ix_returns_created_at", "returns")
    op.drop_constraint("ck_returns_closed_has_a_time", "returns")
    for column in ("payment_id", "shipped_at", "tracking_number", "carrier", "refusal", "note", "number"):
        op.drop_column("returns", column)
