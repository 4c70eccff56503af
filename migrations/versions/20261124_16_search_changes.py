"""Changes of the listing's read model as outbox work, for an index outside PostgreSQL. Off until one is built."""

from __future__ import annotations

from alembic import context, op

revision = "16_search_changes"
down_revision = "12_synonyms"
branch_labels = None
depends_on = None

# Whatever wrote to the read model, its triggers or a job: the ids leave in the same transaction, some hundreds a row.
NOTE_CHANGES = """
CREATE FUNCTION note_product_search_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO outbox (kind, payload)
  SELECT 'search.changed', jsonb_build_object('product_ids', jsonb_agg(product_id))
  FROM (SELECT product_id, (row_number() OVER (ORDER BY product_id) - 1) / 500 AS part FROM changed) AS numbered
  GROUP BY part;
  RETURN NULL;
END
$$
"""
EVENTS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}

# A trigger that is off costs nothing, not even the copies of the rows. Turning them on waits for whoever is writing
# now, so that no change falls between an index's first read and its first noted change.
FOLLOW = """
CREATE FUNCTION follow_product_search(wanted boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
  note name;
BEGIN
  FOR note IN
    SELECT tgname FROM pg_trigger
    WHERE tgrelid = 'product_search'::regclass AND tgfoid = 'note_product_search_changes()'::regprocedure
      AND (tgenabled <> 'D') <> wanted
  LOOP
    EXECUTE format('ALTER TABLE product_search %s TRIGGER %I', CASE WHEN wanted THEN 'ENABLE' ELSE 'DISABLE' END, note);
  END LOOP;
END
$$
"""


def upgrade() -> None:
    op.execute(NOTE_CHANGES)
    op.execute(FOLLOW)
    for event, rows in EVENTS.items():
        op.execute(
            f"CREATE TRIGGER note_{event} AFTER {event.upper()} ON product_search"
            f" REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_product_search_changes()"
        )
        op.execute(f"ALTER TABLE product_search DISABLE TRIGGER note_{event}")
    app = context.config.attributes["roles"]["app"].replace('"', '""')
    op.execute("REVOKE ALL ON FUNCTION follow_product_search(boolean) FROM PUBLIC")
    op.execute(f'GRANT EXECUTE ON FUNCTION follow_product_search(boolean) TO "{app}"')


def downgrade() -> None:
    for event in EVENTS:
        op.execute(f"DROP TRIGGER note_{event} ON product_search")
    op.execute("DROP FUNCTION follow_product_search(boolean)")
    op.execute("DROP FUNCTION note_product_search_changes()")
