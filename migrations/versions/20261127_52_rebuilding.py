"""Whoever makes the whole read model anew fills the lists that are made of it once, at the end.

Row by row a list of a million products and the sample of them took a third of the time, most of it in their indexes.
A transaction that has set ``storefront.rebuilding`` to ``on`` promises to do so (storefront.search.services.rebuilding).
"""

from __future__ import annotations

from alembic import context, op

revision = "52_rebuilding"
down_revision = "51_one_paper"
branch_labels = None
depends_on = None

_BODY = " FOR EACH STATEMENT EXECUTE FUNCTION"
_UNLESS_REBUILDING = (
    " FOR EACH STATEMENT WHEN (current_setting('storefront.rebuilding', true) IS DISTINCT FROM 'on')"
    " EXECUTE FUNCTION"
)


def _triggers() -> tuple[str, ...]:
    found: tuple[str, ...] = context.script.get_revision("17_read_model").module.LISTING_TRIGGERS
    return found


def upgrade() -> None:
    for trigger in _triggers():
        op.execute(
            trigger.replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER").replace(_BODY, _UNLESS_REBUILDING)
        )


def downgrade() -> None:
    for trigger in _triggers():
        op.execute(trigger.replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"))
