"""Keeps the shop's vocabulary (``search_words``) like its products."""

from __future__ import annotations

import sqlalchemy as sa

from storefront.core.db import release, session, transaction, write
from storefront.search.models import SearchWordChange

_LOCK = 7_305_204_331
"""The advisory lock of the one who refreshes: any number that nobody else takes."""

# What stands between words. Splitting at plain characters is many times faster than at a pattern.
_BETWEEN = " \t\n\r-–—_/\\.,;:!?&+*#()[]{}<>|\"'`´’“”„«»=%$€£@^~®™©°"

# Descriptions hold a hundred words for each of a name's: of a large catalog the fixed sample stands for the rest.
_ALL_TEXTS_UP_TO = 50_000

_REFRESH = sa.text("""
WITH texts AS (
  SELECT product_id, language,
    translate(folded(concat_ws(' ', name, brand_name, category_name, array_to_string(tags, ' '), (
      SELECT string_agg(value, ' ') FROM jsonb_each(facets -> 'options') AS axis(key, value_list),
        jsonb_array_elements_text(value_list) AS value
    ))), :between, repeat(' ', length(:between))) AS words
  FROM product_search
), held AS (
  SELECT DISTINCT product_id, language, word FROM texts CROSS JOIN unnest(string_to_array(words, ' ')) AS word
  WHERE length(word) BETWEEN 2 AND 40
), described AS (
  SELECT s.product_id, s.language,
    translate(folded(left(concat_ws(' ', p.short_description, p.description, (
      SELECT string_agg(value_list::text, ' ') FROM jsonb_each(s.facets -> 'specifications') AS fact(key, value_list)
    )), 20000)), :between, repeat(' ', length(:between))) AS words
  FROM product_search AS s JOIN products AS p ON p.id = s.product_id
  WHERE s.product_id IN (SELECT product_id FROM product_sample) OR (SELECT count(*) FROM product_search) <= :all_texts
), told AS (
  SELECT DISTINCT product_id, language, word FROM described CROSS JOIN unnest(string_to_array(words, ' ')) AS word
  WHERE length(word) BETWEEN 4 AND 30 AND word ~ '^[[:alpha:]]+$'
), counted AS MATERIALIZED (
  SELECT word, sum(in_names)::int AS holders, sum(in_texts)::int AS text_holders, min(language) AS language FROM (
    SELECT word, count(*) AS in_names, 0 AS in_texts, min(language) AS language FROM held GROUP BY word
    UNION ALL
    SELECT word, 0, count(*), min(language) FROM told GROUP BY word
  ) AS both_kinds GROUP BY word
), gone AS (
  DELETE FROM search_words AS kept WHERE NOT EXISTS (SELECT FROM counted WHERE counted.word = kept.word)
)
INSERT INTO search_words AS kept (word, stem, holders, text_holders)
SELECT word, coalesce((tsvector_to_array(to_tsvector(search_configuration(language), word)))[1], word), holders,
  text_holders
FROM counted ORDER BY word
ON CONFLICT (word) DO UPDATE
SET holders = excluded.holders, text_holders = excluded.text_holders, stem = excluded.stem
WHERE (kept.holders, kept.text_holders, kept.stem)
  IS DISTINCT FROM (excluded.holders, excluded.text_holders, excluded.stem)
""")


_LONGEST = "10min"


def refresh_words() -> bool:
    """Count the words of all listed products anew; False when somebody is at it already.

    Takes some seconds for twenty thousand products, about a minute for a million. Searches go on with the words as
    they were.
    """
    with transaction():
        alone = session().scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK)))
        if alone:
            # Before the count begins: what is committed during it is noted still afterwards, and counted next time.
            write(sa.delete(SearchWordChange))
            session().execute(sa.select(sa.func.set_config("statement_timeout", _LONGEST, True)))
            session().execute(_REFRESH, {"between": _BETWEEN, "all_texts": _ALL_TEXTS_UP_TO})
    return bool(alone)


def refresh_words_if_changed() -> bool:
    """As :func:`refresh_words`, where words of products have changed since they were counted; whether it was done."""
    has_changed = session().scalar(sa.select(sa.exists(sa.select(SearchWordChange.id))))
    release()
    return bool(has_changed) and refresh_words()
