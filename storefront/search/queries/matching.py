"""How a search text is understood, in one statement.

First the text as written: web search syntax (quotes, minus, or) over the weighted full-text vector. Only
when that finds nothing are its words looked at one by one: a half word is completed, a misspelt one is
replaced by the nearest word that product names hold, a word nobody uses is left out; and where no product
holds all that remain, some of them suffice. The outcome is always a full-text query, so that the listing
and its counts stay on one index whatever was typed.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased

from storefront.core.clock import now
from storefront.core.db import session
from storefront.search.models import ProductSearch

Manner = Literal["exact", "completed", "corrected", "partial", "nothing"]
_MOST_WORDS = 8
_NEAR_ENOUGH = 0.7
_WORD = re.compile(r"(?<![\w-])(-?)(\w+)", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Matching:
    """A text as the index is asked for it. ``did_you_mean`` is the text with its typing mistakes mended."""

    manner: Manner
    text: str
    terms: tuple[str, ...]
    exact_product_id: uuid.UUID | None
    did_you_mean: str | None

    def values(self) -> dict[str, Any]:
        """What :func:`matching_query` and :func:`exact_product` are run with."""
        return {
            "text": self.text,
            "all_terms": " & ".join(self.terms),
            "some_terms": " | ".join(self.terms),
            "exact_product_id": self.exact_product_id,
        }


def matching_query(kind: Literal["written", "terms"]) -> sa.ColumnElement[Any]:
    """The full-text query as SQL: a text as it is written, or mended terms together, else some of them."""
    if kind == "written":
        return _web_query(sa.bindparam("text", type_=sa.Text()))
    return sa.case((holds_all_terms(), _terms("all_terms")), else_=_terms("some_terms"))


def holds_all_terms() -> sa.ColumnElement[bool]:
    """Whether some product holds all the terms of the text."""
    listing = aliased(ProductSearch)
    return sa.exists().where(listing.search_vector.op("@@")(_terms("all_terms")))


def exact_product() -> sa.ColumnElement[bool]:
    """The row of the product whose SKU or barcode the text is."""
    return ProductSearch.product_id == sa.bindparam("exact_product_id", type_=sa.Uuid())


def _terms(parameter: str) -> sa.ColumnElement[Any]:
    return text_query(sa.bindparam(parameter, type_=sa.Text()))


def _config() -> sa.ColumnElement[Any]:
    """The text configuration of the page's language, accents folded: the one that the index was built with."""
    return sa.func.search_configuration("en")


def _web_query(text: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    return sa.func.websearch_to_tsquery(_config(), text, type_=TSQUERY)


def text_query(expression: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """An expression of quoted words (``'tent' & 'dome':*``) as a full-text query."""
    return sa.func.to_tsquery(_config(), expression, type_=TSQUERY)


def words_of(text: str) -> list[str]:
    """The words of ``text`` that are wanted (those after a minus are not), lower case, at most eight."""
    found = (word.lower() for minus, word in _WORD.findall(text) if not minus)
    return list(dict.fromkeys(word for word in found if len(word) <= 40))[:_MOST_WORDS]


def prefix_expression(words: Sequence[str]) -> str:
    """The words as :func:`text_query` takes them, the last one as the beginning of a word."""
    return " & ".join(
        [*(_quoted(word) for word in words[:-1]), *(f"{_quoted(word)}:*" for word in words[-1:])]
    )


def slip_expression(words: Sequence[str]) -> str | None:
    """As :func:`prefix_expression`, with a slip of the fingers in the last word; None where that is too short."""
    slips = [f"{_quoted(slip)}:*" for slip in slips_of(words[-1]) if len(slip) > 3]
    if not slips:
        return None
    return " & ".join([*(_quoted(word) for word in words[:-1]), f"({' | '.join(slips)})"])


def _quoted(word: str) -> str:
    """A word of letters and digits as a quoted lexeme: no operator can hide in it."""
    return f"'{word}'"


_UNDERSTAND = sa.text("""
WITH asked AS (
  SELECT websearch_to_tsquery(search_configuration('en'), :text) AS written
), found AS MATERIALIZED (
  SELECT EXISTS (
    SELECT FROM product_search, asked WHERE search_vector @@ asked.written AND published_at <= :moment
  ) AS as_written
), tuned AS MATERIALIZED (
  -- For this transaction only, and before any trigram scan: one wrong letter in a short word leaves a third of
  -- its trigrams.
  SELECT set_config('pg_trgm.word_similarity_threshold', '0.3', true) AS threshold FROM found WHERE NOT as_written
), typed AS (
  SELECT folded(entry.value ->> 'word') AS word, entry.value -> 'slips' AS slips, entry.place
  FROM jsonb_array_elements(CAST(:words AS jsonb)) WITH ORDINALITY AS entry(value, place)
), looked_up AS (
  SELECT typed.*,
    numnode(plainto_tsquery(search_configuration('en'), word)) = 0 OR EXISTS (
      SELECT FROM product_search WHERE search_vector @@ plainto_tsquery(search_configuration('en'), word)
    ) AS known,
    EXISTS (
      SELECT FROM product_search
      WHERE search_vector @@ to_tsquery(search_configuration('en'), quote_literal(word) || ':*')
    ) AS begins
  FROM typed
)
SELECT
  (SELECT as_written FROM found) AS as_written,
  (
    SELECT coalesce(parent_id, id) FROM products
    WHERE (sku IN (:text, upper(:text)) OR barcode = :text) AND deleted_at IS NULL AND is_active
    LIMIT 1
  ) AS exact_product_id,
  CASE WHEN (SELECT threshold FROM tuned) IS NOT NULL THEN (
    SELECT jsonb_agg(jsonb_build_object(
      'word', word,
      'known', known,
      'begins', begins,
      'slips', CASE WHEN NOT known AND NOT begins THEN (
        SELECT jsonb_agg(jsonb_build_array(slip, uses)) FROM (
          SELECT slip, (
            SELECT count(*) FROM (
              SELECT FROM product_search
              WHERE search_vector @@ plainto_tsquery(search_configuration('en'), slip) LIMIT 100
            ) AS holders
          ) AS uses
          FROM jsonb_array_elements_text(slips) AS slip
        ) AS counted WHERE uses > 0
      ) END,
      'near', CASE WHEN NOT known AND NOT begins AND length(word) > 3 THEN (
        SELECT jsonb_agg(jsonb_build_array(part.word, part.uses)) FROM (
          SELECT part.word, count(*) AS uses
          FROM (
            SELECT folded(concat_ws(' ', name, brand_name, category_name, array_to_string(tags, ' '))) AS words
            FROM product_search
            WHERE looked_up.word <% trigram_text
            ORDER BY word_similarity(looked_up.word, trigram_text) DESC
            LIMIT 200
          ) AS near_text
          CROSS JOIN regexp_split_to_table(near_text.words, '[^[:alnum:]]+') AS part(word)
          WHERE similarity(part.word, looked_up.word) > 0.3
          GROUP BY part.word ORDER BY similarity(part.word, looked_up.word) DESC LIMIT 20
        ) AS part
      ) END
    ) ORDER BY place) FROM looked_up
  ) END AS words
""")


def slips_of(word: str) -> list[str]:
    """What was meant if two neighbouring letters of ``word`` were swapped or one letter is too many."""
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]
    shortened = [word[:at] + word[at + 1 :] for at in range(len(word))]
    return [slip for slip in dict.fromkeys([*swapped, *shortened]) if slip != word and len(slip) > 2]


def understand(text: str) -> Matching:
    """How to look for ``text`` (cleaned, not empty). One statement."""
    words = words_of(text)
    looked_up = json.dumps([{"word": word, "slips": slips_of(word)} for word in words])
    row = session().execute(_UNDERSTAND, {"text": text, "words": looked_up, "moment": now()}).one()
    if row.as_written or not words:
        return Matching("exact", text, (), row.exact_product_id, None)
    return _relaxed(text, row.words or [], row.exact_product_id)


def _relaxed(text: str, words: Sequence[Mapping[str, Any]], exact_product_id: uuid.UUID | None) -> Matching:
    terms: list[str] = []
    mended: dict[str, str] = {}
    left_out = completed = False
    for word in words:
        if word["known"]:
            terms.append(_quoted(word["word"]))
        elif word["begins"]:
            completed = True
            terms.append(f"{_quoted(word['word'])}:*")
        elif nearest := _nearest(word["word"], word["slips"] or [], word["near"] or []):
            mended[word["word"]] = nearest
            terms.append(_quoted(nearest))
        else:
            left_out = True
    if not terms:
        return Matching("exact" if exact_product_id else "nothing", text, (), exact_product_id, None)
    manner: Manner = (
        "partial" if left_out else "corrected" if mended else "completed" if completed else "exact"
    )
    return Matching(manner, text, tuple(terms), exact_product_id, _mend(text, mended))


def _nearest(
    word: str, slips: Sequence[tuple[str, int]], candidates: Sequence[tuple[str, int]]
) -> str | None:
    """The word that was meant: a slip of the fingers if that is one, else the likest that names hold.

    Among equals the one that more products hold.
    """
    if slips:
        return max(slips, key=lambda slip: slip[1])[0]
    likest = max(((_likeness(word, near), uses, near) for near, uses in candidates), default=None)
    return likest[2] if likest and likest[0] >= _NEAR_ENOUGH else None


def _likeness(word: str, other: str) -> float:
    return round(SequenceMatcher(None, word, other, autojunk=False).ratio(), 2)


def _mend(text: str, mended: Mapping[str, str]) -> str | None:
    """``text`` with the mended words put in place; None when nothing was mended."""
    if not mended:
        return None
    return _WORD.sub(lambda found: found.group(1) + mended.get(found.group(2).lower(), found.group(2)), text)
