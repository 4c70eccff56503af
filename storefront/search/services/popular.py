"""What many people looked for with success: the few thousand texts that the box under the search field suggests."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, transaction

LEAST_ASKERS = 3
"""What fewer people typed stays theirs."""
MOST_TEXTS = 5_000
MEMORY = timedelta(days=30)
_LOCK = 7_305_204_332
"""The advisory lock of the one who refreshes: any number that nobody else takes."""

# Names, mail addresses and numbers are never shown to others, however many have typed them.
_REFRESH = sa.text("""
WITH asked AS MATERIALIZED (
  SELECT text, sum(askers)::int AS askers, sum(searches - found_nothing)::int AS uses FROM search_text_days
  WHERE day >= :since AND askers > 0 AND text ~ '^[^@0-9]{2,40}$'
  GROUP BY text HAVING sum(askers) >= :least ORDER BY 2 DESC, 3 DESC, text LIMIT :most
), gone AS (
  DELETE FROM popular_searches AS kept WHERE NOT EXISTS (SELECT FROM asked WHERE asked.text = kept.text)
)
INSERT INTO popular_searches AS kept (text, askers, uses) SELECT text, askers, uses FROM asked ORDER BY text
ON CONFLICT (text) DO UPDATE SET askers = excluded.askers, uses = excluded.uses
WHERE (kept.askers, kept.uses) IS DISTINCT FROM (excluded.askers, excluded.uses)
""")


def refresh_popular_searches() -> bool:
    """Count anew what was searched for in the last thirty days; False when somebody is at it already."""
    values = {"since": (now() - MEMORY).date(), "least": LEAST_ASKERS, "most": MOST_TEXTS}
    with transaction():
        alone = session().scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK)))
        if alone:
            session().execute(_REFRESH, values)
    return bool(alone)
