"""Staff teach the search here: with permission, without contradicting each other, leaving an audit row."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import difference, record_audit
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.ids import new_id
from storefront.search.errors import SynonymChangedMeanwhile, SynonymRefused
from storefront.search.models import Synonym
from storefront.search.queries.request import clean_text
from storefront.search.queries.synonyms import forget_synonyms
from storefront.search.queries.words import LANGUAGE

MOST_WORDS = 20
LONGEST_WORD = 60
_WORDS = re.compile(r"\w[\w'’.&+/-]*(?: \w[\w'’.&+/-]*)*", re.UNICODE)
_OPERATORS = frozenset({"and", "not", "or"})


@dataclass(frozen=True, slots=True)
class SynonymEdit:
    """Words and phrases that mean the same, in any order. With ``typed``, only who types that means them too."""

    words: Sequence[str]
    typed: str = ""
    language: str = LANGUAGE

    def cleaned(self) -> SynonymEdit:
        """In lower case, each once, sorted: two groups of the same words are equal.

        Raises :class:`SynonymRefused` for too few or too many words, and for what is none.
        """
        typed = _cleaned(self.typed)
        words = sorted({word for one in self.words if (word := _cleaned(one)) and word != typed})
        if len(words) < (1 if typed else 2):
            raise SynonymRefused("too_few")
        if len(words) > MOST_WORDS:
            raise SynonymRefused("too_many", limit=MOST_WORDS)
        for word in (*words, typed):
            _check(word)
        return SynonymEdit(tuple(words), typed, self.language)

    def values(self) -> dict[str, Any]:
        """The columns of its row."""
        return {"language": self.language, "typed": self.typed or None, "words": list(self.words)}


def create_synonym(actor_id: uuid.UUID | None, edit: SynonymEdit) -> uuid.UUID:
    """Save words that mean the same; returns the entry's id. ``actor_id`` None is the command line.

    Raises NotAllowed and :class:`SynonymRefused`.
    """
    wanted, synonym_id = edit.cleaned(), new_id()
    with transaction() as current:
        _begin(actor_id)
        _refuse_contradiction(wanted, None)
        current.execute(
            sa.insert(Synonym).values(
                id=synonym_id, **wanted.values(), created_by=actor_id, updated_by=actor_id
            )
        )
        record_audit(actor_id, "create", "synonym", synonym_id, difference({}, wanted.values()))
    forget_synonyms()
    return synonym_id


def update_synonym(actor_id: uuid.UUID, synonym_id: uuid.UUID, version: int, edit: SynonymEdit) -> int:
    """Save an edit that was begun on ``version``; returns the new version. Nothing changed: nothing is written.

    Raises NotAllowed, NotFound, :class:`SynonymChangedMeanwhile` and :class:`SynonymRefused`.
    """
    wanted = edit.cleaned()
    with transaction():
        _begin(actor_id)
        stored = _stored(synonym_id)
        if stored["version"] != version:
            raise SynonymChangedMeanwhile(synonym_id, version, stored["version"])
        changes = difference({name: stored[name] for name in wanted.values()}, wanted.values())
        if not changes:
            return version
        _refuse_contradiction(wanted, synonym_id)
        write(
            sa.update(Synonym)
            .where(Synonym.id == synonym_id)
            .values(**wanted.values(), version=version + 1, updated_by=actor_id)
        )
        record_audit(actor_id, "update", "synonym", synonym_id, changes)
    forget_synonyms()
    return version + 1


def delete_synonym(actor_id: uuid.UUID, synonym_id: uuid.UUID) -> None:
    """Forget an entry. Raises NotAllowed and NotFound."""
    with transaction():
        _begin(actor_id)
        stored = _stored(synonym_id)
        write(sa.delete(Synonym).where(Synonym.id == synonym_id))
        before = {name: stored[name] for name in ("language", "typed", "words")}
        record_audit(actor_id, "delete", "synonym", synonym_id, difference(before, {}))
    forget_synonyms()


def _begin(actor_id: uuid.UUID | None) -> None:
    if actor_id is not None:
        require_permission(actor_id, "search", "write")
    # One writer at a time, so that two groups cannot take the same word side by side. Readers do not wait.
    session().execute(sa.text("LOCK TABLE synonyms IN SHARE ROW EXCLUSIVE MODE"))


def _stored(synonym_id: uuid.UUID) -> dict[str, Any]:
    columns = (Synonym.language, Synonym.typed, Synonym.words, Synonym.version)
    row = session().execute(sa.select(*columns).where(Synonym.id == synonym_id)).one_or_none()
    if row is None:
        raise NotFound("synonym", str(synonym_id))
    return dict(row._mapping)


def _refuse_contradiction(wanted: SynonymEdit, but: uuid.UUID | None) -> None:
    """A word is in one group of equal words at most, and is typed in one entry at most."""
    same = Synonym.typed == wanted.typed
    if not wanted.typed:
        same = sa.and_(Synonym.typed.is_(None), Synonym.words.overlap(list(wanted.words)))
    other = session().scalar(
        sa.select(Synonym.words)
        .where(Synonym.language == wanted.language, same, Synonym.id != but if but else sa.true())
        .limit(1)
    )
    if other is not None:
        word = wanted.typed or next(word for word in wanted.words if word in other)
        raise SynonymRefused("taken", word, tuple(other))


def _cleaned(raw: str) -> str:
    return clean_text(raw, LONGEST_WORD + 1).lower()


def _check(word: str) -> None:
    if len(word) > LONGEST_WORD:
        raise SynonymRefused("too_long", word, limit=LONGEST_WORD)
    if word and (not _WORDS.fullmatch(word) or _OPERATORS.intersection(word.split())):
        raise SynonymRefused("no_words", word)
