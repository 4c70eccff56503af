"""A product wish in ordinary words: "waterproof jacket under 150 in blue, size M"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from storefront.assistant.tools.choices import COLOUR_WORDS

_MONEY = r"(?:€|eur|euros?|\$|£)?\s*(\d{1,6}(?:[.,]\d{1,2})?)\s*(?:€|eur\b|euros?\b|bucks\b|dollars?\b)?"
_BETWEEN = re.compile(rf"\b(?:between|from)\s+{_MONEY}\s*(?:and|to|-|–)\s*{_MONEY}", re.I)
_RANGE = re.compile(r"(?:€\s*)?(\d{1,6})\s*[-–]\s*(\d{1,6})\s*(?:€|eur\b|euros?\b)", re.I)
_AT_MOST = re.compile(
    rf"\b(?:under|below|less than|cheaper than|up to|at most|not more than|no more than|max(?:imum)?(?: of)?"
    rf"|within|for less than|budget (?:of|is))\s+{_MONEY}",
    re.I,
)
_AT_LEAST = re.compile(
    rf"\b(?:over|above|more than|at least|min(?:imum)?(?: of)?|starting at)\s+{_MONEY}", re.I
)
_ABOUT = re.compile(rf"\b(?:around|about|roughly|circa|approximately)\s+{_MONEY}", re.I)
_PLAIN_LIMIT = re.compile(r"\bfor\s+(?:€\s*(\d{1,6})|(\d{1,6})\s*(?:€|eur\b|euros?\b))", re.I)
_SIZE = re.compile(
    r"\b(?:in\s+)?(?:eu\s+)?size\s*:?\s*(xxs|xs|s|m|l|xl|xxl|3xl|\d{2}(?:[.,]5)?|small|medium|large)\b", re.I
)
_LETTER_SIZE = re.compile(r"\bin\s+(xxs|xs|s|m|l|xl|xxl|3xl)\b", re.I)
_SIZE_WORDS = {"small": "S", "medium": "M", "large": "L"}
_GIFT = re.compile(r"\b(gifts?|presents?|birthday|christmas|xmas)\b(?:\s+(?:ideas?|suggestions?))?", re.I)
_CHEAPEST = re.compile(r"\b(cheapest|least expensive|lowest[- ]priced?|cheap|inexpensive|affordable)\b", re.I)
_DEAREST = re.compile(r"\b(most expensive|priciest|premium)\b", re.I)
_BEST_RATED = re.compile(r"\b(best|top|highest)[- ]?(?:rated|reviewed)\b", re.I)
_NEWEST = re.compile(r"\b(newest|latest|new arrivals?)\b", re.I)

# What surrounds a wish without being one. Longest first, so that "i am looking for" goes whole.
_FILLERS = re.compile(
    r"\b(?:i(?:'m| am)? (?:looking|searching|shopping|hunting) for"
    r"|i(?:'d| would) (?:like|love|need)(?: to (?:buy|see|have|get))?"
    r"|i (?:want|need|wish)(?: to (?:buy|see|have|get))?|we need|can you (?:show|find|recommend|suggest)(?: me| us)?"
    r"|could you (?:show|find|recommend|suggest)(?: me| us)?|do you (?:have|sell|carry|stock|offer)"
    r"|have you got|are there|is there|show (?:me|us)|find (?:me|us)|give me|get me|what (?:do|would) you recommend"
    r"|which|what(?:'s| is| are)?|recommend(?:ation)?s?|suggest(?:ion)?s?|please|pls|thanks?|thank you|hello|hi|hey"
    r"|something|anything|some|any|an?|the|your?|my|our|me|us|for|with|that|costs?|priced?|in stock|colou?r(?:ed)?"
    r"|buy|products?|items?|things?|good|nice|great|idea|ideas|of|to|is|are|and|but|just|also|in|him|her|them"
    r"|dad|father|mum|mom|mother|brother|sister|friend|wife|husband|girlfriend|boyfriend|partner|son|daughter"
    r"|colleague|boss|someone|somebody|who|likes?|loves?|enjoys?|people|persons?)\b",
    re.I,
)
_CUE = re.compile(
    r"\b(?:looking for|searching for|show me|find me|do you (?:have|sell|carry|stock|offer)|have you got"
    r"|recommend|suggest|i(?:'d| would) like|i need|i want|buy|gifts?|presents?|cheapest|in stock"
    r"|under \d|below \d|less than \d|up to \d|between \d|which .{0,40}(?:should|would)|best|got any|any .{1,40}\?)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for. Prices in the shop's currency; ``text`` is what is left for the search.

    ``is_explicit``: the message says that a product is wanted, so finding nothing is worth saying.
    """

    text: str
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    colour: str | None = None
    size: str | None = None
    is_gift: bool = False
    sort: str = "relevance"
    is_explicit: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing to search by."""
        return not (self.text or self.colour or self.is_gift or self.min_price or self.max_price)


def read_wish(message: str) -> Wish:
    """The wish in a message. Always gives one; an idle message gives an empty or unexplicit one."""
    is_explicit = bool(_CUE.search(message))
    text, low, high = _prices(message.replace("’", "'"))
    text, size = _size(text)
    text, colour = _colour(text)
    gift = bool(_GIFT.search(text))
    text = _GIFT.sub(" ", text)
    text, sort = _sort(text)
    text = _FILLERS.sub(" ", text)
    text = " ".join(re.sub(r"[^\w\s&.'-]|(?<!\w)['.-]|['.-](?!\w)", " ", text).split())
    return Wish(text, low, high, colour, size, gift, sort, is_explicit)


def _prices(text: str) -> tuple[str, Decimal | None, Decimal | None]:
    for pattern in (_BETWEEN, _RANGE):
        if found := pattern.search(text):
            first, second = sorted(_amount(part) for part in found.groups())
            return _without(text, found), first, second
    low: Decimal | None = None
    high: Decimal | None = None
    if found := _ABOUT.search(text):
        middle = _amount(found.group(1))
        return _without(text, found), middle * Decimal("0.8"), middle * Decimal("1.2")
    for pattern in (_AT_MOST, _PLAIN_LIMIT):
        if found := pattern.search(text):
            high = _amount(next(part for part in found.groups() if part))
            text = _without(text, found)
            break
    if found := _AT_LEAST.search(text):
        low = _amount(found.group(1))
        text = _without(text, found)
    return text, low, high


def _amount(digits: str) -> Decimal:
    return Decimal(digits.replace(",", "."))


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _size(text: str) -> tuple[str, str | None]:
    for pattern in (_SIZE, _LETTER_SIZE):
        if found := pattern.search(text):
            size = found.group(1).lower()
            return _without(text, found), _SIZE_WORDS.get(size, size.upper())
    return text, None


def _colour(text: str) -> tuple[str, str | None]:
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in COLOUR_WORDS:
            return re.sub(rf"\b(?:in\s+)?{word}\b", " ", text, count=1, flags=re.I), word
    return text, None


def _sort(text: str) -> tuple[str, str]:
    for pattern, sort in (
        (_CHEAPEST, "price_up"),
        (_DEAREST, "price_down"),
        (_BEST_RATED, "rating"),
        (_NEWEST, "newest"),
    ):
        if pattern.search(text):
            return pattern.sub(" ", text), sort
    return text, "relevance"
