"""What a search text says by itself, before anything is looked up: words, phrases, measures, prices, a brand.

The query language: ``"two words"`` in that order, ``-word`` not that, ``this or that``, ``brand:name``,
``under 100``, ``between 50 and 80``, ``1tb`` like ``1 TB``. Everything else is words; no text is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from storefront.search.queries.measures import MEASURE, forms_of

MOST_WORDS = 12
LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """One wanted (or unwanted) thing; any of ``forms`` is it, the first as typed. A form with spaces is a phrase.

    ``is_word``: a single word that may be looked up, corrected and completed; quoted things and measures are not.
    """

    forms: tuple[str, ...]
    is_word: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart. Prices are gross, both ends included; ``brand`` is what followed ``brand:``.

    ``rest`` is the text without prices and brand.
    """

    rest: str
    wanted: tuple[Wanted, ...]
    excluded: tuple[Wanted, ...]
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    brand: str | None = None


_BRAND = re.compile(r'(?<![\w-])brand:\s*(?:"([^"]+)"|([^\s"]+))', re.IGNORECASE)
_QUOTED = re.compile(r'(?<![\w"])(-?)"([^"]+)"')
_TOKEN = re.compile(r"(?<!\S)(-?)(\S+)")
_EDGES = re.compile(r"^[^\w]+|[^\w+#]+$")
_JOINTS = re.compile(r"[-/.'’&+_]+")
_CODE = re.compile(r"([^\W\d]{2,})(\d+)")

_CURRENCY = r"(?:€|\$|£|(?:eur|euros?|usd|dollars?|gbp|pounds?|bucks)\b)"
_AMOUNT = rf"(?:{_CURRENCY}\s*)?(\d{{1,7}}(?:[.,]\d{{1,2}})?)(?![\w.,]*\d)(?:\s*{_CURRENCY})?"
_CERTAIN = rf"(?:{_CURRENCY}\s*(\d{{1,7}}(?:[.,]\d{{1,2}})?)|(\d{{1,7}}(?:[.,]\d{{1,2}})?)\s*{_CURRENCY})"
_NO_UNIT = r"(?!\s*[\w%\"″°])(?![.,-]\w)"
_BETWEEN = re.compile(
    rf"(?<![\w-])(?:between|from|zwischen|von)\s+{_AMOUNT}\s*(?:and|to|und|bis|-|–)\s*{_AMOUNT}(?![\w%\"″°])",
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
    rf"(?:(?<![\w-])(?:{_AT_MOST})\s+|<=?\s*)(?:{_CERTAIN}|(\d{{1,7}}(?:[.,]\d{{1,2}})?)(?![\w%\"″°.,-]))",
    re.IGNORECASE,
)
_OVER = re.compile(
    rf"(?:(?<![\w-])(?:{_AT_LEAST})\s+|>=?\s*)(?:{_CERTAIN}|(\d{{1,7}}(?:[.,]\d{{1,2}})?)\s*$)", re.IGNORECASE
)


def read(text: str) -> Reading:
    """Take a cleaned ``text`` apart."""
    brand = _BRAND.search(text)
    rest = _BRAND.sub(" ", text) if brand else text
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
        brand=(brand[1] or brand[2]).strip() if brand else None,
    )


def _prices(text: str) -> tuple[Decimal | None, Decimal | None, str]:
    """The price limits that ``text`` names, and ``text`` without them. Quoted words are never a price."""
    if '"' in text and _QUOTED.search(text):
        return (None, None, text)
    for pattern in (_BETWEEN, _SPAN):
        found = pattern.search(text)
        if found:
            ends = sorted(_amount(part) for part in found.groups() if part)
            return (ends[0], ends[-1], _without(text, found))
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


def _amount(written: str) -> Decimal:
    return Decimal(written.replace(",", "."))


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _things(text: str) -> Iterator[tuple[bool, Wanted, bool]]:
    """What ``text`` names, as (is it unwanted, the thing, is it an alternative to the one before)."""
    for minus, phrase in _QUOTED.findall(text):
        words = " ".join(_bare(word) for word in phrase.split())
        if words.strip():
            yield (bool(minus), Wanted((words[: LONGEST_WORD * 2].strip(),), is_word=False), False)
    text = _QUOTED.sub(" ", text)
    measures = [Wanted(forms_of(found), is_word=False) for found in MEASURE.finditer(text)]
    # A measure keeps its place in the text: it becomes one token, found again by its number.
    text = MEASURE.sub(lambda _found: " \x00 ", text)
    is_alternative = False
    for minus, token in _TOKEN.findall(text):
        if token == "\x00":
            yield (False, measures.pop(0), is_alternative)
        elif token in ("or", "|"):
            is_alternative = True
            continue
        elif word := _bare(token):
            yield (bool(minus), Wanted(_forms(word)), is_alternative)
        is_alternative = False


def _bare(token: str) -> str:
    return _EDGES.sub("", token)[:LONGEST_WORD]


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
