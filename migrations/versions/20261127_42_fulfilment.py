"""From placed to delivered: parcels count what was shipped, captures are promised before they are asked for.

A parcel's items count on their lines from the moment it is prepared, so that two people never send the same units;
one that was cancelled frees them. A payment has one capture under way at a time: what the provider says afterwards
then belongs to that one. Units sold on back-order are held without an end.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "42_fulfilment"
down_revision = "41_returns"
branch_labels = None
depends_on = None

COUNT_PARCEL = """
CREATE FUNCTION count_parcel() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  before jsonb := '[]';
  after jsonb := '[]';
  strangers integer;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.status <> 'cancelled' THEN
    before := OLD.items;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.status <> 'cancelled' THEN
    after := NEW.items;
    SELECT count(*) INTO strangers FROM jsonb_to_recordset(after) AS a(order_item_id uuid, quantity integer)
    LEFT JOIN order_items AS i ON i.id = a.order_item_id AND i.order_id = NEW.order_id
    WHERE i.id IS NULL OR a.quantity IS NULL OR a.quantity < 1;
    IF strangers > 0 THEN
      RAISE EXCEPTION 'a parcel of order % holds what is not of that order', NEW.order_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_shipments_items', TABLE = 'shipments';
    END IF;
  END IF;
  UPDATE order_items AS i SET shipped_quantity = shipped_quantity + d.units
  FROM (
    SELECT order_item_id, sum(quantity)::integer AS units FROM (
      SELECT order_item_id, quantity FROM jsonb_to_recordset(after) AS a(order_item_id uuid, quantity integer)
      UNION ALL
      SELECT order_item_id, -quantity FROM jsonb_to_recordset(before) AS b(order_item_id uuid, quantity integer)
    ) AS both_sides GROUP BY order_item_id
  ) AS d
  WHERE i.id = d.order_item_id AND d.units <> 0;
  RETURN NULL;
END
$$
"""

# As before (19_cache_changes); the page of a product that is sold on back-order also tells what lies on the shelf.
NOTE_CHANGED_PRODUCTS = """
CREATE OR REPLACE FUNCTION note_changed_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  roots uuid[];
  left_categories uuid[];
  listed boolean;
BEGIN
  WITH both_rows AS (
    SELECT coalesce(n.parent_id, n.id) AS root, o.parent_id AS old_parent,
      CASE WHEN n.category_id IS DISTINCT FROM o.category_id THEN o.category_id END AS left_category,
      n.version <> o.version AS rewritten,
      n.stock_quantity - n.reserved_quantity + n.backorder_limit AS left_now,
      o.stock_quantity - o.reserved_quantity + o.backorder_limit AS left_before{columns}
    FROM new_rows AS n JOIN old_rows AS o USING (id)
  ), changed AS (
    SELECT *, rewritten OR (left_now > 0) <> (left_before > 0) AS in_lists FROM both_rows
    WHERE rewritten OR least(left_now, 6) <> least(left_before, 6){condition}
  )
  SELECT array_agg(DISTINCT family.id), array_agg(DISTINCT left_category) FILTER (WHERE left_category IS NOT NULL),
    bool_or(in_lists)
  INTO roots, left_categories, listed
  FROM changed CROSS JOIN LATERAL (VALUES (root), (coalesce(old_parent, root))) AS family(id);
  IF roots IS NOT NULL THEN
    PERFORM note_stale_products(roots, coalesce(left_categories, '{}'), listed);
  END IF;
  RETURN NULL;
END
$$
"""
ON_SHELF = """,
      least(greatest(n.stock_quantity - n.reserved_quantity, 0), 6) AS lying_now,
      least(greatest(o.stock_quantity - o.reserved_quantity, 0), 6) AS lying_before"""


def _note_changed_products(*, shelf: bool) -> None:
    condition = " OR lying_now <> lying_before" if shelf else ""
    statement = NOTE_CHANGED_PRODUCTS.replace("{columns}", ON_SHELF if shelf else "")
    op.execute(statement.replace("{condition}", condition))


def upgrade() -> None:
    for name in ("shipped_quantity", "cancelled_quantity"):
        op.add_column("order_items", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE order_items AS i SET shipped_quantity = least(i.quantity, d.units) FROM ("
        " SELECT s.order_id, a.order_item_id, sum(a.quantity)::integer AS units FROM shipments AS s,"
        " jsonb_to_recordset(s.items) AS a(order_item_id uuid, quantity integer)"
        " WHERE s.status <> 'cancelled' GROUP BY 1, 2) AS d"
        " WHERE i.id = d.order_item_id AND i.order_id = d.order_id"
    )
    op.create_check_constraint(
        op.f("ck_order_items_shipped_within_quantity"),
        "order_items",
        "shipped_quantity >= 0 AND cancelled_quantity >= 0 AND shipped_quantity + cancelled_quantity <= quantity",
    )
    op.add_column("shipments", sa.Column("request_key", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_shipments_request_key"), "shipments", ["request_key"])
    op.execute(COUNT_PARCEL)
    op.execute(
        "CREATE TRIGGER count_parcel AFTER INSERT OR DELETE OR UPDATE OF items, status ON shipments"
        " FOR EACH ROW EXECUTE FUNCTION count_parcel()"
    )
    op.alter_column("stock_reservations", "expires_at", nullable=True)
    op.create_index(
        "ix_stock_reservations_waiting",
        "stock_reservations",
        ["product_id", "created_at"],
        postgresql_where=sa.text("expires_at IS NULL"),
    )
    _note_changed_products(shelf=True)
    _captures()
    app = context.config.attributes["roles"]["app"].replace('"', '""')
    op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON captures TO "{app}"')


def _captures() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "captures",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("is_final", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("actor", sa.Text(), server_default="system", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_captures_amount_positive")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_captures_currency_is_iso")),
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_captures_status_known")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_captures_payment_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_captures_order_id")),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_captures_shipment_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_captures_idempotency_key")),
    )
    op.create_index("ix_captures_order_id", "captures", ["order_id"])
    op.create_index("ix_captures_shipment_id", "captures", ["shipment_id"])
    op.create_index(
        "uq_captures_pending_of_payment",
        "captures",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.execute(
        "CREATE TRIGGER set_updated_at BEFORE UPDATE ON captures FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
    )


def downgrade() -> None:
    op.drop_table("captures")
    _note_changed_products(shelf=False)
    op.drop_index("ix_stock_reservations_waiting", "stock_reservations")
    # Without back-orders nobody waits for good: what is waited for would have been released long ago.
    op.execute("UPDATE stock_reservations SET expires_at = now() WHERE expires_at IS NULL")
    op.alter_column("stock_reservations", "expires_at", nullable=False)
    op.execute("DROP TRIGGER count_parcel ON shipments")
    op.execute("DROP FUNCTION count_parcel()")
    op.drop_constraint("uq_shipments_request_key", "shipments")
    op.drop_column("shipments", "request_key")
    op.drop_constraint("ck_order_items_shipped_within_quantity", "order_items")
    for name in ("cancelled_quantity", "shipped_quantity"):
        op.drop_column("order_items", name)
