"""Taxation: what an order's tax consists of, and why there is none where there is none.

The shipping's tax was part of the order's until now, and its rate nowhere: of orders that exist it is what the lines
leave of the order's tax, at the rate that the destination has today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "48_taxation"
down_revision = "46_memberships"
branch_labels = None
depends_on = None

COLUMNS = ("tax_treatment", "shipping_tax", "shipping_tax_rate", "vat_number")
CHECKS = {
    "tax_treatment_known": "tax_treatment IN ('taxed', 'reverse_charge', 'untaxed')",
    "untaxed_without_tax": "tax_treatment = 'taxed' OR (tax_amount = 0 AND shipping_tax = 0)",
    "reverse_charge_names_the_buyer": (
        "tax_treatment <> 'reverse_charge' OR (vat_number IS NOT NULL AND NOT prices_include_tax)"
    ),
    "shipping_tax_within_tax": "shipping_tax >= 0 AND shipping_tax <= tax_amount AND shipping_tax_rate >= 0",
}


def upgrade() -> None:
    op.add_column("orders", sa.Column("tax_treatment", sa.Text(), server_default="taxed", nullable=False))
    op.add_column("orders", sa.Column("shipping_tax", sa.Numeric(12, 2), server_default="0", nullable=False))
    op.add_column(
        "orders", sa.Column("shipping_tax_rate", sa.Numeric(6, 3), server_default="0", nullable=False)
    )
    op.add_column("orders", sa.Column("vat_number", sa.Text(), nullable=True))
    op.execute(
        "UPDATE orders SET shipping_tax = rest.tax, shipping_tax_rate = coalesce(rest.rate, 0) FROM ("
        " SELECT o.id, greatest(0, o.tax_amount - coalesce("
        "  (SELECT sum(i.tax) FROM order_items i WHERE i.order_id = o.id), 0)) AS tax,"
        "  (SELECT t.rate FROM tax_rates t WHERE t.category_id IS NULL AND t.country = o.shipping_address->>'country'"
        "   AND (t.region IS NULL OR t.region = o.shipping_address->>'region')"
        "   ORDER BY t.region NULLS LAST LIMIT 1) AS rate FROM orders o WHERE o.tax_amount > 0) AS rest"
        " WHERE rest.id = orders.id"
    )
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_orders_{name}"), "orders", rule)
    shopper = '"' + context.config.attributes["roles"]["shopper"].replace('"', '""') + '"'
    op.execute(f"GRANT SELECT ({', '.join(COLUMNS)}) ON orders TO {shopper}")


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_orders_{name}"), "orders")
    for column in COLUMNS:
        op.drop_column("orders", column)
