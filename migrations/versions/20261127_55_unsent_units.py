"""Units that are given back before they were sent are not sent: a refund says of how many units that holds.

They count as ``cancelled_quantity`` of their line from the moment the refund is written, also when its money fails: the
goods are on the shelf by then, and may be somebody else's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "55_unsent_units"
down_revision = "53_corrections"
branch_labels = None
depends_on = None

BOOK_REFUND_ITEMS = """
CREATE OR REPLACE FUNCTION book_refund_items(refund uuid, sign integer) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  UPDATE order_items AS line SET
    refunded_quantity = line.refunded_quantity + sign * part.quantity,{unsent}
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
UNSENT = """
    cancelled_quantity = line.cancelled_quantity + CASE WHEN sign > 0 THEN part.unsent ELSE 0 END,"""


def upgrade() -> None:
    op.add_column("refund_items", sa.Column("unsent", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(
        op.f("ck_refund_items_unsent_within_quantity"),
        "refund_items",
        "unsent >= 0 AND unsent <= quantity",
    )
    op.execute(BOOK_REFUND_ITEMS.format(unsent=UNSENT))


def downgrade() -> None:
    op.execute(BOOK_REFUND_ITEMS.format(unsent=""))
    op.drop_constraint("ck_refund_items_unsent_within_quantity", "refund_items")
    op.drop_column("refund_items", "unsent")
