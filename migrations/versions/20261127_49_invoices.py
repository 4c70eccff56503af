"""Invoices and credit notes: numbered without gaps, unchangeable, adding up, never more credited than was invoiced.

A number is drawn by the trigger of the row that bears it, from one row for each series: it is taken if that row is
committed and is not if it is not, and whoever draws the next one waits until that is decided. Nobody but the trigger
may touch the series.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "49_invoices"
down_revision = "48_taxation"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2)
TREATMENTS = "treatment IN ('taxed', 'reverse_charge', 'untaxed')"
OWN_ORDER = "EXISTS (SELECT FROM orders AS parent WHERE parent.id = invoices.order_id)"
OWN_INVOICE = "EXISTS (SELECT FROM invoices AS parent WHERE parent.id = invoice_taxes.invoice_id)"
# Without the snapshot: the assistant needs no addresses out of it.
SEEN = {
    "invoices": " (id, order_id, kind, document_number, issued_on, corrects_id, currency, net, tax, gross, created_at)",
    "invoice_taxes": "",
}
FUNCTIONS = ("draw_invoice_number", "check_invoice_sums")

DRAW_NUMBER = """
CREATE FUNCTION draw_invoice_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  invoiced invoices%ROWTYPE;
  credited numeric;
BEGIN
  IF NEW.number IS NOT NULL THEN
    RAISE EXCEPTION 'a number is drawn, not chosen'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_invoices_number_is_drawn', TABLE = 'invoices';
  END IF;
  IF NEW.kind = 'credit_note' THEN
    SELECT * INTO invoiced FROM invoices WHERE id = NEW.corrects_id AND kind = 'invoice' FOR NO KEY UPDATE;
    SELECT coalesce(sum(gross), 0) INTO credited FROM invoices WHERE corrects_id = NEW.corrects_id;
    IF invoiced.id IS NULL OR invoiced.order_id <> NEW.order_id OR invoiced.currency <> NEW.currency
       OR credited + NEW.gross > invoiced.gross THEN
      RAISE EXCEPTION 'more is credited than was invoiced'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_invoices_credited_within_invoiced', TABLE = 'invoices';
    END IF;
  END IF;
  INSERT INTO invoice_series (kind, year) VALUES (NEW.kind, extract(year FROM NEW.issued_on)::integer)
    ON CONFLICT DO NOTHING;
  UPDATE invoice_series SET last_number = last_number + 1
    WHERE kind = NEW.kind AND year = extract(year FROM NEW.issued_on)::integer
    RETURNING year, last_number INTO NEW.year, NEW.number;
  RETURN NEW;
END
$$
"""
CHECK_SUMS = """
CREATE FUNCTION check_invoice_sums() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM invoice_taxes AS part WHERE part.invoice_id = NEW.id
    HAVING sum(part.net) = NEW.net AND sum(part.tax) = NEW.tax AND sum(part.gross) = NEW.gross
  ) THEN
    RAISE EXCEPTION 'the rates do not sum to the invoice'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_invoices_rates_sum_up', TABLE = 'invoices';
  END IF;
  RETURN NULL;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "invoice_series",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("last_number >= 0", name=op.f("ck_invoice_series_last_number_not_negative")),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_invoice_series")),
    )
    _invoices()
    _invoice_taxes()
    for statement in (DRAW_NUMBER, CHECK_SUMS):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER draw_number BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION draw_invoice_number()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER check_sums AFTER INSERT ON invoices DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION check_invoice_sums()"
    )
    for table in ("invoices", "invoice_taxes"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    _protect()


def _invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "document_number",
            sa.Text(),
            sa.Computed("prefix || '-' || year::text || '-' || lpad(number::text, 6, '0')", persisted=True),
            nullable=False,
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("vat_number", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net", MONEY, nullable=False),
        sa.Column("tax", MONEY, nullable=False),
        sa.Column("gross", MONEY, nullable=False),
        sa.Column("content", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name=op.f("ck_invoices_kind_known")),
        sa.CheckConstraint(
            "cause IN ('order', 'refund', 'cancellation', 'not_charged')",
            name=op.f("ck_invoices_cause_known"),
        ),
        sa.CheckConstraint(TREATMENTS, name=op.f("ck_invoices_treatment_known")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_invoices_currency_is_iso")),
        sa.CheckConstraint(
            "(kind = 'invoice') = (cause = 'order') AND (kind = 'credit_note') = (corrects_id IS NOT NULL)",
            name=op.f("ck_invoices_credit_note_corrects_an_invoice"),
        ),
        sa.CheckConstraint(
            "(cause = 'refund') = (refund_id IS NOT NULL)", name=op.f("ck_invoices_refund_is_named")
        ),
        sa.CheckConstraint(
            "net >= 0 AND tax >= 0 AND gross = net + tax", name=op.f("ck_invoices_amounts_add_up")
        ),
        sa.CheckConstraint("treatment = 'taxed' OR tax = 0", name=op.f("ck_invoices_untaxed_without_tax")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoices.id"], name=op.f("fk_invoices_corrects_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_invoices_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("kind", "year", "number", name=op.f("uq_invoices_kind_year_number")),
        sa.UniqueConstraint("document_number", name=op.f("uq_invoices_document_number")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_invoices_refund_id")),
    )
    op.create_index(
        "uq_invoices_order_id_cause",
        "invoices",
        ["order_id", "cause"],
        unique=True,
        postgresql_where=sa.text("cause <> 'refund'"),
    )
    op.create_index("ix_invoices_order_id", "invoices", ["order_id"])
    op.create_index("ix_invoices_corrects_id", "invoices", ["corrects_id"])
    op.create_index("ix_invoices_issued_on", "invoices", ["issued_on"])


def _invoice_taxes() -> None:
    op.create_table(
        "invoice_taxes",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("rate", sa.Numeric(6, 3), nullable=False),
        sa.Column("net", MONEY, nullable=False),
        sa.Column("tax", MONEY, nullable=False),
        sa.Column("gross", MONEY, nullable=False),
        sa.CheckConstraint(
            "net >= 0 AND tax >= 0 AND gross = net + tax", name=op.f("ck_invoice_taxes_amounts_add_up")
        ),
        sa.CheckConstraint("rate >= 0 AND rate <= 100", name=op.f("ck_invoice_taxes_rate_in_range")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_taxes_invoice_id")),
        sa.PrimaryKeyConstraint("invoice_id", "rate", name=op.f("pk_invoice_taxes")),
    )


def _protect() -> None:
    names = context.config.attributes["roles"]
    owner, app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("owner", "app", "shopper"))
    op.execute(f"GRANT SELECT ON invoice_series TO {app}")
    for table, seen in (("invoices", OWN_ORDER), ("invoice_taxes", OWN_INVOICE)):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {app}")
        op.execute(f"GRANT SELECT{SEEN[table]} ON {table} TO {shopper}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY p_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_app ON {table} TO {app} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_shopper_select ON {table} FOR SELECT TO {shopper} USING ({seen})")


def downgrade() -> None:
    for table in ("invoice_taxes", "invoices", "invoice_series"):
        op.drop_table(table)
    # Which later ones left for a way back up.
    for table in ("kept_credited_decisions", "kept_invoice_links", "kept_changes_on_paper"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
