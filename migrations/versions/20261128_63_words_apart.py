"""Words that a slash joins are words of their own, and what hyphens join is also found in one piece.

PostgreSQL's parser takes "printer/scanner" for a path and the end of "USB-C/HDMI" for another: nobody who looked for a
scanner or for HDMI found them. And who types "wifi" or "tshirt" means what a product calls "Wi-Fi" or "T-Shirt".

Only products that say such a thing are indexed anew, in batches that are each a transaction: nobody who sells one of
them meanwhile waits for all. Broken off, it begins anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "63_words_apart"
down_revision = "61_no_sku_index"
branch_labels = None
depends_on = None

# Never of descriptions: they hold many of these, and nobody looks for them by one. In PL/pgSQL it takes a fifteenth of
# what a SQL function took, and replace() a tenth of what translate() took: nearly all texts hold neither.
SAID_APART = r"""
CREATE OR REPLACE FUNCTION said_apart(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF position('/' IN words) > 0 THEN
    words := replace(words, '/', ' ');
  END IF;
  IF position('-' IN words) > 0 THEN
    words := concat_ws(' ', words, (
      SELECT string_agg(DISTINCT replace(joined[1], '-', ''), ' ')
      FROM regexp_matches(words, '[[:alpha:]]+(?:-[[:alpha:]]+)+', 'g') AS joined
    ));
  END IF;
  RETURN words;
END
$$
"""
APART = {
    "to_tsvector(words.config, p.name)": "to_tsvector(words.config, said_apart(p.name))",
    "concat_ws(' ', brand.name, array_to_string(p.tags, ' '), paths.names, choices.words)": (
        "said_apart(concat_ws(' ', brand.name, array_to_string(p.tags, ' '), paths.names, choices.words))"
    ),
    "left(concat_ws(' ', p.short_description, facts.words), 100000)": (
        "said_apart(left(concat_ws(' ', p.short_description, facts.words), 100000))"
    ),
    "left(coalesce(p.description, ''), 100000)": "replace(left(coalesce(p.description, ''), 100000), '/', ' ')",
}
_AFFECTED = r"""
SELECT p.id FROM products AS p
WHERE p.parent_id IS NULL AND p.id > :after AND p.id IN (SELECT product_id FROM product_search) AND (
  concat(p.name, p.short_description, p.description, p.specifications::text) ~ '[[:alnum:]]/'
  OR concat(p.name, p.short_description, p.specifications::text) ~ '[[:alpha:]]-[[:alpha:]]'
  OR p.tags::text ~ '[[:alnum:]][-/]'
  OR EXISTS (SELECT FROM brands AS b WHERE b.id = p.brand_id AND b.name ~ '[[:alnum:]][-/]')
  OR p.category_id IN (
    WITH RECURSIVE called AS (
      SELECT id FROM categories WHERE name ~ '[[:alnum:]][-/]'
      UNION SELECT c.id FROM categories AS c JOIN called ON c.parent_id = called.id
    ) SELECT id FROM called
  )
  OR EXISTS (SELECT FROM products AS v WHERE v.parent_id = p.id AND v.options::text ~ '[[:alnum:]][-/]')
)
ORDER BY p.id LIMIT :size
"""


def refresh_function() -> str:
    """How a product's row is made, words apart."""
    made: str = context.script.get_revision("17_read_model").module.REFRESH_PRODUCT_SEARCH
    for before, after in APART.items():
        assert made.count(before) == 1, before
        made = made.replace(before, after)
    return made


def upgrade() -> None:
    op.execute(SAID_APART)
    op.execute("REVOKE ALL ON FUNCTION said_apart(text) FROM PUBLIC")
    op.execute(refresh_function())
    with op.get_context().autocommit_block():
        _refresh_affected()


def downgrade() -> None:
    op.execute(context.script.get_revision("17_read_model").module.REFRESH_PRODUCT_SEARCH)
    with op.get_context().autocommit_block():
        _refresh_affected()
    op.execute("DROP FUNCTION IF EXISTS said_apart(text)")


def _refresh_affected() -> None:
    connection = op.get_bind()
    batch = context.script.get_revision("17_read_model").module.BATCH
    after = "00000000-0000-0000-0000-000000000000"
    while ids := list(connection.scalars(sa.text(_AFFECTED), {"after": after, "size": batch})):
        connection.execute(sa.text("SELECT refresh_product_search(:ids)"), {"ids": ids})
        after = ids[-1]
