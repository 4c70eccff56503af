"""Memberships: plans as data, subscriptions that name their plan and what the provider calls them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "46_memberships"
down_revision = "46_saved_cards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "membership_plans",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("price", sa.Numeric(12, 2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("free_shipping_over", sa.Numeric(12, 2), nullable=True),
        sa.Column("has_larger_chat_budget", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("price_id", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("interval IN ('month', 'year')", name=op.f("ck_membership_plans_interval_known")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_membership_plans_currency_is_iso")),
        sa.CheckConstraint("price > 0", name=op.f("ck_membership_plans_price_positive")),
        sa.CheckConstraint(
            "free_shipping_over >= 0", name=op.f("ck_membership_plans_free_shipping_over_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["customer_groups.id"], name=op.f("fk_membership_plans_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_membership_plans_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_plans")),
        sa.UniqueConstraint("name", name=op.f("uq_membership_plans_name")),
        sa.UniqueConstraint("group_id", name=op.f("uq_membership_plans_group_id")),
    )
    op.create_index("ix_membership_plans_promotion_id", "membership_plans", ["promotion_id"])
    op.execute(
        "CREATE TRIGGER set_updated_at BEFORE UPDATE ON membership_plans"
        " FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
    )
    op.add_column("subscriptions", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_subscriptions_plan_id"), "subscriptions", "membership_plans", ["plan_id"], ["id"]
    )
    op.create_index("ix_subscriptions_plan_id", "subscriptions", ["plan_id"])
    op.add_column("subscriptions", sa.Column("provider_reference", sa.Text(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_subscriptions_provider_reference"), "subscriptions", ["provider_reference"]
    )
    # One attempt at a time: two clicks must not become two subscriptions.
    op.create_index(
        "uq_subscriptions_beginning",
        "subscriptions",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'incomplete' AND provider_reference IS NULL"),
    )
    op.create_index(
        "ix_subscriptions_status_current_period_end", "subscriptions", ["status", "current_period_end"]
    )
    names = context.config.attributes["roles"]
    app = '"' + names["app"].replace('"', '""') + '"'
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON membership_plans TO {app}")


def downgrade() -> None:
    op.drop_index("ix_subscriptions_status_current_period_end", "subscriptions")
    op.drop_index("uq_subscriptions_beginning", "subscriptions")
    op.drop_constraint("uq_subscriptions_provider_reference", "subscriptions")
    op.drop_column("subscriptions", "provider_reference")
    op.drop_index("ix_subscriptions_plan_id", "subscriptions")
    op.drop_constraint("fk_subscriptions_plan_id", "subscriptions", type_="foreignkey")
    op.drop_column("subscriptions", "plan_id")
    op.drop_table("membership_plans")
