"""What pages show has changed: noted by triggers as outbox work, for what is remembered of it to be forgotten."""

from __future__ import annotations

from alembic import op

revision = "19_cache_changes"
down_revision = "18_search_tallies"
branch_labels = None
depends_on = None

NOTE_STALE = """
CREATE FUNCTION note_stale(tags text[]) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  INSERT INTO outbox (kind, payload) VALUES ('cache.forget', jsonb_build_object('tags', to_jsonb(tags)))
$$
"""

# Beyond 300 products in one statement the whole catalog is meant.
# A list changes with what its cards show, a product's page also with its last five pieces ("Only 3 left").
NOTE_STALE_PRODUCTS = """
CREATE FUNCTION note_stale_products(roots uuid[], left_categories uuid[], listed boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  tags text[];
BEGIN
  IF cardinality(roots) > 300 THEN
    PERFORM note_stale('{catalog}');
    RETURN;
  END IF;
  SELECT array_agg('product:' || id) INTO tags FROM unnest(roots) AS root(id);
  IF listed THEN
    WITH RECURSIVE climb AS (
      (SELECT category_id AS id FROM products WHERE id = ANY (roots) UNION SELECT unnest(left_categories))
      UNION
      SELECT c.parent_id FROM categories AS c JOIN climb ON c.id = climb.id
    )
    SELECT tags || ARRAY['products'] || array_agg('category:' || id) INTO tags FROM climb WHERE id IS NOT NULL;
  END IF;
  PERFORM note_stale(tags);
END
$$
"""

NOTE_CHANGED_PRODUCTS = """
CREATE FUNCTION note_changed_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  roots uuid[];
  left_categories uuid[];
  listed boolean;
BEGIN
  WITH both_rows AS (
    SELECT coalesce(n.parent_id, n.id) AS root, o.parent_id AS old_parent,
      CASE WHEN n.category_id IS DISTINCT FROM o.category_id THEN o.category_id END AS left_category,
      n.version <> o.version AS rewritten,
      n.stock_quantity - n.reserved_quantity + n.backorder_limit AS left_now,
      o.stock_quantity - o.reserved_quantity + o.backorder_limit AS left_before
    FROM new_rows AS n JOIN old_rows AS o USING (id)
  ), changed AS (
    SELECT *, rewritten OR (left_now > 0) <> (left_before > 0) AS in_lists FROM both_rows
    WHERE rewritten OR least(left_now, 6) <> least(left_before, 6)
  )
  SELECT array_agg(DISTINCT family.id), array_agg(DISTINCT left_category) FILTER (WHERE left_category IS NOT NULL),
    bool_or(in_lists)
  INTO roots, left_categories, listed
  FROM changed CROSS JOIN LATERAL (VALUES (root), (coalesce(old_parent, root))) AS family(id);
  IF roots IS NOT NULL THEN
    PERFORM note_stale_products(roots, coalesce(left_categories, '{}'), listed);
  END IF;
  RETURN NULL;
END
$$
"""

NOTE_PRODUCTS = """
CREATE FUNCTION note_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  roots uuid[];
  left_categories uuid[];
BEGIN
  SELECT array_agg(DISTINCT coalesce(parent_id, id)), coalesce(array_agg(DISTINCT category_id), '{}')
  INTO roots, left_categories FROM changed;
  IF roots IS NOT NULL THEN
    PERFORM note_stale_products(roots, left_categories, true);
  END IF;
  RETURN NULL;
END
$$
"""

# Only a published review shows, and a list shows its stars alone: a vote or another word is the product's page.
NOTE_CHANGED_REVIEWS = """
CREATE FUNCTION note_changed_reviews() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  roots uuid[];
  listed boolean;
BEGIN
  WITH both_rows AS (
    SELECT n.product_id AS is_of, o.product_id AS was_of, n.rating <> o.rating AS rated_otherwise,
      n.status = 'published' AND n.deleted_at IS NULL AS shows, o.status = 'published' AND o.deleted_at IS NULL AS showed
    FROM new_rows AS n JOIN old_rows AS o USING (id)
  ), changed AS (
    SELECT *, shows <> showed OR rated_otherwise OR is_of <> was_of AS in_lists FROM both_rows WHERE shows OR showed
  )
  SELECT array_agg(DISTINCT coalesce(p.parent_id, p.id)), bool_or(in_lists) INTO roots, listed
  FROM changed CROSS JOIN LATERAL (VALUES (is_of), (was_of)) AS of_one(id) JOIN products AS p ON p.id = of_one.id;
  IF roots IS NOT NULL THEN
    PERFORM note_stale_products(roots, '{}', listed);
  END IF;
  RETURN NULL;
END
$$
"""

NOTE_REVIEWS = """
CREATE FUNCTION note_reviews() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  roots uuid[];
BEGIN
  SELECT array_agg(DISTINCT coalesce(p.parent_id, p.id)) INTO roots
  FROM products AS p
  WHERE p.id IN (SELECT product_id FROM changed WHERE status = 'published' AND deleted_at IS NULL);
  IF roots IS NOT NULL THEN
    PERFORM note_stale_products(roots, '{}', true);
  END IF;
  RETURN NULL;
END
$$
"""

NOTE_TAG = """
CREATE FUNCTION note_tag() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM note_stale(ARRAY[TG_ARGV[0]]);
  RETURN NULL;
END
$$
"""

FUNCTIONS = (
    NOTE_STALE,
    NOTE_STALE_PRODUCTS,
    NOTE_CHANGED_PRODUCTS,
    NOTE_PRODUCTS,
    NOTE_CHANGED_REVIEWS,
    NOTE_REVIEWS,
    NOTE_TAG,
)
SIGNATURES = (
    "note_tag()",
    "note_reviews()",
    "note_changed_reviews()",
    "note_products()",
    "note_changed_products()",
    "note_stale_products(uuid[], uuid[], boolean)",
    "note_stale(text[])",
)
ROWS = {"INSERT": "NEW", "DELETE": "OLD"}
TAGS = {
    "brands": "catalog",
    "categories": "catalog",
    "shipping_methods": "catalog",
    "training_sources": "policies",
}


def _triggers() -> list[tuple[str, str, str]]:
    """Name, table, definition."""
    made = []
    for table in ("products", "reviews"):
        changed = (
            f"AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT"
            f" EXECUTE FUNCTION note_changed_{table}()"
        )
        made.append(("note_stale_update", table, changed))
        for event, rows in ROWS.items():
            definition = (
                f"AFTER {event} ON {table} REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT"
                f" EXECUTE FUNCTION note_{table}()"
            )
            made.append((f"note_stale_{event.lower()}", table, definition))
    for table, tag in TAGS.items():
        events = "AFTER INSERT OR UPDATE OR DELETE"
        made.append(
            (
                "note_stale",
                table,
                f"{events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION note_tag('{tag}')",
            )
        )
    return made


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    for signature in SIGNATURES:
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    for name, _table, definition in _triggers():
        op.execute(f"CREATE TRIGGER {name} {definition}")


def downgrade() -> None:
    for name, table, _definition in _triggers():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for signature in SIGNATURES:
        op.execute(f"DROP FUNCTION {signature}")
