"""The words of an order's timeline go with the person behind it; nothing else of it ever changes.

``order_events`` were append only. Now one thing may happen to a row: its note becomes empty.
"""

from __future__ import annotations

from alembic import context, op

revision = "68_erased_words"
down_revision = "67_codes_by_the_shopper"
branch_labels = None
depends_on = None

KEEP = """
CREATE FUNCTION keep_order_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.note = '' AND OLD.note <> '' AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""


def _app() -> str:
    return '"' + context.config.attributes["roles"]["app"].replace('"', '""') + '"'


def upgrade() -> None:
    op.execute(KEEP)
    _trigger("keep_order_events()")
    op.execute(f"GRANT UPDATE (note) ON order_events TO {_app()}")


def downgrade() -> None:
    op.execute(f"REVOKE UPDATE (note) ON order_events FROM {_app()}")
    _trigger("refuse_change()")
    op.execute("DROP FUNCTION keep_order_events()")


def _trigger(function: str) -> None:
    op.execute("DROP TRIGGER append_only ON order_events")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON order_events"
        f" FOR EACH ROW EXECUTE FUNCTION {function}"
    )
