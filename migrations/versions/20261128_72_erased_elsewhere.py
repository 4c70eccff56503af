"""Whoever was erased here stays away: of their name in other books a digest is kept, for an import to know it by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "72_erased_elsewhere"
down_revision = "71_guests_talks"
branch_labels = None
depends_on = None

NAME = "names_one_of_its_kind"
ONE = (
    "num_nonnulls(user_id, product_id, order_id) = 1 AND CASE kind WHEN 'user' THEN user_id"
    " WHEN 'product' THEN product_id ELSE order_id END IS NOT NULL"
)
ERASED = (
    "kind = 'user' AND num_nonnulls(user_id, product_id, order_id) = 0 AND digest = ''"
    " AND external_id ~ '^[0-9a-f]{64}$'"
)


def upgrade() -> None:
    op.add_column("external_ids", sa.Column("erased_at", sa.TIMESTAMP(timezone=True), nullable=True))
    _check(f"CASE WHEN erased_at IS NULL THEN {ONE} ELSE {ERASED} END")


def downgrade() -> None:
    op.execute("DELETE FROM external_ids WHERE erased_at IS NOT NULL")
    _check(ONE)
    op.drop_column("external_ids", "erased_at")


def _check(what: str) -> None:
    name = op.f(f"ck_external_ids_{NAME}")
    op.drop_constraint(name, "external_ids")
    op.create_check_constraint(name, "external_ids", what)
