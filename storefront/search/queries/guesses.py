"""Colours, sizes and measures that a text names: "red jacket size M", "black hdmi cable", "1tb hard drive".

They may be values of options (what a variant can be chosen by) or of specifications (what a feed says of a product).
Which of them, if any, is decided by what the rest of the text finds: the choice that most of it has; what is none of
them is a word of the rest. An option that
finds something is taken. A specification is taken only where it loses little of what the word itself finds: feeds fill
in the one product's colour and leave out the other's.

The choices leave the text and become the request's own, so that the page shows them, can take them back one by one,
and names them in its address. What was chosen by hand wins over what the text says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from storefront.search.queries.engine import Holders
from storefront.search.queries.facet_numbers import Fact
from storefront.search.queries.measures import MEASURE, forms_of
from storefront.search.queries.reading import ALTERNATIVELY, DENIALS, Reading, holds_phrase
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.words import FactFound

MOST_OF_WORDED = 2 / 3
"""So much of what the word finds a specification must hold to be taken."""

_LONGEST_PHRASE = 3
_MOST_WORDS = 12
_AXIS = re.compile(r"(?:^|\s)(?:colou?rs?|farben?|sizes?|größen?)$", re.IGNORECASE)
"""The end of the names of options and specifications whose values people say without naming them."""

_ANNOUNCES = frozenset({"in", "size", "colour", "color", "größe", "farbe"})
_SAYS_NO_MORE = frozenset({"yes", "no", "ja", "nein", "true", "false", "n", "y", "none", "other"})
_AND = frozenset({"and", "&", "und"})
_TOGETHER = ("{0} & {1}", "{0}/{1}", "{0} / {1}", "{0},{1}", "{0}, {1}", "{0}-{1}")


@dataclass(frozen=True, slots=True)
class Guess:
    """Words of a text, and the facts any one of which they may be."""

    words: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Guesses:
    """A text in ``parts``: its words, and between them what may be facts."""

    parts: tuple[str | Guess, ...]

    @property
    def guesses(self) -> tuple[Guess, ...]:
        """What may be facts."""
        return tuple(part for part in self.parts if isinstance(part, Guess))

    @property
    def rest(self) -> str:
        """The text without its guesses."""
        return " ".join(_left(self.parts))

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What any of them may be."""
        return tuple(dict.fromkeys(fact for guess in self.guesses for fact in guess.facts))

    def without(self, others: Collection[Guess]) -> Guesses:
        """The same where ``others`` are words."""
        return Guesses(
            tuple(part.words if isinstance(part, Guess) and part in others else part for part in self.parts)
        )


def phrases_of(reading: Reading) -> tuple[str, ...]:
    """All that a value of an option or specification may be called, for the words of a text to be it."""
    words = _words(reading)
    runs = (
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(words)) + 1)
    )
    return tuple(dict.fromkeys(form for run in runs for form in _forms(run)))


def guesses_of(
    request: ListingRequest, reading: Reading, facts: Sequence[FactFound], brands: Collection[str]
) -> Guesses | None:
    """What of the text of a cleaned ``request`` may be facts; None where nothing is, or nothing would be left."""
    if not facts:
        return None
    chosen = {("option", name) for name in request.options}
    chosen |= {("specification", name) for name in request.specifications}
    by_value: dict[str, list[FactFound]] = {}
    for fact in facts:
        if (fact.kind, fact.name) not in chosen:
            by_value.setdefault(fact.value.lower(), []).append(fact)
    parts = _without_pairs(list(_parts(_words(reading), by_value, brands)))
    found = Guesses(tuple(_as_meant(parts)))
    return found if found.guesses and found.rest else None


def _left(parts: Sequence[str | Guess]) -> list[str]:
    """The words that are no guess, without what only announced one: "in *size* M", "red *or* blue"."""
    left: list[str] = []
    for place, part in enumerate(parts):
        is_between = 0 < place < len(parts) - 1 and all(
            isinstance(parts[beside], Guess) for beside in (place - 1, place + 1)
        )
        if isinstance(part, Guess):
            while left and left[-1] in _ANNOUNCES:
                left.pop()
        elif not (is_between and part in ALTERNATIVELY):
            left.append(part)
    return left


def no_facts(guesses: Guesses, holders: Holders) -> tuple[Guess, ...]:
    """Those of the guesses that are words after all, said what holds what they may be."""
    return tuple(guess for guess in guesses.guesses if not _fit(guess, guesses, holders))


def facts_of(guesses: Guesses, holders: Holders) -> tuple[Fact, ...]:
    """Which facts guesses are of which each may be one; none where they do not go together."""
    facts = [
        max(
            _fit(guess, guesses, holders),
            key=lambda fact: (holders.of[frozenset({fact})], fact[0] == "option"),
        )
        for guess in guesses.guesses
    ]
    # Of one facet's values one suffices.
    pairs = ((one, other) for one, other in combinations(facts, 2) if one[:2] != other[:2])
    return tuple(facts) if all(_is_enough(holders, *pair) for pair in pairs) else ()


def _fit(guess: Guess, guesses: Guesses, holders: Holders) -> list[Fact]:
    others = [fact for other in guesses.guesses if other is not guess for fact in other.facts]
    return [fact for fact in guess.facts if _is_enough(holders, fact, or_else=others)]


def with_facts(request: ListingRequest, text: str, facts: Sequence[Fact]) -> ListingRequest:
    """``request`` with the facts as choices, and the rest of its text."""
    options, specifications = dict(request.options), dict(request.specifications)
    for kind, name, value in facts:
        named = options if kind == "option" else specifications
        named[name] = (*named.get(name, ()), value)
    return replace(request, text=text, options=options, specifications=specifications).cleaned()


def _is_enough(holders: Holders, *facts: Fact, or_else: Sequence[Fact] = ()) -> bool:
    """Whether enough holds ``facts``; ``or_else`` may be other values of the same facet, which would do as well."""
    found = holders.of.get(frozenset(facts), 0)
    if all(kind == "option" for kind, _name, _value in facts):
        return found > 0
    beside = sum(holders.of.get(frozenset({other}), 0) for other in or_else if other[:2] == facts[0][:2])
    return found > 0 and found + beside >= MOST_OF_WORDED * holders.worded


def _words(reading: Reading) -> list[str]:
    """The words of a text; none where one alone, or who types a phrase, means just that."""
    words = [word for one in reading.rest.lower().split() if (word := one.strip(",;:!?"))]
    return words[:_MOST_WORDS] if len(words) > 1 and not holds_phrase(reading.rest) else []


def _forms(run: str) -> tuple[str, ...]:
    """What a value may be called that ``run`` names: a measure in all its writings, two colours however joined."""
    if measure := MEASURE.fullmatch(run):
        return forms_of(measure)
    match run.split():
        case [one, joint, other] if joint in _AND:
            return (run, *(pattern.format(one, other) for pattern in _TOGETHER))
        case _:
            return (run,)


def _parts(
    words: Sequence[str], by_value: Mapping[str, Sequence[FactFound]], brands: Collection[str]
) -> Iterator[str | Guess]:
    """The words, run together where several name one value; a brand's name is never a colour."""
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            run = " ".join(words[place : place + length])
            facts = () if run in brands else _facts(run, by_value)
            if facts or run in brands:
                yield Guess(run, facts) if facts else run
                place += length
                break
        else:
            yield words[place]
            place += 1


def _facts(run: str, by_value: Mapping[str, Sequence[FactFound]]) -> tuple[Fact, ...]:
    is_measure = MEASURE.fullmatch(run) is not None
    found = (fact for form in _forms(run) for fact in by_value.get(form, ()))
    return tuple((one.kind, one.name, one.value) for one in found if _says(one, is_measure=is_measure))


def _says(fact: FactFound, *, is_measure: bool) -> bool:
    """Whether people name this value without naming what it is a value of."""
    if is_measure:
        return MEASURE.fullmatch(fact.value) is not None  # "27" alone may be anything
    if not _AXIS.search(fact.name):
        return False
    if fact.kind == "option":
        return True
    return any(letter.isalpha() for letter in fact.value) and fact.value.lower() not in _SAYS_NO_MORE


def _without_pairs(parts: list[str | Guess]) -> list[str | Guess]:
    """ "black and white" is neither black nor white, where nothing is called so: words again."""
    for place in range(1, len(parts) - 1):
        before, after = parts[place - 1], parts[place + 1]
        if parts[place] in _AND and isinstance(before, Guess) and isinstance(after, Guess):
            names = {fact[:2] for fact in before.facts}
            if any(fact[:2] in names for fact in after.facts):
                parts[place - 1], parts[place + 1] = before.words, after.words
    return parts


def _as_meant(parts: Sequence[str | Guess]) -> Iterator[str | Guess]:
    """ "not red" is no choice of red, and "red or a tent" none of anything: words again."""
    for place, part in enumerate(parts):
        if not isinstance(part, Guess):
            yield part
            continue
        said = [one for one in parts[:place] if one not in _ANNOUNCES][::-1]
        is_denied = bool(said) and said[0] in DENIALS
        is_word = is_denied or any(map(_joins_a_word, (said, parts[place + 1 :])))
        yield part.words if is_word else part


def _joins_a_word(beside: Sequence[str | Guess]) -> bool:
    """Whether what stands beside a guess, the nearest first, makes it an alternative to something that is none."""
    if not beside or beside[0] not in ALTERNATIVELY:
        return False
    return len(beside) < 2 or not isinstance(beside[1], Guess)
