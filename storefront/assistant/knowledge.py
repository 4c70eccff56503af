"""What the assistant may answer from: documents, cut at their headings into passages that can be cited.

A source is saved in the transaction of whoever changes it and processed by a job; it is processed again
whenever its content has changed. Search over the passages is in ``storefront.assistant.passages``.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.assistant.models import TrainingChunk, TrainingSource
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.outbox import enqueue
from storefront.core.slugs import slugify

_LONGEST_PASSAGE = 1_200
_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*#*$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document: its heading, the heading's anchor on the page, its text (Markdown)."""

    heading: str
    anchor: str
    content: str


def save_source(
    source_type: str,
    title: str,
    content: str,
    *,
    url: str | None = None,
    language: str = "en",
    metadata: dict[str, Any] | None = None,
) -> uuid.UUID:
    """Save a document that every chatbot may use; one of the same ``url`` is replaced.

    Its passages are made later by a job, and only when the content has changed.
    """
    with transaction():
        values = {
            "source_type": source_type,
            "title": title,
            "content": content,
            "content_hash": hashlib.sha256(content.encode()).hexdigest(),
            "language": language,
            "extra": metadata or {},
        }
        statement = insert(TrainingSource).values(url=url, **values)
        source_id: uuid.UUID | None = session().scalar(
            statement.on_conflict_do_update(
                index_elements=[TrainingSource.chatbot_id, TrainingSource.url],
                index_where=sa.text("url IS NOT NULL"),
                set_={
                    **{_column(name): statement.excluded[_column(name)] for name in values},
                    "status": "pending",
                },
            ).returning(TrainingSource.id)
        )
        assert source_id
        enqueue("knowledge.source", source_id=str(source_id))
    return source_id


def _column(attribute: str) -> str:
    return "metadata" if attribute == "extra" else attribute


def process_source(source_id: uuid.UUID) -> int:
    """Cut the source into passages, replacing the old ones; returns how many there are.

    A source whose content is already processed, or that is gone, is left alone (0).
    """
    with transaction():
        source = session().scalar(
            sa.select(TrainingSource).where(TrainingSource.id == source_id).with_for_update()
        )
        if source is None or source.processed_hash == source.content_hash:
            return 0
        passages = cut_into_passages(source.title, source.content)
        session().execute(sa.delete(TrainingChunk).where(TrainingChunk.source_id == source_id))
        session().execute(
            sa.insert(TrainingChunk),
            [
                {
                    "source_id": source_id,
                    "chunk_index": index,
                    "heading": passage.heading,
                    "content": passage.content,
                    "language": source.language,
                    "extra": {"anchor": passage.anchor},
                }
                for index, passage in enumerate(passages)
            ],
        )
        source.status = "processed"
        source.processed_hash = source.content_hash
        source.processed_at = now()
        source.error = None
    return len(passages)


def cut_into_passages(title: str, markdown: str) -> list[Passage]:
    """The document by its headings; a long section is cut again between paragraphs."""
    passages: list[Passage] = []
    heading, lines = title, list[str]()

    def close() -> None:
        anchor = "" if heading == title else slugify(heading)
        for text in _pieces("\n".join(lines).strip()):
            passages.append(Passage(heading, anchor, text))

    for line in markdown.splitlines():
        if found := _HEADING.match(line):
            close()
            heading, lines = found.group(2), []
        else:
            lines.append(line)
    close()
    return passages


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        if pieces and len(pieces[-1]) + len(paragraph) < _LONGEST_PASSAGE:
            pieces[-1] += f"\n\n{paragraph}"
        elif paragraph:
            pieces.append(paragraph)
    return pieces
