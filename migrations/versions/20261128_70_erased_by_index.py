"""An account's end looks for whatever points at it: by indexes, as ``products`` alone was read whole twice.

Codes are looked for by their address, too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "70_erased_by_index"
down_revision = "69_uses_by_address"
branch_labels = None
depends_on = None

BIG = (("products", "created_by"), ("products", "updated_by"))
SMALL = (("import_runs", "user_id"), ("synonyms", "created_by"), ("synonyms", "updated_by"))


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table, column in BIG:
            # What an attempt that was broken off left of it is of no use.
            op.drop_index(f"ix_{table}_{column}", table, if_exists=True, postgresql_concurrently=True)
            _index(table, column, postgresql_concurrently=True)
    for table, column in SMALL:
        _index(table, column)
    op.drop_index("ix_api_keys_user_id", "api_keys")
    _index("api_keys", "user_id")
    _codes("subject", "purpose")


def downgrade() -> None:
    for table, column in BIG + SMALL:
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_index("ix_api_keys_user_id", "api_keys")
    op.create_index(
        "ix_api_keys_user_id", "api_keys", ["user_id"], postgresql_where=sa.text("deleted_at IS NULL")
    )
    _codes("purpose", "subject")


def _index(table: str, column: str, **how: bool) -> None:
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=where, **how)


def _codes(*columns: str) -> None:
    op.drop_index("ix_verification_codes_subject", "verification_codes")
    op.create_index("ix_verification_codes_subject", "verification_codes", list(columns))
