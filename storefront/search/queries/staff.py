"""The synonyms as staff see and change them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.pagination import Page
from storefront.search.models import Synonym

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class StaffSynonym:
    """An entry: words that mean the same, or, with ``typed``, what that means besides itself.

    ``author`` is who changed it last, by name or e-mail address; None where that is not known (any more).
    """

    id: uuid.UUID
    version: int
    language: str
    typed: str | None
    words: tuple[str, ...]
    author: str | None
    updated_at: datetime


def staff_synonyms(text: str = "", page: int = 1) -> Page[StaffSynonym]:
    """The entries that hold ``text``, by their first word. Two statements."""
    wanted: list[sa.ColumnElement[bool]] = []
    if text:
        like = "%" + text.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        listed = sa.func.concat_ws(" ", Synonym.typed, sa.func.array_to_string(Synonym.words, " "))
        wanted.append(listed.like(like))
    total = session().scalar(sa.select(sa.func.count()).select_from(Synonym).where(*wanted)) or 0
    rows = session().execute(
        _entries()
        .where(*wanted)
        .order_by(sa.func.coalesce(Synonym.typed, Synonym.words[1]), Synonym.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([_entry(row) for row in rows], page, PER_PAGE, total)


def staff_synonym(synonym_id: uuid.UUID) -> StaffSynonym:
    """One entry. Raises NotFound. One statement."""
    row = session().execute(_entries().where(Synonym.id == synonym_id)).one_or_none()
    if row is None:
        raise NotFound("synonym", str(synonym_id))
    return _entry(row)


def _entries() -> Any:
    name = sa.func.nullif(sa.func.concat_ws(" ", User.first_name, User.last_name), "")
    return (
        sa.select(
            Synonym.id,
            Synonym.version,
            Synonym.language,
            Synonym.typed,
            Synonym.words,
            sa.func.coalesce(name, sa.cast(User.email, sa.Text())).label("author"),
            Synonym.updated_at,
        )
        .select_from(Synonym)
        .join(User, User.id == Synonym.updated_by, isouter=True)
    )


def _entry(row: sa.Row[Any]) -> StaffSynonym:
    return StaffSynonym(**{**row._mapping, "words": tuple(row.words)})
