"""Letters that people ask for: back in stock, and about a cart they left; what they agreed to, and since when.

A trigger tells when a product that somebody waits for can be bought again: nothing asks all products.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "46_reminders"
down_revision = "46_wish_lists"
branch_labels = None
depends_on = None

TABLES = ("consents", "stock_alerts", "cart_reminders")

# Only where somebody waits: a shop in which nobody does writes nothing.
NOTE_ARRIVALS = """
CREATE FUNCTION note_arrivals() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO outbox (kind, payload)
  SELECT 'stock.arrived', jsonb_build_object('product_id', n.id)
  FROM new_rows AS n JOIN old_rows AS o USING (id)
  WHERE n.is_active AND n.deleted_at IS NULL AND n.stock_quantity > n.reserved_quantity
    AND NOT (o.is_active AND o.deleted_at IS NULL AND o.stock_quantity > o.reserved_quantity)
    AND EXISTS (SELECT FROM stock_alerts AS a WHERE a.product_id = n.id AND a.status = 'waiting');
  RETURN NULL;
END
$$
"""


def upgrade() -> None:
    _create_consents()
    _create_stock_alerts()
    _create_cart_reminders()
    op.add_column("carts", sa.Column("restored_from", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_carts_restored_from"), "carts", "carts", ["restored_from"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_carts_restored_from",
        "carts",
        ["restored_from"],
        postgresql_where=sa.text("restored_from IS NOT NULL"),
    )
    op.execute(NOTE_ARRIVALS)
    op.execute("REVOKE ALL ON FUNCTION note_arrivals() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER note_arrivals AFTER UPDATE ON products"
        " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION note_arrivals()"
    )
    _protect()


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False)


def _moment(name: str, *, required: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if required else None
    return sa.Column(name, sa.TIMESTAMP(timezone=True), server_default=default, nullable=not required)


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def _create_consents() -> None:
    op.create_table(
        "consents",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _moment("given_at", required=True),
        _moment("withdrawn_at"),
        sa.CheckConstraint("purpose IN ('cart_reminder')", name=op.f("ck_consents_purpose_known")),
        sa.CheckConstraint("source IN ('account', 'checkout')", name=op.f("ck_consents_source_known")),
        sa.CheckConstraint("withdrawn_at >= given_at", name=op.f("ck_consents_withdrawn_after_given")),
        _reference("consents", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(
        "uq_consents_standing",
        "consents",
        ["user_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("ix_consents_user_id", "consents", ["user_id"])


def _create_stock_alerts() -> None:
    op.create_table(
        "stock_alerts",
        _id(),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email", postgresql.CITEXT(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        _moment("confirmed_at"),
        _moment("notified_at"),
        _moment("created_at", required=True),
        sa.CheckConstraint(
            "status IN ('unconfirmed', 'waiting', 'sent', 'cancelled')",
            name=op.f("ck_stock_alerts_status_known"),
        ),
        sa.CheckConstraint("num_nonnulls(user_id, email) = 1", name=op.f("ck_stock_alerts_one_recipient")),
        sa.CheckConstraint(
            "status <> 'unconfirmed' OR email IS NOT NULL",
            name=op.f("ck_stock_alerts_users_need_no_confirmation"),
        ),
        sa.CheckConstraint(
            "(status = 'sent') = (notified_at IS NOT NULL)", name=op.f("ck_stock_alerts_sent_has_a_time")
        ),
        _reference("stock_alerts", "product_id", "products"),
        _reference("stock_alerts", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_alerts")),
    )
    for name, columns, where in (
        ("uq_stock_alerts_open_of_user", ["product_id", "user_id"], "status = 'waiting'"),
        ("uq_stock_alerts_open_of_email", ["product_id", "email"], "status IN ('unconfirmed', 'waiting')"),
    ):
        op.create_index(name, "stock_alerts", columns, unique=True, postgresql_where=sa.text(where))
    op.create_index(
        "ix_stock_alerts_waiting",
        "stock_alerts",
        ["product_id", "created_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("ix_stock_alerts_notified", "stock_alerts", ["product_id", "notified_at"])
    op.create_index("ix_stock_alerts_user_id", "stock_alerts", ["user_id"])
    op.create_index("ix_stock_alerts_email_created_at", "stock_alerts", ["email", "created_at"])
    op.create_index("ix_stock_alerts_created_at", "stock_alerts", ["created_at"])


def _create_cart_reminders() -> None:
    op.create_table(
        "cart_reminders",
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        _moment("created_at", required=True),
        _moment("sent_at"),
        _reference("cart_reminders", "cart_id", "carts"),
        sa.PrimaryKeyConstraint("cart_id", name=op.f("pk_cart_reminders")),
    )


def _protect() -> None:
    names = context.config.attributes["roles"]
    owner, app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("owner", "app", "shopper"))
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}")
    for table in ("consents", "stock_alerts"):
        op.execute(f"GRANT SELECT ON {table} TO {shopper}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY p_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_app ON {table} TO {app} USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY p_shopper_select ON {table} FOR SELECT TO {shopper}"
            " USING (user_id = (SELECT acting_user_id()))"
        )


def downgrade() -> None:
    op.execute("DROP TRIGGER note_arrivals ON products")
    op.execute("DROP FUNCTION note_arrivals()")
    op.drop_index("ix_carts_restored_from", "carts")
    op.drop_constraint("fk_carts_restored_from", "carts", type_="foreignkey")
    op.drop_column("carts", "restored_from")
    for table in reversed(TABLES):
        op.drop_table(table)
