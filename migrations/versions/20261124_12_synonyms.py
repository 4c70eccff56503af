"""Words that mean the same: what staff teach the search, and who may."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "12_synonyms"
down_revision = "10_security"
branch_labels = None
depends_on = None

PERMISSIONS = {
    "read": "See what was searched for, and the synonyms",
    "write": "Create, change and delete synonyms",
}
ROLES = {
    "admin": ("read", "write"),
    "manager": ("read", "write"),
    "catalog_editor": ("read", "write"),
    "support": ("read",),
}


def upgrade() -> None:
    op.create_table(
        "synonyms",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("typed", sa.Text(), nullable=True),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language ~ '^[a-z]{2}$'", name=op.f("ck_synonyms_language_is_iso")),
        sa.CheckConstraint(
            "cardinality(words) BETWEEN (CASE WHEN typed IS NULL THEN 2 ELSE 1 END) AND 20",
            name=op.f("ck_synonyms_words_counted"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_synonyms_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], name=op.f("fk_synonyms_updated_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonyms")),
        sa.UniqueConstraint(
            "language",
            "typed",
            "words",
            name=op.f("uq_synonyms_language_typed_words"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute(
        "CREATE TRIGGER set_updated_at BEFORE UPDATE ON synonyms FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
    )
    names = context.config.attributes["roles"]
    app, shopper = (_quoted(names[kind]) for kind in ("app", "shopper"))
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON synonyms TO {app}")
    # The assistant searches as the shopper: it understands the same words.
    op.execute(f"GRANT SELECT ON synonyms TO {shopper}")
    _seed_permissions()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _seed_permissions() -> None:
    connection = op.get_bind()
    for action, description in PERMISSIONS.items():
        connection.execute(
            sa.text(
                "INSERT INTO permissions (resource, action, description) VALUES ('search', :action, :text)"
            ),
            {"action": action, "text": description},
        )
    for role, actions in ROLES.items():
        connection.execute(
            sa.text(
                "INSERT INTO role_permissions (role, permission_id)"
                " SELECT :role, id FROM permissions WHERE resource = 'search' AND action = ANY (:actions)"
            ),
            {"role": role, "actions": list(actions)},
        )


def downgrade() -> None:
    op.execute("DELETE FROM permissions WHERE resource = 'search'")
    op.drop_table("synonyms")
