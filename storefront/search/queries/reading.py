"""What a search text says by itself, before anything is looked up: words, phrases, measures, prices, a brand.

The query language: ``"two words"`` in that order, ``-word``, ``not word`` and ``without word`` not that,
``this or that``, ``this vs that``, ``brand:name``, ``under 100``, ``between 50 and 80``, ``1tb`` like ``1 TB``.
Everything else is words; no text is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from storefront.search.queries.measures import MEASURE, forms_of

MOST_WORDS = 12
LONGEST_WORD = 40
_SHORTEST_APART = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One wanted (or unwanted) thing; any of ``forms`` is it, the first as typed. A form with spaces is a phrase.

    ``is_word``: a single word that may be looked up, corrected and completed; quoted things and measures are not.
    ``unless``: the phrase that says that an unwanted thing is not there.
    """

    forms: tuple[str, ...]
    is_word: bool = True
    unless: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart. Prices are gross, both ends included; ``brands`` are what followed ``brand:``.

    ``rest`` is the text without prices and brands.
    """

    rest: str
    wanted: tuple[Wanted, ...]
    excluded: tuple[Wanted, ...]
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    brands: tuple[str, ...] = ()


_BRAND = re.compile(r'(?<![\w-])brand:\s*(?:"([^"]+)"|([^\s"]+))', re.IGNORECASE)
_QUOTED = re.compile(r'(?<![\w"])(-?)"([^"]+)"')
_TOKEN = re.compile(r"(?<!\S)(-?)(\S+)")
_EDGES = re.compile(r"^[^\w]+|[^\w+#]+$")
_JOINTS = re.compile(r"[-/.'’&+_]+")
_CODE = re.compile(r"([^\W\d]{2,})(\d+)")

_CURRENCY = r"(?:€|\$|£|(?:eur|euros?|usd|dollars?|gbp|pounds?|bucks)\b)"
# 1299, 12.99, 1,299 and 1.299,95: nothing of a number is left behind.
_NUMBER = r"(\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d{1,7}(?:[.,]\d{1,2})?)(?![.,]?\d)"
_AMOUNT = rf"(?:{_CURRENCY}\s*)?{_NUMBER}(?:\s*{_CURRENCY})?"
_CERTAIN = rf"(?:{_CURRENCY}\s*{_NUMBER}|{_NUMBER}\s*{_CURRENCY})"
_BETWEEN = re.compile(
    rf"(?<![\w-])(between|from|zwischen|von)\s+{_AMOUNT}\s*(?:and|to|und|bis|-|–)\s*{_AMOUNT}(?![\w%\"″°])",
    re.IGNORECASE,
)
_SPAN = re.compile(rf"(?<![\w.,-]){_AMOUNT}\s*(?:-|–|to|bis)\s*{_CERTAIN}(?!\w)", re.IGNORECASE)
_AT_MOST = (
    r"under|below|less than|cheaper than|up to|at most|max(?:imum|\.)?|no more than"
    r"|unter|bis zu|weniger als|höchstens"
)
_AT_LEAST = r"over|above|more than|at least|min(?:imum|\.)?|starting at|über|ab|mehr als|mindestens"
# "under 100 tent" is a price, "under 2 m" is not; "over 100 pages" is none either: there it must end the text.
_UNDER = re.compile(
    rf"(?:(?<![\w-])(?:{_AT_MOST})\s+|<=?\s*)(?:{_CERTAIN}|{_NUMBER}(?![\w%\"″°-]|[.,]\w))", re.IGNORECASE
)
_OVER = re.compile(rf"(?:(?<![\w-])(?:{_AT_LEAST})\s+|>=?\s*)(?:{_CERTAIN}|{_NUMBER}\s*$)", re.IGNORECASE)
_MONEY = re.compile(_CURRENCY, re.IGNORECASE)
_THOUSANDS = re.compile(r"[.,](?=\d{3}(?:\D|$))")


def read(text: str) -> Reading:
    """Take a cleaned ``text`` apart."""
    brands = _distinct((quoted or plain).strip() for quoted, plain in _BRAND.findall(text))
    rest = _BRAND.sub(" ", text) if brands else text
    low, high, rest = _prices(rest)
    rest = " ".join(rest.split())
    wanted: list[Wanted] = []
    excluded: list[Wanted] = []
    for is_excluded, one, is_alternative in _things(rest.lower()):
        if is_excluded:
            excluded.append(one)
        elif is_alternative and wanted:
            wanted[-1] = Wanted(_distinct((*wanted[-1].forms, *one.forms)), is_word=False)
        elif one not in wanted:
            wanted.append(one)
    return Reading(
        rest=rest,
        wanted=tuple(wanted[:MOST_WORDS]),
        excluded=tuple(excluded[:MOST_WORDS]),
        price_min=low,
        price_max=high,
        brands=brands,
    )


def holds_phrase(text: str) -> bool:
    """Whether something in ``text`` is quoted."""
    return '"' in text and _QUOTED.search(text) is not None


def _prices(text: str) -> tuple[Decimal | None, Decimal | None, str]:
    """The price limits that ``text`` names, and ``text`` without them. Quoted words are never a price."""
    if holds_phrase(text):
        return (None, None, text)
    between = _BETWEEN.search(text)
    if between and _is_price_span(text, between):
        ends = sorted(_amount(part) for part in between.groups()[1:] if part)
        return (ends[0], ends[-1], _without(text, between))
    span = _SPAN.search(text)
    if span:
        ends = sorted(_amount(part) for part in span.groups() if part)
        return (ends[0], ends[-1], _without(text, span))
    low = high = None
    under = _UNDER.search(text)
    if under and not MEASURE.match(text, under.start(under.lastindex or 0)):
        high, text = _amount(_only(under)), _without(text, under)
    over = _OVER.search(text)
    if over:
        low, text = _amount(_only(over)), _without(text, over)
    return (low, high, text)


def _only(found: re.Match[str]) -> str:
    return next(part for part in found.groups() if part)


def _is_price_span(text: str, found: re.Match[str]) -> bool:
    """Not "between 1 and 3 m", nor "from 3 to 5 years": "from" means a price where it says so, or ends the text."""
    if _MONEY.search(found[0]):
        return True
    if MEASURE.match(text, found.start(found.lastindex or 0)):
        return False
    return found[1].lower() in ("between", "zwischen") or not text[found.end() :].strip()


def _amount(written: str) -> Decimal:
    """``1.299,95`` as 1299.95: a mark before three digits groups them, another one is the decimal point."""
    return Decimal(_THOUSANDS.sub("", written).replace(",", "."))


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


_QUOTE, _MEASURED, _NOT = "\x00", "\x01", "\x02"
_OWN_MARKS = re.compile(f"[{_QUOTE}{_MEASURED}{_NOT}]")
_WITHOUT, _NEGATED = frozenset({"without", "ohne"}), frozenset({"not", "nicht"})
DENIALS = _WITHOUT | _NEGATED
"""What follows one of them is not wanted."""
_NO_DENIAL = frozenset({"do", "does", "is", "are", "can", "will", "must", "bitte"})
"""Before "not": "do not disturb" is a sign."""
ALTERNATIVELY = frozenset({"or", "|", "oder", "vs", "vs.", "versus"})
"""Between two things of which either will do."""


def _things(text: str) -> Iterator[tuple[bool, Wanted, bool]]:
    """What ``text`` names, as (is it unwanted, the thing, is it an alternative to the one before)."""
    text = _OWN_MARKS.sub(" ", text)
    # Phrases and measures keep their places: each becomes one token. A minus before it becomes a token of its own.
    phrases = [Wanted((phrase,), is_word=False) for _minus, phrase in _phrases(text)]
    text = _QUOTED.sub(
        lambda found: f" {_NOT if found[1] else ''} {_QUOTE} " if _words(found[2]) else " ", text
    )
    text = re.sub(r"(?<!\S)-(?=\d)", f"{_NOT} ", text)
    measures = [Wanted(forms_of(found), is_word=False) for found in MEASURE.finditer(text)]
    text = MEASURE.sub(f" {_MEASURED} ", text)
    is_unwanted = is_alternative = False
    denial, before = "", ""
    for minus, token in _TOKEN.findall(text):
        if token == _NOT or token in _WITHOUT or (token in _NEGATED and before not in _NO_DENIAL):
            is_unwanted, denial, before = True, token if token in _WITHOUT else "", token
            continue
        before = token
        if token in ALTERNATIVELY:
            is_alternative = True
            continue
        if token == _QUOTE:
            yield (is_unwanted, phrases.pop(0), is_alternative)
        elif token == _MEASURED:
            yield (is_unwanted, measures.pop(0), is_alternative)
        elif word := _bare(token.removeprefix("brand:") if minus else token):
            unless = f"{denial} {word}" if denial else None
            is_plain = not (minus or is_unwanted or is_alternative)
            for one in _apart(token) if is_plain else [word]:
                yield (bool(minus) or is_unwanted, Wanted(_forms(one), unless=unless), is_alternative)
        is_unwanted, is_alternative, denial = False, False, ""


def _phrases(text: str) -> Iterator[tuple[str, str]]:
    for minus, phrase in _QUOTED.findall(text):
        if words := _words(phrase):
            yield minus, words


def _words(phrase: str) -> str:
    return " ".join(_bare(word) for word in phrase.split())[: LONGEST_WORD * 2].strip()


def _bare(token: str) -> str:
    return _EDGES.sub("", token)[:LONGEST_WORD]


def _apart(token: str) -> list[str]:
    """ "printer/scanner" is two words; "ac/dc", "24/7" and "mx/200" are one."""
    parts = [_bare(part) for part in token.split("/")]
    are_words = all(
        len(part) >= _SHORTEST_APART and any(letter.isalpha() for letter in part) for part in parts
    )
    return parts if are_words else [_bare(token)]


def _forms(word: str) -> tuple[str, ...]:
    """``usb-c`` also as ``usb c`` and ``usbc``, ``rtx2060`` also as ``rtx 2060``."""
    forms = [word]
    if _JOINTS.search(word):
        forms += [" ".join(_JOINTS.sub(" ", word).split()), _JOINTS.sub("", word)]
    elif code := _CODE.fullmatch(word):
        forms.append(f"{code[1]} {code[2]}")
    return _distinct(form for form in forms if form)


def _distinct(forms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(forms))
