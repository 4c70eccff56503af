"""Where to answer is an e-mail address like any other: in whatever case it was written; and it leads to its talks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "71_guests_talks"
down_revision = "70_erased_by_index"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("handoffs", "contact_email", type_=postgresql.CITEXT())
    op.create_index(
        "ix_handoffs_contact_email",
        "handoffs",
        ["contact_email"],
        postgresql_where=sa.text("contact_email IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_handoffs_contact_email", "handoffs")
    op.alter_column("handoffs", "contact_email", type_=sa.Text())
