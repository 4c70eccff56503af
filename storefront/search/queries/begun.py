"""Products for a text that is still being typed: its last word half or whole, misspelt or not.

The vocabulary says which words can be meant and how many products hold them. Where those are few, all of them are
read and put in order; where they are many, the best of the shop are looked through for a start, and a fixed sample
after them. So a keystroke costs about the same in a shop of a hundred products and of a million.
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

from storefront.core.db import session
from storefront.search.models import ProductSearch, product_column
from storefront.search.queries.expressions import beginnings
from storefront.search.queries.filters import published
from storefront.search.queries.named_values import named_values
from storefront.search.queries.words import LANGUAGE, Candidate, distance

READ_ALL = 2_000
"""Up to so many expected products, all are read."""

LOOKED_THROUGH = 10_000
"""Of more, so many of the shop's best are looked through."""

_RANKED = 200
_MOST_WORDS = 8
_MENDED_FROM = 4


class _Typed(msgspec.Struct, frozen=True):
    """What the vocabulary says of a typed word: how many products hold it, what it begins, what it may have been."""

    word: str
    holders: int
    begins: tuple[Candidate, ...]
    near: tuple[Candidate, ...]


class _Vocabulary(msgspec.Struct, frozen=True):
    """``products`` is about how many are listed."""

    products: float
    words: tuple[_Typed, ...]


_DECODER = msgspec.json.Decoder(_Vocabulary)
_LOOK_UP = sa.text("""
WITH typed AS MATERIALIZED (
  SELECT folded(word) AS word, place, place = cardinality(CAST(:words AS text[])) AS is_last
  FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS one(word, place)
), known AS MATERIALIZED (
  SELECT typed.*, coalesce((
    SELECT sum(v.holders) FROM search_words AS v
    WHERE v.word = typed.word
      OR v.stem = ANY (tsvector_to_array(to_tsvector(search_configuration(:language), typed.word)))
  ), 0) AS holders, CASE WHEN is_last THEN (
    SELECT json_agg(json_build_object('word', word, 'holders', holders)) FROM (
      SELECT v.word, v.holders FROM search_words AS v
      WHERE v.holders > 0 AND v.word LIKE replace(replace(typed.word, '\\', '\\\\'), '_', '\\_') || '%'
      ORDER BY v.holders DESC, v.word LIMIT 12
    ) AS begun
  ) END AS begins
  FROM typed
)
SELECT CAST(json_build_object(
  'products', (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'product_search'::regclass),
  'words', json_agg(json_build_object(
    'word', word, 'holders', holders, 'begins', coalesce(begins, '[]'), 'near',
    CASE WHEN holders = 0 AND begins IS NULL AND length(word) >= :mended_from AND word !~ '[0-9]' THEN coalesce((
      SELECT json_agg(json_build_object('word', near.word, 'holders', near.holders)) FROM (
        SELECT v.word, v.holders FROM search_words AS v
        WHERE v.holders > 0 AND ((v.deletes && word_deletes(known.word) AND v.deletes <> '{}')
          OR (is_last AND v.word LIKE ANY (:slips)))
        ORDER BY v.holders DESC, v.word LIMIT 40
      ) AS near), '[]') ELSE '[]' END
  ) ORDER BY place)) AS text) FROM known
""").bindparams(
    sa.bindparam("words", type_=sa.ARRAY(sa.Text())), sa.bindparam("slips", type_=sa.ARRAY(sa.Text()))
)


@dataclass(frozen=True, slots=True)
class _Meant:
    """One word as it is looked for: any of ``forms``, which about ``share`` of all products hold."""

    forms: tuple[str, ...]
    is_beginning: bool
    share: float


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
    languages = named_values().languages
    return list(session().scalars(_statement(languages, are_few=expected <= READ_ALL), values))


def _look_up(words: list[str]) -> _Vocabulary:
    slips = [f"{slip}%" for slip in _slips(words[-1])]
    values = {"words": words, "language": LANGUAGE, "slips": slips, "mended_from": _MENDED_FROM}
    return _DECODER.decode(session().scalar(_LOOK_UP, values) or "{}")


def _meant(typed: _Typed, products: float, *, is_last: bool) -> _Meant:
    def share(holders: float) -> float:
        return min(1.0, holders / products) if products else 1.0

    if is_last and typed.begins:
        forms = [one.word for one in typed.begins]
        return _Meant(
            tuple(dict.fromkeys([*forms, typed.word])), False, share(sum(c.holders for c in typed.begins))
        )
    if typed.holders:
        return _Meant((typed.word,), False, share(typed.holders))
    near = _nearest(typed, is_last=is_last)
    if near:
        return _Meant(tuple(one.word for one in near), False, share(sum(one.holders for one in near)))
    # No name holds it, so few texts do: the beginning of a code, or of a word that is new today.
    return _Meant((typed.word,), is_last, 0.0)


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
def _statement(languages: tuple[str, ...], *, are_few: bool) -> sa.Select[Any]:
    # A sub-select is worked out once; written into the condition it would be parsed for each row.
    queries = {
        language: sa.select(
            sa.func.to_tsquery(
                sa.func.search_configuration(language), sa.bindparam("begun", type_=sa.Text()), type_=TSQUERY
            )
        ).scalar_subquery()
        for language in languages
    }
    names = ("product_id", "name_vector", "language", "standing")
    columns = [product_column(name) for name in names]

    def holds(vector: sa.ColumnElement[Any], language: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        if len(queries) == 1:
            return vector.op("@@")(next(iter(queries.values())))
        return sa.or_(*(sa.and_(language == one, vector.op("@@")(query)) for one, query in queries.items()))

    held = holds(product_column("name_vector"), product_column("language"))
    pool: sa.Select[Any] | sa.CompoundSelect[Any]
    if are_few:
        pool = sa.select(*columns).where(held, published()).limit(READ_ALL * 2)
    else:
        best = (
            sa.select(*columns)
            .where(published())
            .order_by(ProductSearch.standing.desc(), ProductSearch.product_id.desc())
            .limit(LOOKED_THROUGH)
            .subquery("best")
        )
        among_best = (
            sa.select(best).where(holds(best.c.name_vector, best.c.language)).limit(_RANKED).subquery()
        )
        sampled = (
            sa.select(*columns).where(ProductSearch.sampled, held, published()).limit(READ_ALL).subquery()
        )
        pool = sa.union_all(sa.select(among_best), sa.select(sampled))
    found = pool.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    weights: Any = sa.literal_column("'{0,0,0.4,1}'::real[]")
    first, *others = queries.values()
    query: Any = first
    if others:
        query = sa.case(dict(list(queries.items())[1:]), value=found.c.language, else_=first)
    rank = sa.func.ts_rank(weights, found.c.name_vector, query)
    # What the shop recommends decides among products that hold the words about equally well.
    score = sa.func.round(sa.cast(rank, sa.Numeric), 1)
    return (
        sa.select(found.c.product_id)
        .group_by(found.c.product_id, found.c.standing, score)
        .order_by(score.desc(), found.c.standing.desc(), found.c.product_id)
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
