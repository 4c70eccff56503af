"""Other shops' books: what rows were called there, and how their customers pay.

An order's outside number becomes unique: a second import must find the order, never make another. Shoppers, and the
assistant in their name, may read what was paid for their orders, and with what: what providers said of it stays ours.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "32_other_books"
down_revision = "30_promotions"
branch_labels = None
depends_on = None

OWN_USER = "user_id = (SELECT acting_user_id())"
# Whoever sees the order may see what it was called elsewhere: the order's own policy decides.
OWN_ORDER = "EXISTS (SELECT FROM orders AS parent WHERE parent.id = {}.order_id)"
OWN_CARD = "EXISTS (SELECT FROM saved_payment_methods AS own WHERE own.gift_card_id = gift_cards.id)"
# A product's other name is nobody's secret.
SEEN = {
    "saved_payment_methods": OWN_USER,
    "external_ids": f"({OWN_USER} OR product_id IS NOT NULL OR {OWN_ORDER.format('external_ids')})",
    "payments": OWN_ORDER.format("payments"),
    "refunds": OWN_ORDER.format("refunds"),
    "gift_cards": OWN_CARD,
}
NEW = ("saved_payment_methods", "external_ids")
# Without the providers' references and words, and without the hash of a gift card's code.
_MONEY = "id, order_id, amount, currency, status, saved_method_id, created_at, updated_at"
COLUMNS = {
    "payments": f"{_MONEY}, provider, captured_amount, refunded_amount",
    "refunds": f"{_MONEY}, payment_id, reason",
    "gift_cards": "id, balance, currency, expires_at, is_active",
}


def upgrade() -> None:
    _saved_payment_methods()
    _external_ids()
    for table in ("payments", "refunds"):
        op.add_column(table, sa.Column("saved_method_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_saved_method_id"),
            table,
            "saved_payment_methods",
            ["saved_method_id"],
            ["id"],
            ondelete="SET NULL",
        )
        op.create_index(f"ix_{table}_saved_method_id", table, ["saved_method_id"])
    op.drop_index("ix_orders_external_id", table_name="orders")
    op.create_index(
        "uq_orders_external_id",
        "orders",
        ["external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    for table in NEW:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )
    for table, seen in SEEN.items():
        _protect(table, seen)


def _saved_payment_methods() -> None:
    op.create_table(
        "saved_payment_methods",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("last_four", sa.Text(), nullable=True),
        sa.Column("gift_card_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('credit_card', 'paypal', 'gift_card')",
            name=op.f("ck_saved_payment_methods_kind_known"),
        ),
        sa.CheckConstraint(
            "(kind = 'gift_card') = (gift_card_id IS NOT NULL)",
            name=op.f("ck_saved_payment_methods_gift_card_has_its_balance"),
        ),
        sa.CheckConstraint(
            "last_four IS NULL OR last_four ~ '^[0-9]{4}$'",
            name=op.f("ck_saved_payment_methods_last_four_digits"),
        ),
        sa.CheckConstraint(
            "(kind = 'credit_card') = (brand IS NOT NULL AND last_four IS NOT NULL)",
            name=op.f("ck_saved_payment_methods_card_is_named"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_saved_payment_methods_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["gift_card_id"], ["gift_cards.id"], name=op.f("fk_saved_payment_methods_gift_card_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_payment_methods")),
    )
    op.create_index("ix_saved_payment_methods_user_id", "saved_payment_methods", ["user_id", "position"])
    op.create_index("ix_saved_payment_methods_gift_card_id", "saved_payment_methods", ["gift_card_id"])
    op.create_index(
        "uq_saved_payment_methods_external_id",
        "saved_payment_methods",
        ["external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )


def _external_ids() -> None:
    targets = {"user_id": "users", "product_id": "products", "order_id": "orders"}
    op.create_table(
        "external_ids",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        *(sa.Column(column, sa.Uuid(), nullable=True) for column in targets),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("kind IN ('user', 'product', 'order')", name=op.f("ck_external_ids_kind_known")),
        sa.CheckConstraint(
            "num_nonnulls(user_id, product_id, order_id) = 1 AND CASE kind WHEN 'user' THEN user_id"
            " WHEN 'product' THEN product_id ELSE order_id END IS NOT NULL",
            name=op.f("ck_external_ids_names_one_of_its_kind"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_external_ids_{column}"), ondelete="CASCADE"
            )
            for column, table in targets.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_ids")),
        sa.UniqueConstraint("kind", "external_id", name=op.f("uq_external_ids_kind_external_id")),
    )
    for column in targets:
        op.create_index(
            f"ix_external_ids_{column}",
            "external_ids",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def _protect(table: str, seen: str) -> None:
    names = context.config.attributes["roles"]
    owner, app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("owner", "app", "shopper"))
    if table in NEW:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}")
    seen_columns = f" ({COLUMNS[table]})" if table in COLUMNS else ""
    op.execute(f"GRANT SELECT{seen_columns} ON {table} TO {shopper}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY p_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY p_app ON {table} TO {app} USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY p_shopper_select ON {table} FOR SELECT TO {shopper} USING ({seen})")


def downgrade() -> None:
    shopper = '"' + context.config.attributes["roles"]["shopper"].replace('"', '""') + '"'
    for table, columns in COLUMNS.items():
        for policy in ("p_shopper_select", "p_app", "p_owner"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ({columns}) ON {table} FROM {shopper}")
    op.drop_index("uq_orders_external_id", table_name="orders")
    op.create_index(
        "ix_orders_external_id",
        "orders",
        ["external_id"],
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    for table in ("payments", "refunds"):
        op.drop_column(table, "saved_method_id")
    op.drop_table("external_ids")
    op.drop_table("saved_payment_methods")
