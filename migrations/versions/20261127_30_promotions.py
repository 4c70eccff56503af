"""Promotions that can be run: customer groups, lanes, batches of single-use codes; what an order was reduced by.

An order keeps its own copy of what reduced it, as it does of names and prices: a promotion that is renamed later
changes no order.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "30_promotions"
down_revision = "21_outbox_kinds"
branch_labels = None
depends_on = None

TABLES = ("customer_groups", "customer_group_members", "promotion_codes")


def upgrade() -> None:
    _create_tables()
    op.add_column("promotions", sa.Column("lane", sa.Text(), server_default="goods", nullable=False))
    op.add_column("promotions", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "promotions", sa.Column("has_single_codes", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("promotions", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.execute("UPDATE promotions SET lane = 'shipping' WHERE kind = 'free_shipping'")
    op.create_check_constraint(
        op.f("ck_promotions_lane_is_a_word"), "promotions", "lane ~ '^[a-z][a-z0-9-]{0,39}$'"
    )
    op.create_check_constraint(
        op.f("ck_promotions_one_kind_of_code"), "promotions", "NOT has_single_codes OR code IS NULL"
    )
    op.add_column(
        "promotion_uses",
        sa.Column("shipping_amount", sa.Numeric(12, 2), server_default="0", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_promotion_uses_amounts_not_negative"),
        "promotion_uses",
        "amount >= 0 AND shipping_amount >= 0",
    )
    op.add_column("gift_cards", sa.Column("code_hint", sa.Text(), server_default="", nullable=False))
    op.add_column("carts", sa.Column("gift_card_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_carts_gift_card_id"), "carts", "gift_cards", ["gift_card_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_carts_gift_card_id",
        "carts",
        ["gift_card_id"],
        postgresql_where=sa.text("gift_card_id IS NOT NULL"),
    )
    empty = sa.text("'[]'::jsonb")
    op.add_column("orders", sa.Column("reductions", postgresql.JSONB(), server_default=empty, nullable=False))
    op.add_column(
        "orders", sa.Column("gift_card_amount", sa.Numeric(12, 2), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_orders_gift_card_within_total"),
        "orders",
        "gift_card_amount >= 0 AND gift_card_amount <= total_amount",
    )
    _grant()


def _create_tables() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "customer_groups",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", postgresql.CITEXT(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_customer_groups_name")),
    )
    op.create_table(
        "customer_group_members",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["customer_groups.id"],
            name=op.f("fk_customer_group_members_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_customer_group_members_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_customer_group_members")),
    )
    op.create_index("ix_customer_group_members_user_id", "customer_group_members", ["user_id"])
    op.create_table(
        "promotion_codes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("code", postgresql.CITEXT(), nullable=False),
        sa.Column("batch", sa.Text(), server_default="", nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_codes_promotion_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_promotion_codes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_promotion_codes_code")),
    )
    op.create_index("ix_promotion_codes_promotion_id", "promotion_codes", ["promotion_id", "batch"])
    op.create_index(
        "ix_promotion_codes_order_id",
        "promotion_codes",
        ["order_id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )


def _grant() -> None:
    names = context.config.attributes["roles"]
    app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("app", "shopper"))
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}")
    # Orders are granted to the shopper column by column (their notes are the staff's own).
    op.execute(f"GRANT SELECT (reductions, gift_card_amount) ON orders TO {shopper}")


def downgrade() -> None:
    op.drop_constraint("ck_orders_gift_card_within_total", "orders")
    op.drop_column("orders", "gift_card_amount")
    op.drop_column("orders", "reductions")
    op.drop_index("ix_carts_gift_card_id", "carts")
    op.drop_column("carts", "gift_card_id")
    op.drop_column("gift_cards", "code_hint")
    op.drop_constraint("ck_promotion_uses_amounts_not_negative", "promotion_uses")
    op.drop_column("promotion_uses", "shipping_amount")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_constraint("ck_promotions_one_kind_of_code", "promotions")
    op.drop_constraint("ck_promotions_lane_is_a_word", "promotions")
    for column in ("version", "has_single_codes", "priority", "lane"):
        op.drop_column("promotions", column)
