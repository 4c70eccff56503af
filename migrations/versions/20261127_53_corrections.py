"""Papers that follow the order: an invoice that no longer holds is taken back whole, and another takes its place.

An exchange that costs more has an invoice of its own. What refunds and cancellations give back is limited by all that
the order's papers leave, not by one invoice; an invoice that was taken back is credited no further.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "53_corrections"
down_revision = "52_rebuilding"
branch_labels = None
depends_on = None

CORRECTS = "ck_invoices_credit_note_corrects_an_invoice"
CAUSE = "ck_invoices_cause_known"
EXCHANGE = "ck_invoices_exchange_is_named"
ONCE = "uq_invoices_order_id_cause"

DRAW_NUMBER = """
CREATE OR REPLACE FUNCTION draw_invoice_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  invoiced invoices%ROWTYPE;
  room numeric;
BEGIN
  IF NEW.number IS NOT NULL THEN
    RAISE EXCEPTION 'a number is drawn, not chosen'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_invoices_number_is_drawn', TABLE = 'invoices';
  END IF;
  IF NEW.kind = 'credit_note' THEN
    SELECT * INTO invoiced FROM invoices
      WHERE id = NEW.corrects_id AND kind = 'invoice' AND cause <> 'exchange' FOR NO KEY UPDATE;
    IF NEW.cause = 'change' THEN
      SELECT invoiced.gross - coalesce(sum(gross), 0) INTO room FROM invoices WHERE corrects_id = NEW.corrects_id;
    ELSE
      SELECT sum(CASE kind WHEN 'invoice' THEN gross ELSE -gross END) INTO room
        FROM invoices WHERE order_id = NEW.order_id;
    END IF;
    IF invoiced.id IS NULL OR invoiced.order_id <> NEW.order_id OR invoiced.currency <> NEW.currency
       OR NEW.gross > room OR (NEW.cause = 'change' AND NEW.gross <> room)
       OR EXISTS (SELECT FROM invoices WHERE corrects_id = NEW.corrects_id AND cause = 'change') THEN
      RAISE EXCEPTION 'more is credited than was invoiced'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_invoices_credited_within_invoiced', TABLE = 'invoices';
    END IF;
  ELSIF NEW.replaces_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM invoices AS note JOIN invoices AS former ON former.id = note.corrects_id
    WHERE former.id = NEW.replaces_id AND former.order_id = NEW.order_id AND note.cause = 'change'
  ) THEN
    RAISE EXCEPTION 'an invoice takes the place of one that was taken back'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_invoices_replaces_one_taken_back', TABLE = 'invoices';
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
FORMER_DRAW_NUMBER = """
CREATE OR REPLACE FUNCTION draw_invoice_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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


def upgrade() -> None:
    op.add_column("orders", sa.Column("changes_on_paper", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(
        op.f("ck_orders_changes_on_paper_not_negative"), "orders", "changes_on_paper >= 0"
    )
    _restore_counts()
    for column, table in (("replaces_id", "invoices"), ("return_id", "returns")):
        op.add_column("invoices", sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_invoices_{column}"), "invoices", table, [column], ["id"])
        op.create_unique_constraint(op.f(f"uq_invoices_{column}"), "invoices", [column])
    op.drop_constraint(CAUSE, "invoices")
    op.drop_constraint(CORRECTS, "invoices")
    _restore_links()
    op.create_check_constraint(
        op.f(CAUSE),
        "invoices",
        "cause IN ('order', 'refund', 'cancellation', 'not_charged', 'change', 'exchange')",
    )
    op.create_check_constraint(
        op.f(CORRECTS),
        "invoices",
        "(kind = 'credit_note') = (corrects_id IS NOT NULL)"
        " AND CASE kind WHEN 'invoice' THEN cause IN ('order', 'change', 'exchange')"
        " ELSE cause IN ('refund', 'cancellation', 'not_charged', 'change') END",
    )
    op.create_check_constraint(
        op.f("ck_invoices_replacement_is_named"),
        "invoices",
        "(kind = 'invoice' AND cause = 'change') = (replaces_id IS NOT NULL)",
    )
    op.execute(
        f"ALTER TABLE invoices ADD CONSTRAINT {EXCHANGE}"
        " CHECK ((cause = 'exchange') = (return_id IS NOT NULL)) NOT VALID"
    )
    # A paper whose exchange went with its table, further down, stays; only new ones are held to the rule then.
    op.execute(
        f"DO $$ BEGIN ALTER TABLE invoices VALIDATE CONSTRAINT {EXCHANGE};"
        " EXCEPTION WHEN check_violation THEN NULL; END $$"
    )
    _index("cause IN ('order', 'cancellation', 'not_charged')")
    op.create_index(
        "uq_invoices_taken_back",
        "invoices",
        ["corrects_id"],
        unique=True,
        postgresql_where=sa.text("cause = 'change'"),
    )
    op.execute(DRAW_NUMBER)


def _restore_counts() -> None:
    """Changes that had their papers before a downgrade have them still: nobody is to write them again."""
    if op.get_bind().scalar(sa.text("SELECT to_regclass('kept_changes_on_paper')")) is None:
        return
    op.execute(
        "UPDATE orders SET changes_on_paper = kept.changes_on_paper"
        " FROM kept_changes_on_paper AS kept WHERE kept.id = orders.id"
    )
    op.drop_table("kept_changes_on_paper")


def _index(which: str) -> None:
    op.drop_index(ONCE, "invoices")
    op.create_index(ONCE, "invoices", ["order_id", "cause"], unique=True, postgresql_where=sa.text(which))


def _restore_links() -> None:
    """Papers that were there before a downgrade name again what they named."""
    if op.get_bind().scalar(sa.text("SELECT to_regclass('kept_invoice_links')")) is None:
        return
    op.execute("ALTER TABLE invoices DISABLE TRIGGER append_only")
    op.execute(
        "UPDATE invoices SET replaces_id = kept.replaces_id,"
        " return_id = (SELECT returns.id FROM returns WHERE returns.id = kept.return_id)"
        " FROM kept_invoice_links AS kept WHERE kept.id = invoices.id"
    )
    op.execute("ALTER TABLE invoices ENABLE TRIGGER append_only")
    op.drop_table("kept_invoice_links")


def downgrade() -> None:
    op.execute(FORMER_DRAW_NUMBER)
    op.execute(
        "CREATE TABLE kept_invoice_links AS SELECT id, replaces_id, return_id FROM invoices"
        " WHERE replaces_id IS NOT NULL OR return_id IS NOT NULL"
    )
    op.drop_index("uq_invoices_taken_back", "invoices")
    for name in (EXCHANGE, "ck_invoices_replacement_is_named", CORRECTS, CAUSE):
        op.drop_constraint(name, "invoices")
    for column in ("return_id", "replaces_id"):
        op.drop_column("invoices", column)
    # Documents are never changed: corrections stay, and only new ones are held to the former rules.
    _index("cause NOT IN ('refund', 'change', 'exchange')")
    op.execute(
        f"ALTER TABLE invoices ADD CONSTRAINT {CAUSE}"
        " CHECK (cause IN ('order', 'refund', 'cancellation', 'not_charged')) NOT VALID"
    )
    op.execute(
        f"ALTER TABLE invoices ADD CONSTRAINT {CORRECTS} CHECK ((kind = 'invoice') = (cause = 'order')"
        " AND (kind = 'credit_note') = (corrects_id IS NOT NULL)) NOT VALID"
    )
    op.execute(
        "CREATE TABLE kept_changes_on_paper AS"
        " SELECT id, changes_on_paper FROM orders WHERE changes_on_paper > 0"
    )
    op.drop_constraint("ck_orders_changes_on_paper_not_negative", "orders")
    op.drop_column("orders", "changes_on_paper")
