"""What was opened from a search's list, how the text was understood, and both counted by day for staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "18_search_tallies"
down_revision = "17_read_model"
branch_labels = None
depends_on = None

MANNERS = ("exact", "completed", "corrected", "partial", "nothing")


def upgrade() -> None:
    op.add_column("search_logs", sa.Column("manner", sa.Text(), nullable=True))
    op.add_column("search_logs", sa.Column("clicked_position", sa.Integer(), nullable=True))
    known = ", ".join(f"'{manner}'" for manner in MANNERS)
    op.create_check_constraint(op.f("ck_search_logs_manner_known"), "search_logs", f"manner IN ({known})")
    op.create_check_constraint(
        op.f("ck_search_logs_clicked_position_from_one"), "search_logs", "clicked_position >= 1"
    )
    op.create_table(
        "search_text_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("found_nothing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clicked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("askers", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "text", name=op.f("pk_search_text_days")),
    )
    op.create_table(
        "popular_searches",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("askers", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("text", name=op.f("pk_popular_searches")),
    )
    op.create_index(
        "ix_popular_searches_beginning",
        "popular_searches",
        ["text"],
        postgresql_ops={"text": "text_pattern_ops"},
    )
    op.create_table(
        "search_time_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "milliseconds", name=op.f("pk_search_time_days")),
    )
    app = '"' + context.config.attributes["roles"]["app"].replace('"', '""') + '"'
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON search_text_days, search_time_days, popular_searches"
        f" TO {app}"
    )


def downgrade() -> None:
    op.drop_table("search_time_days")
    op.drop_table("popular_searches")
    op.drop_table("search_text_days")
    op.drop_column("search_logs", "clicked_position")
    op.drop_column("search_logs", "manner")
