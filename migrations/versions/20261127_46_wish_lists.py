"""What is wished for and what is saved for later: owned as carts are, by a user or by a guest's session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "46_wish_lists"
down_revision = "32_other_books"
branch_labels = None
depends_on = None

TABLES = ("saved_for_later", "wish_lists", "wish_list_items")
OWN_OR_SESSION = (
    "(user_id = (SELECT acting_user_id()) OR (user_id IS NULL AND session_id = (SELECT acting_session_id())))"
)
OF_LIST = "EXISTS (SELECT FROM wish_lists AS parent WHERE parent.id = wish_list_items.wish_list_id)"


def upgrade() -> None:
    _create_saved_for_later()
    _create_wish_lists()
    op.execute(
        "CREATE TRIGGER set_updated_at BEFORE UPDATE ON wish_lists FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
    )
    _protect()


def _owner(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("num_nonnulls(user_id, session_id) = 1", name=op.f(f"ck_{table}_one_owner")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["user_sessions.id"], name=op.f(f"fk_{table}_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False)


def _create_saved_for_later() -> None:
    op.create_table(
        "saved_for_later",
        *_owner("saved_for_later"),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("unit_price", sa.Numeric(12, 2), nullable=True),
        _moment("created_at"),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name=op.f("ck_saved_for_later_quantity_in_range")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_saved_for_later_product_id"), ondelete="CASCADE"
        ),
    )
    for owner in ("user_id", "session_id"):
        op.create_index(
            f"uq_saved_for_later_{owner}_product_id", "saved_for_later", [owner, "product_id"], unique=True
        )
    op.create_index("ix_saved_for_later_product_id", "saved_for_later", ["product_id"])


def _create_wish_lists() -> None:
    op.create_table(
        "wish_lists",
        *_owner("wish_lists"),
        sa.Column("share_token", sa.Text(), nullable=True),
        _moment("created_at"),
        _moment("updated_at"),
        sa.CheckConstraint(
            "share_token IS NULL OR user_id IS NOT NULL", name=op.f("ck_wish_lists_shared_by_a_user")
        ),
    )
    for column in ("user_id", "session_id", "share_token"):
        op.create_index(f"uq_wish_lists_{column}", "wish_lists", [column], unique=True)
    op.create_table(
        "wish_list_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("wish_list_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        _moment("created_at"),
        sa.ForeignKeyConstraint(
            ["wish_list_id"],
            ["wish_lists.id"],
            name=op.f("fk_wish_list_items_wish_list_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_wish_list_items_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish_list_items")),
        sa.UniqueConstraint(
            "wish_list_id", "product_id", name=op.f("uq_wish_list_items_wish_list_id_product_id")
        ),
    )
    op.create_index("ix_wish_list_items_product_id", "wish_list_items", ["product_id"])


def _protect() -> None:
    names = context.config.attributes["roles"]
    owner, app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("owner", "app", "shopper"))
    for table in TABLES:
        rule = OF_LIST if table == "wish_list_items" else OWN_OR_SESSION
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}")
        op.execute(f"GRANT SELECT ON {table} TO {shopper}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY p_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_app ON {table} TO {app} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_shopper_select ON {table} FOR SELECT TO {shopper} USING ({rule})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
