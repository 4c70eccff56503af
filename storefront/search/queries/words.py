"""A text's words beside the shop's vocabulary: known, half, misspelt, run together or torn apart. One statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from storefront.core.statements import scalar

LANGUAGE = "en"
"""The language that texts are searched in."""

MENDED_FROM = 4
"""Shorter words are taken as they are: one letter of three is another word."""

TRIED_TWICE_FROM = 7
"""Words from this length may hold two mistakes."""


FIRST_LETTER_MISSED = 0.1
"""How likely a mistake is in the first letter, beside one anywhere else."""

LETTER_DOUBLED = 10.0
"""How likely it is that a doubled letter was written once, or one twice."""

_DOUBLE = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word of the vocabulary and how many products hold it: in their names, and about how many in their texts."""

    word: str
    holders: int
    text_holders: int = 0

    @property
    def weight(self) -> float:
        """How likely it is meant: somebody who searches names a thing, and describes it seldom."""
        return self.holders + self.text_holders / 10


@dataclass(frozen=True, slots=True)
class FactFound:
    """An option's or specification's value that stands in a text, and its number."""

    number: int
    kind: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class WordFound:
    """What the vocabulary says about ``word``.

    ``holders`` products hold it or another form of its stem. ``completions`` begin with it, ``nearest`` are one
    mistake away (of long words with none so near: two), both the commonest first and only for a word that nobody
    holds. ``split`` are the two words that it is, ``joined`` the word that it and the next one are together.
    """

    word: str
    holders: int = 0
    completions: tuple[Candidate, ...] = ()
    nearest: tuple[Candidate, ...] = ()
    split: tuple[str, ...] = ()
    joined: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the shop knows of a text: its ``words``, by what was typed, and the ``facts`` that it may name."""

    words: Mapping[str, WordFound]
    facts: tuple[FactFound, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    words: list[WordFound]
    facts: tuple[FactFound, ...]


_DECODER = msgspec.json.Decoder(_Answer)
# Parameters come by way of a sub-select: where the planner sees their values it plans anew each time, for nothing, and
# planning this takes eight times as long as answering.
_LOOK_UP = sa.text("""
WITH typed AS MATERIALIZED (
  SELECT word, folded(word) AS plain, lead(folded(word)) OVER (ORDER BY place) AS next, place,
    ARRAY(
      SELECT DISTINCT stem FROM unnest((SELECT CAST(:languages AS text[]))) AS spoken(language)
      CROSS JOIN unnest(tsvector_to_array(to_tsvector(search_configuration(language), folded(word)))) AS stem
    ) AS stems
  FROM unnest((SELECT CAST(:words AS text[]))) WITH ORDINALITY AS one(word, place)
), known AS MATERIALIZED (
  SELECT typed.*, cardinality(stems) = 0 AS is_stopped,
    coalesce((
      SELECT sum(holders + text_holders) FROM search_words AS v WHERE v.word = plain OR v.stem = ANY (stems)
    ), 0) AS holders
  FROM typed
), held AS MATERIALIZED (
  -- Words that are new today, codes and rare words of descriptions are in no vocabulary, but known all the same.
  -- Counted, not asked for the first one: for that the planner would read the table. The sample knows what is common.
  SELECT known.*, CASE WHEN is_stopped THEN 1 WHEN holders > 0 THEN holders ELSE (
    SELECT max(CASE WHEN sampled.found > 0 THEN 1 ELSE least(1, (
      SELECT count(*) FROM product_search
      WHERE search_vector @@ plainto_tsquery(search_configuration(spoken.language), translate(plain, '/', ' '))
    )) END) FROM unnest((SELECT CAST(:languages AS text[]))) AS spoken(language) CROSS JOIN LATERAL (
      SELECT count(*) AS found FROM product_sample
      WHERE search_vector @@ plainto_tsquery(search_configuration(spoken.language), translate(plain, '/', ' '))
    ) AS sampled
  ) END AS in_all
  FROM known
)
SELECT CAST(json_build_object('facts', (
  SELECT coalesce(json_agg(json_build_object('number', v.id, 'kind', kind, 'name', name, 'value', value)), '[]')
  FROM (
    SELECT id, kind, name, value FROM facet_values
    WHERE kind IN ('option', 'specification')
      AND lower(value) = ANY (ARRAY(SELECT unnest((SELECT CAST(:phrases AS text[])))))
    ORDER BY kind, id LIMIT 200  -- "1" and "yes" are values of nearly every specification
  ) AS v
), 'words', coalesce(json_agg(json_build_object(
  'word', word,
  'holders', in_all,
  'completions', CASE WHEN in_all = 0 AND length(plain) > 1 THEN coalesce((
    SELECT json_agg(begun) FROM (
      SELECT v.word, v.holders, v.text_holders FROM search_words AS v
      WHERE v.word ~>=~ plain AND v.word ~<~ (plain || chr(1114111))
      ORDER BY v.holders DESC, v.text_holders DESC LIMIT 5
    ) AS begun), '[]') ELSE '[]' END,
  'nearest', CASE WHEN in_all = 0 AND length(plain) >= :shortest AND plain !~ '[0-9]' THEN coalesce((
    SELECT json_agg(near) FROM (
      SELECT v.word, v.holders, v.text_holders FROM search_words AS v
      WHERE v.deletes && (word_deletes(plain) || word_deletes(rtrim(plain, 's'))) AND v.deletes <> '{}'
      ORDER BY v.holders DESC, v.text_holders DESC LIMIT 60
    ) AS near), CASE WHEN length(plain) >= :long THEN (
    SELECT json_agg(far) FROM (
      SELECT v.word, v.holders, v.text_holders FROM search_words AS v
      WHERE v.word % plain AND v.deletes <> '{}' ORDER BY similarity(v.word, plain) DESC LIMIT 40
    ) AS far) END, '[]') ELSE '[]' END,
  'split', CASE WHEN in_all = 0 AND length(plain) >= 6 THEN coalesce((
    SELECT json_build_array(a.word, b.word)
    FROM search_words AS a JOIN search_words AS b ON b.word = substr(plain, length(a.word) + 1)
    WHERE a.word = ANY (ARRAY(SELECT left(plain, place) FROM generate_series(3, length(plain) - 3) AS place))
    ORDER BY least(a.holders, b.holders) DESC LIMIT 1), '[]') ELSE '[]' END,
  'joined', (SELECT v.word FROM search_words AS v WHERE v.word = plain || next)
) ORDER BY place), '[]')) AS text) FROM held
""")


def look_up(
    words: Sequence[str], languages: Sequence[str] = (LANGUAGE,), phrases: Sequence[str] = ()
) -> Vocabulary:
    """What the shop knows about each of the ``words`` (lower case, in the order they were typed).

    ``languages`` are those of the shop's contents: a word is known where one of them knows its stem. Of the
    ``phrases`` (lower case) it says which are values of options and specifications. One statement, or none.
    """
    if not words and not phrases:
        return Vocabulary({})
    values = {
        "words": list(words),
        "languages": list(languages),
        "shortest": MENDED_FROM,
        "long": TRIED_TWICE_FROM,
        "phrases": list(phrases),
    }
    found = _DECODER.decode(scalar(_LOOK_UP, values))
    return Vocabulary({one.word: one for one in found.words}, found.facts)


def meant(found: WordFound) -> str | None:
    """The word that was meant by one that nobody holds; None where no word is near enough.

    The nearest wins; among equals the one that is likeliest, most of all with the beginning as typed.
    """
    if found.holders or not found.nearest:
        return None
    most = 1 if len(found.word) < TRIED_TWICE_FROM else 2
    best = min(
        (_mistakes(found.word, one.word), -one.weight * _likely(found.word, one.word), one.word)
        for one in found.nearest
    )
    return best[2] if 0 < best[0] <= most else None


def _mistakes(typed: str, word: str) -> int:
    """How many there are if ``typed`` means ``word``, or its plural: that is no mistake."""
    several = distance(typed.removesuffix("s"), word) if typed.endswith("s") else len(typed)
    return min(distance(typed, word), several)


def _likely(typed: str, word: str) -> float:
    """People seldom miss the first letter, more often swap it with the second, and easily write two letters as one."""
    if _DOUBLE.sub(r"\1", typed) == _DOUBLE.sub(r"\1", word):
        return LETTER_DOUBLED
    return 1.0 if typed[0] == word[0] or sorted(typed[:2]) == sorted(word[:2]) else FIRST_LETTER_MISSED


def distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]
