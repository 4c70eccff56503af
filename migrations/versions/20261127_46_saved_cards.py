"""Cards that people keep: who they are at the provider, and that the provider forgets them when they go.

However an account ends (marked as deleted or taken out), a trigger leaves word that the provider is to forget it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "46_saved_cards"
down_revision = "46_reminders"
branch_labels = None
depends_on = None

FORGET_CUSTOMER = """
CREATE FUNCTION forget_payment_customer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO outbox (kind, payload)
  VALUES ('payments.forget_customer', jsonb_build_object('reference', OLD.reference));
  RETURN NULL;
END
$$
"""

FORGET_CARDS = """
CREATE FUNCTION forget_cards_of_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM saved_payment_methods WHERE user_id = NEW.id AND provider_reference IS NOT NULL;
  DELETE FROM payment_customers WHERE user_id = NEW.id;
  RETURN NULL;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "payment_customers",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_payment_customers_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_payment_customers")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_customers_reference")),
    )
    op.add_column("saved_payment_methods", sa.Column("provider_reference", sa.Text(), nullable=True))
    op.create_index(
        "uq_saved_payment_methods_provider_reference",
        "saved_payment_methods",
        ["provider_reference"],
        unique=True,
        postgresql_where=sa.text("provider_reference IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_saved_payment_methods_only_cards_are_at_the_provider"),
        "saved_payment_methods",
        "provider_reference IS NULL OR kind = 'credit_card'",
    )
    op.add_column("payments", sa.Column("kept_for", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_payments_kept_for"), "payments", "users", ["kept_for"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_payments_kept_for", "payments", ["kept_for"], postgresql_where=sa.text("kept_for IS NOT NULL")
    )
    for function in (FORGET_CUSTOMER, FORGET_CARDS):
        op.execute(function)
    for name in ("forget_payment_customer()", "forget_cards_of_deleted()"):
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER forget_payment_customer AFTER DELETE ON payment_customers"
        " FOR EACH ROW EXECUTE FUNCTION forget_payment_customer()"
    )
    op.execute(
        "CREATE TRIGGER forget_cards AFTER UPDATE OF deleted_at ON users FOR EACH ROW"
        " WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)"
        " EXECUTE FUNCTION forget_cards_of_deleted()"
    )
    names = context.config.attributes["roles"]
    app = '"' + names["app"].replace('"', '""') + '"'
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON payment_customers TO {app}")


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_cards ON users")
    op.execute("DROP TRIGGER forget_payment_customer ON payment_customers")
    op.execute("DROP FUNCTION forget_cards_of_deleted()")
    op.execute("DROP FUNCTION forget_payment_customer()")
    op.drop_index("ix_payments_kept_for", "payments")
    op.drop_constraint("fk_payments_kept_for", "payments", type_="foreignkey")
    op.drop_column("payments", "kept_for")
    op.drop_constraint("ck_saved_payment_methods_only_cards_are_at_the_provider", "saved_payment_methods")
    op.drop_index("uq_saved_payment_methods_provider_reference", "saved_payment_methods")
    op.drop_column("saved_payment_methods", "provider_reference")
    op.drop_table("payment_customers")
