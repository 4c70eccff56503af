"""What staff taught the search: read in one statement, kept per process for half a minute.

Every search asks, and it changes a few times a week. A change made by another process is seen at the latest
after :data:`SECONDS_KEPT`; one made by this process calls :func:`forget_synonyms` and is seen at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from storefront.core.db import login, session
from storefront.search.models import Synonym
from storefront.search.queries.words import LANGUAGE

SECONDS_KEPT = 30.0

Synonyms = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Kept:
    by_language: Mapping[str, Synonyms]
    read_at: float


_kept: dict[str, _Kept] = {}
_NONE: Synonyms = MappingProxyType({})


def synonyms(languages: Sequence[str] = (LANGUAGE,)) -> Synonyms:
    """What else a word or phrase means in these languages: lower-case words and phrases, each with others.

    At most one statement. No step is taken twice: with ``a = b`` and ``b = c`` in two groups, ``a`` means ``b`` alone.
    """
    # Keyed by the login, as the category tree is: a restricted login reads for itself.
    key = login()
    kept = _kept.get(key)
    if kept is None or time.monotonic() - kept.read_at > SECONDS_KEPT:
        kept = _kept[key] = _Kept(_read(), time.monotonic())
    of_each = [kept.by_language[language] for language in languages if language in kept.by_language]
    if len(of_each) < 2:
        return of_each[0] if of_each else _NONE
    together: dict[str, dict[str, None]] = {}
    for meanings in of_each:
        for word, others in meanings.items():
            together.setdefault(word, {}).update(dict.fromkeys(others))
    return {word: tuple(others) for word, others in together.items()}


def forget_synonyms() -> None:
    """Read them again at their next use."""
    _kept.clear()


def _read() -> Mapping[str, Synonyms]:
    rows = session().execute(
        sa.select(Synonym.language, Synonym.typed, Synonym.words).order_by(Synonym.created_at, Synonym.id)
    )
    meanings: dict[str, dict[str, dict[str, None]]] = {}
    for language, typed, words in rows:
        of_language = meanings.setdefault(language, {})
        for word in [typed] if typed else words:
            _add(of_language.setdefault(word, {}), words, word)
    return {
        language: MappingProxyType({word: tuple(others) for word, others in found.items()})
        for language, found in meanings.items()
    }


def _add(others: dict[str, None], words: Iterable[str], but: str) -> None:
    others.update(dict.fromkeys(word for word in words if word != but))
