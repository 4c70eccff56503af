"""Products for a text that is still being typed: its last word half or whole, misspelt or not.

The vocabulary says which words can be meant and how many products hold them. Where those are few, all of them are
read and put in order; where they are many, the best of the shop are looked through, and the fixed sample. So a
keystroke costs about the same in a shop of a hundred products and of a million.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from storefront.core.statements import scalar, scalars
from storefront.search.models import SAMPLED_SHARE, products_table, sample_table
from storefront.search.queries.expressions import beginnings
from storefront.search.queries.filters import published
from storefront.search.queries.named_values import named_values
from storefront.search.queries.text_search import materialized
from storefront.search.queries.words import Candidate, distance

READ_ALL = 1_000
"""Up to so many expected products, all are read."""

LOOKED_THROUGH = 3_000
"""Of more, so many of the shop's best are looked through."""

_FROM_EACH_SIDE = 200
_MOST_WORDS = 8
_MENDED_FROM = 4
_PRODUCTS, _SAMPLE = products_table(), sample_table()


class _Typed(msgspec.Struct, frozen=True):
    """What the vocabulary says of a typed word: how many hold it, which words begin with it, what may be meant."""

    word: str
    holders: int
    text_holders: int
    begins: tuple[Candidate, ...]
    near: tuple[Candidate, ...]


class _Vocabulary(msgspec.Struct, frozen=True):
    """``products`` is about how many are listed."""

    products: float
    words: tuple[_Typed, ...]


_DECODER = msgspec.json.Decoder(_Vocabulary)
# Parameters come by way of a sub-select: where the planner sees their values it plans anew each time, for nothing, and
# planning this takes eight times as long as answering.
_LOOK_UP = sa.text("""
WITH typed AS MATERIALIZED (
  SELECT folded(word) AS word, place, place = cardinality((SELECT CAST(:words AS text[]))) AS is_last
  FROM unnest((SELECT CAST(:words AS text[]))) WITH ORDINALITY AS one(word, place)
), known AS MATERIALIZED (
  SELECT typed.*, coalesce(held.holders, 0) AS holders, coalesce(held.text_holders, 0) AS text_holders,
  CASE WHEN is_last THEN (
    SELECT json_agg(json_build_object('word', word, 'holders', holders)) FROM (
      SELECT v.word, v.holders FROM search_words AS v
      WHERE v.holders > 0 AND v.word ~>=~ typed.word AND v.word ~<~ (typed.word || chr(1114111))
      ORDER BY v.holders DESC, v.word LIMIT 12
    ) AS begun
  ) END AS begins
  FROM typed CROSS JOIN LATERAL (
    SELECT sum(v.holders) AS holders, sum(v.text_holders) AS text_holders FROM search_words AS v
    WHERE v.word = typed.word
      OR v.stem = ANY (ARRAY(
        SELECT stem FROM unnest((SELECT CAST(:languages AS text[]))) AS spoken(language)
        CROSS JOIN unnest(tsvector_to_array(to_tsvector(search_configuration(language), typed.word))) AS stem))
  ) AS held
)
SELECT CAST(json_build_object(
  'products', (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'product_search'::regclass),
  'words', json_agg(json_build_object(
    'word', word, 'holders', holders, 'text_holders', text_holders, 'begins', coalesce(begins, '[]'), 'near', CASE
    WHEN holders + text_holders = 0 AND begins IS NULL AND length(word) >= :mended_from AND word !~ '[0-9]'
    THEN coalesce((
      SELECT json_agg(json_build_object('word', near.word, 'holders', near.holders)) FROM (
        SELECT v.word, v.holders FROM search_words AS v
        WHERE v.holders > 0 AND v.deletes && word_deletes(known.word) AND v.deletes <> '{}'
        UNION
        SELECT v.word, v.holders FROM unnest((SELECT CAST(:slips AS text[]))) AS slip CROSS JOIN LATERAL (
          SELECT w.word, w.holders FROM search_words AS w
          WHERE is_last AND w.holders > 0 AND w.word ~>=~ slip AND w.word ~<~ (slip || chr(1114111))
          ORDER BY w.holders DESC LIMIT 6
        ) AS v
        ORDER BY holders DESC, word LIMIT 40
      ) AS near), '[]')
    ELSE '[]' END
  ) ORDER BY place)) AS text) FROM known
""")


@dataclass(frozen=True, slots=True)
class _Meant:
    """One word as it is looked for: any of ``forms``, which about ``share`` of all products hold, in names or texts."""

    forms: tuple[str, ...]
    share: float
    is_beginning: bool = False
    is_in_names: bool = True


def products_begun(words: Sequence[str], limit: int) -> list[uuid.UUID]:
    """Products that hold ``words`` (lower case), the last of them perhaps half; the best first. Two statements."""
    words = list(words)[:_MOST_WORDS]
    if not words or limit < 1:
        return []
    vocabulary = _look_up(words)
    meant = [
        _meant(one, vocabulary.products, is_last=one is vocabulary.words[-1]) for one in vocabulary.words
    ]
    expected = max(vocabulary.products, 1.0)
    for one in meant:
        expected *= one.share
    last = meant[-1]
    values = {
        "begun": beginnings([one.forms for one in meant[:-1]], last.forms, half=last.is_beginning),
        "most": limit,
    }
    statement = _statement(
        named_values().languages,
        in_names=all(one.is_in_names for one in meant),
        are_few=expected <= READ_ALL,
    )
    return scalars(statement, values)


def _look_up(words: list[str]) -> _Vocabulary:
    values = {
        "words": words,
        "languages": list(named_values().languages),
        "slips": _slips(words[-1]),
        "mended_from": _MENDED_FROM,
    }
    return _DECODER.decode(scalar(_LOOK_UP, values) or "{}")


def _meant(typed: _Typed, products: float, *, is_last: bool) -> _Meant:
    def share(holders: float) -> float:
        return min(1.0, holders / products) if products else 1.0

    if is_last and typed.begins:
        forms = [one.word for one in typed.begins]
        return _Meant(
            tuple(dict.fromkeys([*forms, typed.word])), share(sum(one.holders for one in typed.begins))
        )
    if typed.holders:
        return _Meant((typed.word,), share(typed.holders))
    if typed.text_holders:
        return _Meant((typed.word,), share(typed.text_holders * SAMPLED_SHARE), is_in_names=False)
    near = _nearest(typed, is_last=is_last)
    if near:
        return _Meant(tuple(one.word for one in near), share(sum(one.holders for one in near)))
    # No name holds it, so few texts do: the beginning of a code, or of a word that is new today.
    return _Meant((typed.word,), 0.0, is_beginning=is_last, is_in_names=False)


def _nearest(typed: _Typed, *, is_last: bool) -> list[Candidate]:
    """The words at most one mistake away; of a half word, those whose beginning is."""
    size = len(typed.word)
    ends = (size - 1, size, size + 1) if is_last else ()

    def mistakes(word: str) -> int:
        return min(distance(typed.word, part) for part in (word, *(word[:end] for end in ends)))

    return [one for one in typed.near if mistakes(one.word) <= 1][:6]


def _slips(word: str) -> list[str]:
    """Beginnings that were meant if two neighbouring letters were swapped, or one is too many."""
    if len(word) < _MENDED_FROM or any(letter in "%_\\" or letter.isdigit() for letter in word):
        return []
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]
    shortened = [word[:at] + word[at + 1 :] for at in range(len(word))]
    return [slip for slip in dict.fromkeys([*swapped, *shortened]) if slip != word]


@lru_cache(maxsize=32)
def _statement(languages: tuple[str, ...], *, in_names: bool, are_few: bool) -> sa.Select[Any]:
    # A sub-select is worked out once; written into the condition it would be parsed for each row.
    queries = {
        language: sa.select(
            sa.func.to_tsquery(
                sa.func.search_configuration(language), sa.bindparam("begun", type_=sa.Text()), type_=TSQUERY
            )
        ).scalar_subquery()
        for language in languages
    }
    vector = "name_vector" if in_names else "search_vector"
    names = ("product_id", vector, "language", "standing")

    def holds(source: sa.FromClause) -> sa.ColumnElement[bool]:
        each = [
            sa.and_(source.c.language == language, source.c[vector].op("@@")(query))
            for language, query in queries.items()
        ]
        return sa.or_(*each) if len(each) > 1 else source.c[vector].op("@@")(next(iter(queries.values())))

    def those_of(source: sa.FromClause, most: int) -> sa.Subquery:
        held = sa.select(*(source.c[name] for name in names)).where(holds(source), published(source))
        return held.limit(most).subquery()

    pool: sa.Select[Any] | sa.CompoundSelect[Any]
    if are_few:
        pool = sa.select(those_of(_PRODUCTS, READ_ALL * 2))
    else:
        best = (
            sa.select(*(_PRODUCTS.c[name] for name in names), _PRODUCTS.c.published_at)
            .order_by(_PRODUCTS.c.standing.desc(), _PRODUCTS.c.product_id.desc())
            .limit(LOOKED_THROUGH)
            .subquery("best")
        )
        pool = sa.union_all(
            sa.select(those_of(best, _FROM_EACH_SIDE)), sa.select(those_of(_SAMPLE, _FROM_EACH_SIDE))
        )
    found = materialized(pool, "found")
    weights: Any = sa.literal_column("'{0.1,0.1,0.4,1}'::real[]")
    query: Any = next(iter(queries.values()))
    if len(queries) > 1:
        query = sa.case(dict(queries), value=found.c.language)
    # What the shop recommends decides among products that hold the words about equally well.
    score = sa.func.round(sa.cast(sa.func.ts_rank(weights, found.c[vector], query), sa.Numeric), 1)
    return (
        sa.select(found.c.product_id)
        .group_by(found.c.product_id, found.c.standing, score)
        .order_by(score.desc(), found.c.standing.desc(), found.c.product_id)
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
