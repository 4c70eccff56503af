"""Finding the passage of the shop's documents that answers a question, by its words.

PostgreSQL finds the passages that share any word with the question; they are ordered here by how telling the
shared words are (inverse document frequency, as in BM25), where they stand (a page's title and a section's
heading say what it is about), and how much else the passage says. Meaning (embeddings) joins with a later
issue; the column for the vector is there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from storefront.assistant.models import TrainingChunk, TrainingSource
from storefront.core.db import session

_CONFIGURATION = sa.func.search_configuration("en")
_CANDIDATES = 60
_IN_TITLE, _IN_HEADING, _IN_TEXT = 1.0, 2.0, 1.0

# What people say, and what pages say for it. Added to the question, never put in place of it.
_HOW = re.compile(r"\bhow (?:long|much|many|soon|fast|quick(?:ly)?)\b", re.I)
_ALSO: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), words)
    for pattern, words in (
        (r"\bhow much\b|\bprices?\b|\bfees?\b|\bcharges?\b", "cost"),
        (r"\bhow (?:long|fast|soon|quick)|\bwhen\b", "time days"),
        (r"\b(?:worn|used|tried|opened)\b", "unused return"),
        (r"\bmoney back\b|\breimburse|\bcompensat", "refund"),
        (r"\bsend\b.{0,20}\bback\b", "return"),
        (r"\bdeliver(?:y|ed|ies)?\b|\bpost\b", "shipping"),
        (r"\bpay\b", "payment"),
        (r"\b(?:credit|debit) ?cards?\b|\bvisa\b|\bmastercard\b|\bpaypal\b", "cards payment"),
        (r"\bbroken?\b|\bdefect\w*|\btorn\b|\bbroke\b", "faulty warranty repair"),
        (r"\bguarantee\b", "warranty"),
        (r"\bcollect\b|\bpick(?:ing)? (?:it )?up\b", "pick-up"),
        (r"\b(?:call|phone|telephone|mail|reach|write)\b", "contact"),
        (
            r"\b(?:france|austria|belgium|italy|spain|netherlands|poland|denmark|sweden|finland|ireland|portugal|greece"
            r"|czech\w*|hungary|europe|abroad|foreign|international\w*)\b",
            "EU European Union shipping",
        ),
        (
            r"\b(?:switzerland|norway|united kingdom|uk|england|britain|usa|america|outside)\b",
            "EU countries outside",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage with where it stands. ``score`` orders the passages of one search and means nothing alone."""

    title: str
    heading: str
    url: str
    content: str
    score: float = 0.0


def find_passages(question: str, limit: int = 3) -> list[FoundPassage]:
    """The passages that answer ``question`` best, best first; a passage need not hold every word.

    Only documents with an address can be cited, so only those are searched. Two statements.
    """
    text = expanded(question[:500])
    lexemes, total = (
        session()
        .execute(
            sa.select(
                sa.func.tsvector_to_array(sa.func.to_tsvector(_CONFIGURATION, text)),
                sa.select(sa.func.count()).select_from(TrainingChunk).scalar_subquery(),
            )
        )
        .one()
    )
    if not lexemes:
        return []
    rows = _candidates(text)
    weights = _weights(lexemes, rows, max(total, 1))
    found = [replace(_passage(row), score=_score(row, weights)) for row in rows]
    return sorted(found, key=lambda passage: -passage.score)[:limit]


def expanded(question: str) -> str:
    """The question with the words that pages use for the same thing."""
    also = [words for pattern, words in _ALSO if pattern.search(question)]
    return " ".join([_HOW.sub(" ", question), *also])


def _array(vector: Any) -> sa.ColumnElement[list[str]]:
    return sa.func.tsvector_to_array(vector, type_=ARRAY(sa.Text))


def _candidates(text: str) -> Sequence[Any]:
    every_word = sa.cast(sa.func.plainto_tsquery(_CONFIGURATION, text), sa.Text)
    any_word = sa.cast(sa.func.replace(every_word, "&", "|"), TSQUERY)
    return (
        session()
        .execute(
            sa.select(
                TrainingSource.title,
                TrainingChunk.heading,
                TrainingSource.url,
                TrainingChunk.extra["anchor"].astext.label("anchor"),
                TrainingChunk.content,
                _array(TrainingChunk.search_vector).label("words"),
                _array(sa.func.to_tsvector(_CONFIGURATION, TrainingChunk.heading)).label("heading_words"),
                _array(sa.func.to_tsvector(_CONFIGURATION, TrainingSource.title)).label("title_words"),
            )
            .join(TrainingSource, TrainingSource.id == TrainingChunk.source_id)
            .where(TrainingSource.url.is_not(None), TrainingChunk.search_vector.op("@@")(any_word))
            .order_by(sa.func.ts_rank(TrainingChunk.search_vector, any_word).desc(), TrainingChunk.id)
            .limit(_CANDIDATES)
        )
        .all()
    )


def _weights(lexemes: Sequence[str], rows: Sequence[Any], total: int) -> dict[str, float]:
    """How telling each word is: rare ones say more. Counted over the candidates, which hold all that match."""
    return {
        lexeme: math.log(1 + (total + 0.5) / (sum(lexeme in row.words for row in rows) + 0.5))
        for lexeme in lexemes
    }


def _score(row: Any, weights: dict[str, float]) -> float:
    words, title = set(row.words), set(row.title_words)
    heading = set(row.heading_words)
    # A page's opening has the page's title for its heading, which says less than a heading of its own.
    in_heading = _IN_HEADING / 2 if row.heading == row.title else _IN_HEADING
    gained = sum(
        weight
        * (_IN_TEXT * (lexeme in words) + in_heading * (lexeme in heading) + _IN_TITLE * (lexeme in title))
        for lexeme, weight in weights.items()
    )
    return gained / (1 + len(words) / 200)


def _passage(row: Any) -> FoundPassage:
    url = f"{row.url}#{row.anchor}" if row.anchor else row.url
    return FoundPassage(row.title, row.heading, url, row.content)
