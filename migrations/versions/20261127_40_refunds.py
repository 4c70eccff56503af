"""Refunds by line: what was given back of each line and of the shipping, with its tax, never more than was paid.

An order refund is the decision: which lines, how much, why. ``refunds`` and ``gift_card_entries`` are the money that
carries it out. Triggers keep the sums on the order and its lines, and checks there refuse what was given back before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "40_refunds"
down_revision = "49_invoices"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2)
OWN_ORDER = "EXISTS (SELECT FROM orders AS parent WHERE parent.id = order_refunds.order_id)"
OWN_REFUND = "EXISTS (SELECT FROM order_refunds AS parent WHERE parent.id = refund_items.order_refund_id)"
# Without who decided it, and without which gift card it went to.
SEEN = (
    "id, order_id, amount, tax, adjustment, gift_card_amount, waived_amount, destination, status, reason,"
    " created_at, updated_at"
)
COLUMNS = {
    "orders": ("refunded_amount", "refunded_tax", "refunded_shipping", "exchange_amount", "exchange_tax"),
    "order_items": ("refunded_amount", "refunded_tax", "exchange_amount", "exchange_tax"),
}
CHECKS = {
    "orders": {
        "refunded_within_paid": "refunded_amount >= 0 AND refunded_amount <= total_amount + exchange_amount",
        "refunded_tax_within_tax": "refunded_tax >= 0 AND refunded_tax <= tax_amount + exchange_tax",
        "refunded_shipping_within_shipping": "refunded_shipping >= 0 AND refunded_shipping <= shipping_amount"
        " + CASE WHEN prices_include_tax THEN 0 ELSE tax_amount END",
        "exchanges_not_negative": "exchange_amount >= 0 AND exchange_tax >= 0",
    },
    "order_items": {
        "refunded_units_within_bought": "refunded_quantity >= 0 AND refunded_quantity <= quantity",
        "refunded_within_paid": "refunded_amount >= 0 AND refunded_amount <= total_price + tax + exchange_amount",
        "refunded_tax_within_tax": "refunded_tax >= 0 AND refunded_tax <= tax + exchange_tax",
        "exchanges_not_negative": "exchange_amount >= 0 AND exchange_tax >= 0",
    },
}

BOOK_REFUND_ITEMS = """
CREATE FUNCTION book_refund_items(refund uuid, sign integer) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  UPDATE order_items AS line SET
    refunded_quantity = line.refunded_quantity + sign * part.quantity,
    refunded_amount = line.refunded_amount + sign * part.amount,
    refunded_tax = line.refunded_tax + sign * part.tax
  FROM refund_items AS part WHERE part.order_refund_id = refund AND line.id = part.order_item_id;
  UPDATE orders AS one SET
    refunded_amount = one.refunded_amount + sign * whole.amount,
    refunded_tax = one.refunded_tax + sign * whole.tax,
    refunded_shipping = one.refunded_shipping + sign * whole.shipping
  FROM (
    SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(tax), 0) AS tax,
      coalesce(sum(amount) FILTER (WHERE order_item_id IS NULL), 0) AS shipping
    FROM refund_items WHERE order_refund_id = refund
  ) AS whole
  WHERE one.id = (SELECT order_id FROM order_refunds WHERE id = refund);
$$
"""
# The items of one refund are written by one statement, and none is added later.
COUNT_REFUND_ITEMS = """
CREATE FUNCTION count_refund_items() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  refund uuid;
BEGIN
  FOR refund IN SELECT DISTINCT order_refund_id FROM fresh LOOP
    IF EXISTS (
      SELECT FROM refund_items AS earlier WHERE earlier.order_refund_id = refund
      AND NOT EXISTS (SELECT FROM fresh WHERE fresh.id = earlier.id)
    ) OR (SELECT status FROM order_refunds WHERE id = refund) = 'failed' THEN
      RAISE EXCEPTION 'refund % is closed', refund
        USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_refund_items_closed', TABLE = 'refund_items';
    END IF;
    PERFORM book_refund_items(refund, 1);
  END LOOP;
  RETURN NULL;
END
$$
"""
FREE_FAILED_REFUND = """
CREATE FUNCTION free_failed_refund() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.status = 'failed' THEN
    RAISE EXCEPTION 'refund % is closed', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_order_refunds_closed', TABLE = 'order_refunds';
  END IF;
  IF NEW.status = 'failed' THEN
    PERFORM book_refund_items(NEW.id, -1);
  END IF;
  RETURN NULL;
END
$$
"""


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, MONEY, server_default="0", nullable=False))
    op.add_column(
        "order_items", sa.Column("refunded_quantity", sa.Integer(), server_default="0", nullable=False)
    )
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    _create_tables()
    op.add_column("refunds", sa.Column("order_refund_id", sa.Uuid(), nullable=True))
    op.add_column("refunds", sa.Column("gift_card_id", sa.Uuid(), nullable=True))
    op.add_column("gift_card_entries", sa.Column("order_refund_id", sa.Uuid(), nullable=True))
    for table, column, target in (
        ("refunds", "order_refund_id", "order_refunds"),
        ("refunds", "gift_card_id", "gift_cards"),
        ("gift_card_entries", "order_refund_id", "order_refunds"),
    ):
        op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, target, [column], ["id"])
        op.create_index(f"ix_{table}_{column}", table, [column])
    for statement in (BOOK_REFUND_ITEMS, COUNT_REFUND_ITEMS, FREE_FAILED_REFUND):
        op.execute(statement)
    op.execute("REVOKE ALL ON FUNCTION book_refund_items(uuid, integer) FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER count_items AFTER INSERT ON refund_items REFERENCING NEW TABLE AS fresh"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_refund_items()"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON refund_items"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER free_failed AFTER UPDATE OF status ON order_refunds"
        " FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION free_failed_refund()"
    )
    op.execute(
        "CREATE TRIGGER set_updated_at BEFORE UPDATE ON order_refunds FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
    )
    _protect()


def _create_tables() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "order_refunds",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("tax", MONEY, nullable=False),
        sa.Column("adjustment", MONEY, server_default="0", nullable=False),
        sa.Column("gift_card_amount", MONEY, server_default="0", nullable=False),
        sa.Column("waived_amount", MONEY, server_default="0", nullable=False),
        sa.Column("destination", sa.Text(), server_default="original", nullable=False),
        sa.Column("gift_card_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_order_refunds_amount_positive")),
        sa.CheckConstraint("tax >= 0 AND tax <= amount", name=op.f("ck_order_refunds_tax_within_amount")),
        sa.CheckConstraint(
            "gift_card_amount >= 0 AND waived_amount >= 0 AND gift_card_amount + waived_amount <= amount",
            name=op.f("ck_order_refunds_parts_within_amount"),
        ),
        sa.CheckConstraint(
            "destination IN ('original', 'gift_card')", name=op.f("ck_order_refunds_destination_known")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_order_refunds_status_known")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_refunds_order_id")),
        sa.ForeignKeyConstraint(
            ["gift_card_id"], ["gift_cards.id"], name=op.f("fk_order_refunds_gift_card_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_refunds")),
    )
    op.create_index("ix_order_refunds_order_id", "order_refunds", ["order_id"])
    op.create_index("ix_order_refunds_gift_card_id", "order_refunds", ["gift_card_id"])
    op.create_table(
        "refund_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_refund_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("tax", MONEY, nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_refund_items_quantity_not_negative")),
        sa.CheckConstraint(
            "quantity = 0 OR order_item_id IS NOT NULL", name=op.f("ck_refund_items_units_have_a_line")
        ),
        sa.CheckConstraint(
            "amount >= 0 AND tax >= 0 AND tax <= amount", name=op.f("ck_refund_items_tax_within_amount")
        ),
        sa.ForeignKeyConstraint(
            ["order_refund_id"], ["order_refunds.id"], name=op.f("fk_refund_items_order_refund_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["order_items.id"], name=op.f("fk_refund_items_order_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_items")),
        sa.UniqueConstraint(
            "order_refund_id",
            "order_item_id",
            name=op.f("uq_refund_items_order_refund_id_order_item_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_refund_items_order_item_id", "refund_items", ["order_item_id"])


def _protect() -> None:
    names = context.config.attributes["roles"]
    owner, app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("owner", "app", "shopper"))
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON order_refunds TO {app}")
    op.execute(f"GRANT SELECT, INSERT ON refund_items TO {app}")
    op.execute(f"GRANT SELECT ({SEEN}) ON order_refunds TO {shopper}")
    op.execute(f"GRANT SELECT ON refund_items TO {shopper}")
    op.execute(f"GRANT SELECT ({', '.join(COLUMNS['orders'])}) ON orders TO {shopper}")
    op.execute(f"GRANT SELECT (order_refund_id) ON refunds TO {shopper}")
    for table, seen in (("order_refunds", OWN_ORDER), ("refund_items", OWN_REFUND)):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY p_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_app ON {table} TO {app} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_shopper_select ON {table} FOR SELECT TO {shopper} USING ({seen})")


def downgrade() -> None:
    op.drop_column("gift_card_entries", "order_refund_id")
    for column in ("gift_card_id", "order_refund_id"):
        op.drop_column("refunds", column)
    op.drop_table("refund_items")
    op.drop_table("order_refunds")
    for function in ("count_refund_items()", "free_failed_refund()", "book_refund_items(uuid, integer)"):
        op.execute(f"DROP FUNCTION {function}")
    for table, checks in CHECKS.items():
        for name in checks:
            op.drop_constraint(f"ck_{table}_{name}", table)
    op.drop_column("order_items", "refunded_quantity")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
