"""People: users, sessions, tokens, keys, permissions with their roles, addresses, codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "02_accounts"
down_revision = "01_foundations"
branch_labels = None
depends_on = None

TABLES = (
    "users",
    "user_sessions",
    "refresh_tokens",
    "api_keys",
    "permissions",
    "role_permissions",
    "subscriptions",
    "addresses",
    "verification_codes",
)
TIMESTAMPED = ("users", "user_sessions", "api_keys", "subscriptions", "addresses")

# Every staff action names one of these.
PERMISSIONS = {
    "products": {
        "read": "See products and drafts",
        "write": "Create and change products",
        "delete": "Delete products",
    },
    "categories": {
        "read": "See all categories",
        "write": "Create and change categories",
        "delete": "Delete categories",
    },
    "brands": {"read": "See all brands", "write": "Create and change brands", "delete": "Delete brands"},
    "stock": {"read": "See stock and its ledger", "write": "Correct stock"},
    "orders": {
        "read": "See orders",
        "write": "Pick, ship, note and change orders",
        "cancel": "Cancel orders",
        "refund": "Give money back",
    },
    "promotions": {"read": "See promotions", "write": "Create and change promotions"},
    "shipping": {
        "read": "See shipping methods and tax rates",
        "write": "Change shipping methods and tax rates",
    },
    "customers": {"read": "See customers", "write": "Change customers", "delete": "Erase customers"},
    "conversations": {"read": "Read conversations", "write": "Take over and answer conversations"},
    "reviews": {"read": "See all reviews", "write": "Publish and reject reviews"},
    "knowledge": {"read": "See what the assistant knows", "write": "Change what the assistant knows"},
    "staff": {"read": "See staff and their roles", "write": "Give and take roles"},
    "settings": {"read": "See settings", "write": "Change settings, keys and webhooks"},
    "system": {"read": "See health, jobs and table sizes", "write": "Run jobs"},
    "audit": {"read": "Read the audit trail"},
}
EVERYTHING = {resource: tuple(actions) for resource, actions in PERMISSIONS.items()}
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "admin": EVERYTHING,
    "manager": {
        resource: actions
        for resource, actions in EVERYTHING.items()
        if resource not in {"staff", "settings", "system"}
    }
    | {"staff": ("read",), "settings": ("read",), "system": ("read",)},
    "support": {
        "products": ("read",),
        "categories": ("read",),
        "brands": ("read",),
        "stock": ("read",),
        "orders": ("read", "write", "cancel"),
        "customers": ("read", "write"),
        "conversations": ("read", "write"),
        "reviews": ("read", "write"),
        "knowledge": ("read",),
    },
    "catalog_editor": {
        "products": ("read", "write", "delete"),
        "categories": ("read", "write", "delete"),
        "brands": ("read", "write", "delete"),
        "stock": ("read", "write"),
        "reviews": ("read",),
        "knowledge": ("read", "write"),
    },
}


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=False),
        sa.Column("username", postgresql.CITEXT(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("email_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("email_verification_token", sa.Text(), nullable=True),
        sa.Column("password_reset_token", sa.Text(), nullable=True),
        sa.Column("password_reset_expires", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "roles",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{customer}'::text[]"),
            nullable=False,
        ),
        sa.Column("subscription_tier", sa.Text(), server_default="standard", nullable=False),
        sa.Column("usage_limit", sa.Integer(), server_default="200", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("last_login_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("login_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "email ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$'", name=op.f("ck_users_email_format")
        ),
        sa.CheckConstraint("login_count >= 0", name=op.f("ck_users_login_count_not_negative")),
        sa.CheckConstraint("usage_limit >= 0", name=op.f("ck_users_usage_limit_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(
        "ix_users_is_active",
        "users",
        ["is_active"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_users_metadata", "users", ["metadata"], unique=False, postgresql_using="gin")
    op.create_index("ix_users_roles", "users", ["roles"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_users_email_living",
        "users",
        ["email"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_users_email_verification_token",
        "users",
        ["email_verification_token"],
        unique=True,
        postgresql_where=sa.text("email_verification_token IS NOT NULL"),
    )
    op.create_index(
        "uq_users_password_reset_token",
        "users",
        ["password_reset_token"],
        unique=True,
        postgresql_where=sa.text("password_reset_token IS NOT NULL"),
    )
    op.create_index(
        "uq_users_username_living",
        "users",
        ["username"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("session_token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("ip_address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("location", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "last_activity_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("session_token_hash", name=op.f("uq_user_sessions_session_token_hash")),
    )
    op.create_index("ix_user_sessions_expires_at", "user_sessions", ["expires_at"], unique=False)
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ip_address", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("replaced_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["replaced_by"],
            ["refresh_tokens.id"],
            name=op.f("fk_refresh_tokens_replaced_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_refresh_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_tokens_token_hash")),
    )
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"], unique=False)
    op.create_index("ix_refresh_tokens_family_id", "refresh_tokens", ["family_id"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_replaced_by"), "refresh_tokens", ["replaced_by"], unique=False)
    op.create_index("ix_refresh_tokens_user_id", "refresh_tokens", ["user_id"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "permissions", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("rate_limit", sa.Integer(), server_default="1000", nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("rate_limit > 0", name=op.f("ck_api_keys_rate_limit_positive")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(
        "ix_api_keys_is_active",
        "api_keys",
        ["is_active"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_api_keys_user_id",
        "api_keys",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_api_keys_key_hash_living",
        "api_keys",
        ["key_hash"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "permissions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permissions")),
        sa.UniqueConstraint("resource", "action", name=op.f("uq_permissions_resource_action")),
    )
    op.create_table(
        "role_permissions",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("permission_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["permissions.id"],
            name=op.f("fk_role_permissions_permission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("role", "permission_id", name=op.f("pk_role_permissions")),
    )
    op.create_index("ix_role_permissions_permission_id", "role_permissions", ["permission_id"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("price_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("current_period_start", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("current_period_end", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('incomplete', 'trialing', 'active', 'past_due', 'cancelled', 'expired')",
            name=op.f("ck_subscriptions_status_known"),
        ),
        sa.CheckConstraint(
            "current_period_end > current_period_start", name=op.f("ck_subscriptions_period_has_length")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index("ix_subscriptions_user_id", "subscriptions", ["user_id"], unique=False)
    op.create_index(
        "uq_subscriptions_running",
        "subscriptions",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('trialing', 'active', 'past_due')"),
    )
    op.create_table(
        "addresses",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("line1", sa.Text(), nullable=False),
        sa.Column("line2", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("is_default_shipping", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_default_billing", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_addresses_country_is_iso")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_addresses_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
    )
    op.create_index("ix_addresses_user_id", "addresses", ["user_id"], unique=False)
    op.create_index(
        "uq_addresses_default_billing",
        "addresses",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_default_billing"),
    )
    op.create_index(
        "uq_addresses_default_shipping",
        "addresses",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_default_shipping"),
    )
    op.create_table(
        "verification_codes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject", postgresql.CITEXT(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("tries_left", sa.Integer(), server_default="5", nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('order_access', 'email_change', 'conversation_identity')",
            name=op.f("ck_verification_codes_purpose_known"),
        ),
        sa.CheckConstraint("tries_left >= 0", name=op.f("ck_verification_codes_tries_left_not_negative")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name=op.f("fk_verification_codes_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_codes")),
    )
    op.create_index("ix_verification_codes_expires_at", "verification_codes", ["expires_at"], unique=False)
    op.create_index(
        op.f("ix_verification_codes_session_id"), "verification_codes", ["session_id"], unique=False
    )
    op.create_index(
        "ix_verification_codes_subject", "verification_codes", ["purpose", "subject"], unique=False
    )
    for table in TIMESTAMPED:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )
    seed_permissions()


def seed_permissions() -> None:
    permissions = sa.table(
        "permissions", sa.column("resource"), sa.column("action"), sa.column("description")
    )
    op.bulk_insert(
        permissions,
        [
            {"resource": resource, "action": action, "description": description}
            for resource, actions in PERMISSIONS.items()
            for action, description in actions.items()
        ],
    )
    connection = op.get_bind()
    for role, resources in ROLES.items():
        for resource, actions in resources.items():
            connection.execute(
                sa.text(
                    "INSERT INTO role_permissions (role, permission_id)"
                    " SELECT :role, id FROM permissions WHERE resource = :resource AND action = ANY (:actions)"
                ),
                {"role": role, "resource": resource, "actions": list(actions)},
            )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
