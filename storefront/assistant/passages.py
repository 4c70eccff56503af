"""Finding the passage of the shop's documents that answers a question, by its words.

Meaning (embeddings) joins with a later issue; the column for the vector is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from storefront.assistant.models import TrainingChunk, TrainingSource
from storefront.core.db import session


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage with where it stands. ``score`` orders passages of one search and means nothing alone."""

    title: str
    heading: str
    url: str
    content: str
    score: float


def find_passages(question: str, limit: int = 3) -> list[FoundPassage]:
    """The passages that share most with ``question``, best first; a passage need not hold every word.

    Only documents with an address can be cited, so only those are searched.
    """
    lexemes = sa.func.plainto_tsquery(sa.text("'shop_english'::regconfig"), question[:500])
    # plainto_tsquery asks for every word; in a question any of them may be the telling one.
    any_word = sa.cast(sa.func.replace(sa.cast(lexemes, sa.Text), "&", "|"), sa.dialects.postgresql.TSQUERY)
    score = sa.func.ts_rank_cd(TrainingChunk.search_vector, any_word, 1)
    rows = session().execute(
        sa.select(
            TrainingSource.title,
            TrainingChunk.heading,
            TrainingSource.url,
            TrainingChunk.extra["anchor"].astext.label("anchor"),
            TrainingChunk.content,
            score.label("score"),
        )
        .join(TrainingSource, TrainingSource.id == TrainingChunk.source_id)
        .where(TrainingSource.url.is_not(None), TrainingChunk.search_vector.op("@@")(any_word))
        .order_by(sa.desc("score"), TrainingSource.url, TrainingChunk.chunk_index)
        .limit(limit)
    )
    return [
        FoundPassage(
            row.title,
            row.heading,
            f"{row.url}#{row.anchor}" if row.anchor else row.url,
            row.content,
            float(row.score),
        )
        for row in rows
    ]
