"""One paper for each refund: none by the name of a payment's refund for money that the order's refund names.

A credit note is about a refund of its own order that has succeeded, never over more than that, and not about one that
has its paper by the other name.
"""

from __future__ import annotations

from alembic import op

revision = "51_one_paper"
down_revision = "50_credited_decisions"
branch_labels = None
depends_on = None

CHECK_REFUND = """
CREATE FUNCTION check_refund_of_credit_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.order_refund_id IS NOT NULL AND (
    NOT EXISTS (
      SELECT FROM order_refunds AS refund WHERE refund.id = NEW.order_refund_id
      AND refund.order_id = NEW.order_id AND refund.status = 'succeeded' AND NEW.gross <= refund.amount
    ) OR EXISTS (
      SELECT FROM refunds AS money JOIN invoices AS paper ON paper.refund_id = money.id
      WHERE money.order_refund_id = NEW.order_refund_id
    )
  ) OR NEW.refund_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM refunds AS money WHERE money.id = NEW.refund_id AND money.order_id = NEW.order_id
    AND money.order_refund_id IS NULL AND money.status = 'succeeded' AND NEW.gross <= money.amount
  ) THEN
    RAISE EXCEPTION 'no refund that still needs this credit note'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_invoices_refund_needs_it', TABLE = 'invoices';
  END IF;
  RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.execute(CHECK_REFUND)
    op.execute(
        "CREATE TRIGGER check_refund BEFORE INSERT ON invoices"
        " FOR EACH ROW WHEN (NEW.cause = 'refund') EXECUTE FUNCTION check_refund_of_credit_note()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER check_refund ON invoices")
    op.execute("DROP FUNCTION check_refund_of_credit_note()")
