"""Who may touch what: grants for the app and the shopper, row-level security for everything personal.

The logins' names come from the connection settings (see migrations/env.py), so that an operator may choose
them. Policies are for commands and rows, grants for columns; both must let a statement through.
"""

from __future__ import annotations

from alembic import context, op

revision = "10_security"
down_revision = "09_views"
branch_labels = None
depends_on = None

# The app writes these once and reads them; nobody changes them.
APPEND_ONLY = ("audit_logs", "stock_movements", "order_events", "gift_card_entries")
# The read model is written by triggers; jobs fill these columns of it.
READ_MODEL_COLUMNS = ("popularity", "embedding", "embedded_digest")

PROTECTED = (
    "users", "addresses", "orders", "order_items", "order_events", "shipments", "returns", "return_items", "carts",
    "cart_items", "chatbots", "conversations", "messages", "message_feedback", "confirmations", "handoffs",
)  # fmt: skip

OWN_USER = "user_id = (SELECT acting_user_id())"
OWN_OR_SESSION = f"({OWN_USER} OR (user_id IS NULL AND session_id = (SELECT acting_session_id())))"
OWN_ORDER = f"({OWN_USER} OR id = ANY ((SELECT proved_order_ids())::uuid[]))"


def through(table: str, own_column: str, key: str = "id") -> str:
    """Rows that hang on a row of ``table`` are as visible as that: its own policy decides."""
    return f"EXISTS (SELECT FROM {table} AS parent WHERE parent.{key} = {own_column})"


OF_ORDER = {
    table: through("orders", f"{table}.order_id") for table in ("order_items", "shipments", "returns")
}
OF_CONVERSATION = through("conversations", "messages.conversation_id")
OF_MESSAGE = (
    "EXISTS (SELECT FROM messages AS parent WHERE parent.id = message_feedback.message_id"
    " AND parent.created_at = message_feedback.message_created_at)"
)

# (table, command, which rows are seen, which rows may be written)
SHOPPER_POLICIES: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("users", "SELECT", "id = (SELECT acting_user_id())", None),
    ("users", "UPDATE", "id = (SELECT acting_user_id())", "id = (SELECT acting_user_id())"),
    ("addresses", "ALL", OWN_USER, OWN_USER),
    ("orders", "SELECT", OWN_ORDER, None),
    *((table, "SELECT", rule, None) for table, rule in OF_ORDER.items()),
    (
        "order_events",
        "SELECT",
        f"kind <> 'staff_note' AND {through('orders', 'order_events.order_id')}",
        None,
    ),
    ("return_items", "SELECT", through("returns", "return_items.return_id"), None),
    ("carts", "ALL", OWN_OR_SESSION, OWN_OR_SESSION),
    ("cart_items", "ALL", through("carts", "cart_items.cart_id"), through("carts", "cart_items.cart_id")),
    ("chatbots", "SELECT", "is_active", None),
    ("conversations", "ALL", OWN_OR_SESSION, OWN_OR_SESSION),
    ("messages", "SELECT", OF_CONVERSATION, None),
    ("messages", "INSERT", None, f"role <> 'staff' AND {OF_CONVERSATION}"),
    (
        "messages",
        "UPDATE",
        f"role <> 'staff' AND {OF_CONVERSATION}",
        f"role <> 'staff' AND {OF_CONVERSATION}",
    ),
    ("message_feedback", "ALL", OF_MESSAGE, OF_MESSAGE),
    (
        "confirmations",
        "ALL",
        OWN_OR_SESSION,
        f"{OWN_OR_SESSION} AND {through('conversations', 'confirmations.conversation_id')}",
    ),
    (
        "handoffs",
        "ALL",
        through("conversations", "handoffs.conversation_id"),
        through("conversations", "handoffs.conversation_id"),
    ),
)

# What the shopper's login may touch at all. A bare command means every column.
SHOPPER_GRANTS: dict[str, tuple[str, ...]] = {
    "brands": ("SELECT",),
    "categories": ("SELECT",),
    "product_search": ("SELECT",),
    "reviews": ("SELECT",),
    "shipping_methods": ("SELECT",),
    "tax_rates": ("SELECT",),
    "training_sources": ("SELECT",),
    "training_chunks": ("SELECT",),
    "addresses": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "carts": ("SELECT", "INSERT", "UPDATE (status, currency, coupon, updated_at)"),
    "cart_items": ("SELECT", "INSERT", "UPDATE (quantity, unit_price, updated_at)", "DELETE"),
    "order_items": ("SELECT",),
    "order_events": ("SELECT",),
    "shipments": ("SELECT",),
    "returns": ("SELECT",),
    "return_items": ("SELECT",),
    "conversations": ("SELECT", "INSERT", "UPDATE (title, status, language, metadata, ended_at, updated_at)"),
    "messages": (
        "SELECT",
        "INSERT",
        "UPDATE (content, status, tool_calls, tool_results, citations, parts, tokens_in, tokens_out, cost, model,"
        " latency_ms, first_token_ms, intent, metadata)",
    ),
    "message_feedback": ("SELECT", "INSERT", "UPDATE (rating, comment, updated_at)", "DELETE"),
    "confirmations": ("SELECT", "INSERT", "UPDATE (used_at, outcome)"),
    "handoffs": ("SELECT", "INSERT", "UPDATE (summary, contact_email, closed_at, outcome)"),
    "outbox": ("INSERT",),
    "search_logs": ("INSERT",),
    "analytics_events": ("INSERT",),
}
# Columns that the shopper's login does not get to read, though it reads the rest of the row.
SHOPPER_HIDDEN = {
    "users": {
        "password_hash",
        "email_verification_token",
        "password_reset_token",
        "password_reset_expires",
    },
    "products": {"cost"},
    "orders": {"notes"},
    "chatbots": {"model_config", "user_id"},
}
SHOPPER_PROFILE = "UPDATE (first_name, last_name, phone, company_name, language)"
DEFINER_FUNCTIONS = {
    "ensure_partitions(text, integer)": ("app",),
    "refresh_product_search(uuid[])": ("app",),
    "refresh_product_ratings(uuid[])": ("app",),
    "refresh_chatbot_metrics()": ("app",),
}


def roles() -> dict[str, str]:
    names: dict[str, str] = context.config.attributes["roles"]
    return {kind: '"' + name.replace('"', '""') + '"' for kind, name in names.items()}


def visible_columns(table: str) -> str:
    rows = op.get_bind().exec_driver_sql(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum",
        (table,),
    )
    return ", ".join(f'"{name}"' for (name,) in rows if name not in SHOPPER_HIDDEN[table])


def upgrade() -> None:
    names = roles()
    owner, app, shopper = names["owner"], names["app"], names["shopper"]
    op.execute(f"GRANT USAGE ON SCHEMA public TO {app}, {shopper}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version, product_search FROM {app}")
    op.execute(f"GRANT UPDATE ({', '.join(READ_MODEL_COLUMNS)}) ON product_search TO {app}")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {app}")
    revoke_on_partitions(app)
    for function, callers in DEFINER_FUNCTIONS.items():
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        for caller in callers:
            op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {names[caller]}")
    for table, rights in SHOPPER_GRANTS.items():
        op.execute(f"GRANT {', '.join(rights)} ON {table} TO {shopper}")
    for table in SHOPPER_HIDDEN:
        op.execute(f"GRANT SELECT ({visible_columns(table)}) ON {table} TO {shopper}")
    op.execute(f"GRANT {SHOPPER_PROFILE} ON users TO {shopper}")
    for table in PROTECTED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        # FORCE holds back the owner too, and the owner's functions must see everything: said aloud, once.
        op.execute(f"CREATE POLICY p_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_app ON {table} TO {app} USING (true) WITH CHECK (true)")
    for table, command, seen, written in SHOPPER_POLICIES:
        using = f" USING ({seen})" if seen else ""
        check = f" WITH CHECK ({written})" if written else ""
        op.execute(
            f"CREATE POLICY p_shopper_{command.lower()} ON {table} FOR {command} TO {shopper}{using}{check}"
        )


def revoke_on_partitions(app: str) -> None:
    """Partitions are reached through their table only, where its rights and policies hold."""
    partitions = op.get_bind().exec_driver_sql(
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    for (partition,) in partitions.all():
        op.execute(f'REVOKE ALL ON "{partition}" FROM {app}')


def downgrade() -> None:
    names = roles()
    for table, command, _seen, _written in SHOPPER_POLICIES:
        op.execute(f"DROP POLICY p_shopper_{command.lower()} ON {table}")
    for table in PROTECTED:
        op.execute(f"DROP POLICY p_app ON {table}")
        op.execute(f"DROP POLICY p_owner ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for role in (names["shopper"], names["app"]):
        op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role}")
        for function in DEFINER_FUNCTIONS:
            op.execute(f"REVOKE ALL ON FUNCTION {function} FROM {role}")
    for function in DEFINER_FUNCTIONS:
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO PUBLIC")
