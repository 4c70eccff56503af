"""Extensions, text search configurations, and the functions that every table relies on."""

from __future__ import annotations

from alembic import op

revision = "01_foundations"
down_revision = None
branch_labels = None
depends_on = None

EXTENSIONS = ("pg_trgm", "unaccent", "citext", "btree_gin", "vector")
LANGUAGES = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "pt": "portuguese",
    "sv": "swedish",
}

SET_UPDATED_AT = """
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$
"""

# The owner may still move rows between partitions: ensure_partitions says so while it does.
REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('storefront.moving_rows', true) = 'on'
     AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""

ACTING = (
    """
CREATE FUNCTION acting_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$
""",
    """
CREATE FUNCTION acting_session_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.session_id', true), '')::uuid $$
""",
    """
CREATE FUNCTION proved_order_ids() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(string_to_array(nullif(current_setting('app.order_ids', true), ''), ',')::uuid[], '{}') $$
""",
)

SOFT_DELETE = """
CREATE FUNCTION soft_delete(table_name text, record_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  touched integer;
BEGIN
  IF table_name <> ALL (ARRAY['users', 'brands', 'categories', 'products', 'reviews', 'api_keys']) THEN
    RAISE EXCEPTION '% has no soft delete', table_name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('UPDATE %I SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL', table_name)
    USING record_id;
  GET DIAGNOSTICS touched = ROW_COUNT;
  RETURN touched > 0;
END
$$
"""


def upgrade() -> None:
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    for base in (*LANGUAGES.values(), "simple"):
        op.execute(f"CREATE TEXT SEARCH CONFIGURATION shop_{base} (COPY = pg_catalog.{base})")
        dictionary = base if base == "simple" else f"{base}_stem"
        op.execute(
            f"ALTER TEXT SEARCH CONFIGURATION shop_{base}"
            f" ALTER MAPPING FOR hword, hword_part, word WITH unaccent, {dictionary}"
        )
    cases = " ".join(
        f"WHEN '{code}' THEN 'public.shop_{base}'::regconfig" for code, base in LANGUAGES.items()
    )
    op.execute(
        "CREATE FUNCTION search_configuration(language text) RETURNS regconfig LANGUAGE sql STABLE PARALLEL SAFE AS"
        f" $$ SELECT CASE left(language, 2) {cases} ELSE 'public.shop_simple'::regconfig END $$"
    )
    op.execute(
        "CREATE FUNCTION folded(words text) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS"
        " $$ SELECT lower(public.unaccent(words)) $$"
    )
    op.execute(SET_UPDATED_AT)
    op.execute(REFUSE_CHANGE)
    for function in ACTING:
        op.execute(function)
    op.execute(SOFT_DELETE)


def downgrade() -> None:
    """The extensions stay: other schemas may use them, and only a superuser could bring some of them back."""
    for function in (
        "soft_delete(text, uuid)",
        "proved_order_ids()",
        "acting_session_id()",
        "acting_user_id()",
        "refuse_change()",
        "set_updated_at()",
        "folded(text)",
        "search_configuration(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    for base in (*LANGUAGES.values(), "simple"):
        op.execute(f"DROP TEXT SEARCH CONFIGURATION shop_{base}")
