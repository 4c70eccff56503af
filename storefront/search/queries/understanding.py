"""What a text means, whichever engine looks for it.

First the text is read by itself (:mod:`reading`). Then its words are looked up in the shop's vocabulary, in one
statement (:func:`vocabulary_of`): a half word is completed, a misspelt one mended, a word nobody uses left out, "head
phones" and "headphones" become one, and what staff taught the search is added. The outcome is a :class:`Question`, the
same for every engine.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from storefront.search.queries.named_values import named_values
from storefront.search.queries.reading import Reading, Wanted
from storefront.search.queries.synonyms import Synonyms, synonyms
from storefront.search.queries.words import Vocabulary, WordFound, look_up, meant

Manner = Literal["exact", "completed", "corrected", "partial", "nothing"]
_LONGEST_CODE = 64
_LONGEST_PHRASE = 3
_SAID_AROUND = frozenset(
    {"cheap", "cheaper", "cheapest", "inexpensive", "affordable", "budget", "best", "recommended"}
    | {"need", "needs", "want", "wants", "looking", "find", "buy", "buying", "please"}
    | {"something", "anything", "someone", "somebody", "anyone"}
    | {"günstig", "günstige", "günstiger", "günstiges", "billig", "billige", "beste", "bester", "bestes"}
    | {"brauche", "suche", "möchte", "kaufen", "bitte", "etwas", "jemand", "jemanden"}
)
"""What people say around what they look for: wishes and askings, which few texts of products answer by a word."""

_WORD = re.compile(r"[\w][\w'’.&+/-]*")


@dataclass(frozen=True, slots=True)
class Term:
    """One wanted thing: any of its alternatives suffices.

    ``alternatives`` are lower-case words, one with spaces is a phrase; synonyms, unit forms and compounds included.
    The first is what was typed (corrected). With ``is_prefix`` it is only a beginning. ``holders`` is about how many
    products hold it; 0 where nobody knows, as of phrases: few. An excluded term is not held against a product that
    says ``unless``: "lid" not against one "without lid".
    """

    alternatives: tuple[str, ...]
    is_prefix: bool = False
    holders: int = 0
    unless: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A text as it was understood: ``text`` as typed and cleaned, what is wanted and what is not.

    Filters that the text holds ("under 100", "brand:x") are no part of it: they are in the request. ``code`` is the
    text where it may be a SKU or a barcode: the product that has it comes first. ``meaning`` is the text with its
    mistakes mended and half words completed, for comparing by meaning.
    """

    text: str
    terms: tuple[Term, ...]
    excluded: tuple[Term, ...] = ()
    manner: Manner = "exact"
    did_you_mean: str | None = None
    code: str | None = None
    completed: str | None = None

    @property
    def meaning(self) -> str:
        """The text with its mistakes mended and its half words whole."""
        return self.completed or self.did_you_mean or self.text


def vocabulary_of(reading: Reading, phrases: Sequence[str] = ()) -> Vocabulary:
    """What the shop knows of a text that was read, and of the ``phrases`` in it. At most one statement."""
    words = [one.forms[0] for one in reading.wanted if one.is_word]
    return look_up(words, named_values().languages, phrases)


def understand(reading: Reading, vocabulary: Vocabulary) -> Question:
    """What a text that was read asks for, said what the shop knows of it. No statement, besides the synonyms'."""
    meanings = synonyms(named_values().languages)
    words = [one.forms[0] for one in reading.wanted if one.is_word]
    taught = _taught(words, meanings)
    found = vocabulary.words
    mended = _mended([word for word in words if word not in taught], found)
    terms, left_out, completed = _terms(_things_of(reading.wanted, taught), found, mended, taught)
    manner: Manner = "exact"
    if left_out or (reading.wanted and not terms):
        manner = "partial" if terms else "nothing"
    elif mended:
        manner = "corrected"
    elif completed:
        manner = "completed"
    return Question(
        text=reading.rest,
        terms=tuple(_with_synonyms(_compounds(terms, found), meanings)),
        excluded=tuple(Term(one.forms, unless=one.unless) for one in reading.excluded),
        manner=manner,
        did_you_mean=_rewritten(reading.rest, mended),
        code=_code(reading.rest),
        completed=_rewritten(reading.rest, mended | _completions(terms, found)) if completed else None,
    )


def _mended(words: Sequence[str], found: Mapping[str, WordFound]) -> dict[str, str]:
    unknown = [word for word in words if word in found and word not in _SAID_AROUND]
    corrections = {word: meant(found[word]) for word in unknown if not found[word].completions}
    return {word: better for word, better in corrections.items() if better and better != word}


def _things_of(wanted: Sequence[Wanted], taught: Container[str]) -> Sequence[Wanted]:
    """What names a thing or a property of it; all of it where nothing does."""
    things = [
        one for one in wanted if not one.is_word or one.forms[0] not in _SAID_AROUND or one.forms[0] in taught
    ]
    return things or wanted


def _taught(words: Sequence[str], meanings: Synonyms) -> set[str]:
    """The words that staff taught the search, alone or in a phrase: known, whether a product holds them or not."""
    taught: set[str] = set()
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(words)) + 1):
            if " ".join(words[start:end]) in meanings:
                taught.update(words[start:end])
    return taught


def _terms(
    wanted: Iterable[Wanted],
    found: Mapping[str, WordFound],
    mended: Mapping[str, str],
    taught: Container[str],
) -> tuple[list[Term], bool, bool]:
    """The terms, whether a word had to be left out, whether one was completed."""
    terms: list[Term] = []
    left_out = completed = False
    for one in wanted:
        word = one.forms[0]
        entry = found.get(word) if one.is_word else None
        if entry is None or entry.holders or word in taught:
            terms.append(Term(one.forms, holders=entry.holders if entry else 0))
        elif entry.completions:
            completed = True
            terms.append(Term(one.forms, is_prefix=True))
        elif word in mended:
            terms.append(Term((mended[word],)))
        elif entry.split or len(one.forms) > 1:
            terms.append(Term(one.forms))
        else:
            left_out = True
    return terms, left_out, completed


def _compounds(terms: Sequence[Term], found: Mapping[str, WordFound]) -> list[Term]:
    """ "head phones" also as "headphones", and the other way round."""
    together: list[Term] = []
    for term in terms:
        entry = found.get(term.alternatives[0])
        if entry and entry.split:
            term = replace(term, alternatives=_distinct((*term.alternatives, " ".join(entry.split))))
        before = found.get(together[-1].alternatives[0]) if together else None
        if before and before.joined and before.joined == before.word + term.alternatives[0]:
            phrase = f"{before.word} {term.alternatives[0]}"
            together[-1] = Term((phrase, before.joined), term.is_prefix, term.holders)
        else:
            together.append(term)
    return together


def _with_synonyms(terms: Sequence[Term], meanings: Mapping[str, tuple[str, ...]]) -> list[Term]:
    """Each term with what else it means; neighbouring words that are one phrase to the shop become one term."""
    taught: list[Term] = []
    place = 0
    while place < len(terms):
        for length in range(min(_LONGEST_PHRASE, len(terms) - place), 0, -1):
            run = terms[place : place + length]
            phrase = " ".join(term.alternatives[0] for term in run)
            if phrase in meanings:
                own = run[0].alternatives if length == 1 else (phrase,)
                forms = _distinct((*own, *meanings[phrase]))
                taught.append(Term(forms, run[-1].is_prefix, max(term.holders for term in run)))
                place += length
                break
        else:
            taught.append(terms[place])
            place += 1
    return taught


def _completions(terms: Iterable[Term], found: Mapping[str, WordFound]) -> dict[str, str]:
    """The commonest word that each half word begins."""
    halves = (term.alternatives[0] for term in terms if term.is_prefix)
    return {half: max(found[half].completions, key=lambda one: one.weight).word for half in halves}


def _rewritten(text: str, mended: Mapping[str, str]) -> str | None:
    """``text`` with the mended words put in place; None when nothing was mended."""
    if not mended:
        return None

    def put(found: re.Match[str]) -> str:
        parts = [found[0]] if found[0].lower() in mended else found[0].split("/")
        return "/".join(mended.get(part.lower(), part) for part in parts)

    return _WORD.sub(put, text)


def _code(text: str) -> str | None:
    may_be = 2 < len(text) <= _LONGEST_CODE and (" " not in text or any(letter.isdigit() for letter in text))
    return text if may_be else None


def _distinct(forms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(forms))
