"""The read model's SKUs need no index: whoever looks for one asks ``products``, whose own index is unique.

At 100,000 products no list, search, suggestion, staff's search or ``search_products`` read it; each write kept it up.
"""

from __future__ import annotations

from alembic import op

revision = "61_no_sku_index"
down_revision = "60_said_values"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_product_search_sku", "product_search")


def downgrade() -> None:
    op.create_index("ix_product_search_sku", "product_search", ["sku"])
