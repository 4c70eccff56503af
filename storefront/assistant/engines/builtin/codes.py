"""What people write about discount codes and gift cards: whether one is to be used or taken off, and which."""

from __future__ import annotations

import re
from typing import Literal

# "Postal code", "zip code" and the like are other things.
_OTHER = (
    *(
        "postal",
        "post",
        "zip",
        "qr",
        "bar",
        "dress",
        "country",
        "area",
        "security",
        "access",
        "error",
        "source",
    ),
    *("product", "item", "article", "tracking", "colour", "color", "verification", "dialling"),
)
_CODE = "".join(rf"(?<!\b{word}[ -])" for word in _OTHER) + "code"
_KINDS = r"(?:gift ?card|coupon|voucher|discount|promo(?:tion(?:al)?)?)"
NAMES = rf"(?:{_CODE}s?|{_KINDS}(?:'s)? codes?|coupons?|vouchers?|discounts?|gift ?cards?)"
"""What codes are called, in a sentence."""
_NAME = rf"(?:{_CODE}|coupon|voucher|gift ?card|discount(?=\s*[:=]))"

_NO_SHAPE = (
    r"(?:\d+(?:[a-z]{1,3}|EUR|USD|GBP|CHF|euros?)?|\d+(?:-[a-z]+)+"
    r"|EUR|USD|GBP|CHF|USB|LED|GPS|VAT|PDF|FAQ|PIN|ASAP)(?![A-Za-z0-9-])"
)
_SHAPE = (
    rf"(?-i:(?<![A-Za-z0-9-])(?!{_NO_SHAPE})(?=[A-Za-z0-9-]*(?:[0-9]|[A-Z]{{3}}))"
    r"[A-Za-z0-9][A-Za-z0-9-]{2,58}(?![A-Za-z0-9-]))"
)
"""A code as people write one: no spaces, and a digit or capitals in it, so that it is no word of the sentence. A mere
number, an amount, "2nd" and "3-season" are none."""
_CARD = r"(?<![A-Za-z0-9-])[A-Za-z0-9]{4}(?:[ -]+[A-Za-z0-9]{4}){3}(?![A-Za-z0-9-])"
_TOKEN = r"[A-Za-z0-9][A-Za-z0-9-]{2,58}"
_QUOTE = r"[“”\"']?"

_SHAPED = re.compile(_SHAPE)
_CARDS = re.compile(_CARD)
_BEHIND_NAME = re.compile(
    rf"\b(?P<name>{_NAME}|card)\b(?:\s+(?:is|named|called|number))?\s*[:=]?\s*{_QUOTE}"
    rf"(?:(?P<card>{_CARD})|(?P<token>{_TOKEN})){_QUOTE}"
    r"(?P<ends>\s*(?:$|[.,;!?]|(?:please|on|for|to|in|with|and|now|here|instead)\b))?",
    re.I,
)
_NO_CODES = frozenset(
    (
        *("please", "now", "again", "for", "the", "this", "that", "those", "these", "codes", "cards", "here"),
        *("work", "works", "with", "and", "from", "shown", "printed", "written", "given", "sent", "below"),
        *(
            "above",
            "which",
            "when",
            "does",
            "did",
            "not",
            "but",
            "then",
            "instead",
            "has",
            "have",
            "are",
            "was",
        ),
        *("were", "will", "would", "can", "you", "your"),
    )
)

_VERB = r"(?:use|apply|enter|redeem|try)"
_REMOVE = r"(?:remove|delete|drop|forget|take (?:off|out|away)|get rid of|don't use|do not use|stop using)"
_NO_ORDER = r"(?:(?!\b(?:orders?|purchases?|accounts?|profiles?)\b).)"
_ASKS = re.compile(
    r"^\W*(?:(?:hi|hello|hey|please)\W+)*(?:how|where|what|when|why|which|who|is|are|was|does|do (?!not\b)|did|has"
    r"|have (?:you|i)|will (?!you\b)|would (?!you\b))\b",
    re.I,
)
_REMOVES = re.compile(
    rf"\b{_REMOVE}\b{_NO_ORDER}{{0,30}}\b{NAMES}\b(?!.{{0,20}}\b(?:account|profile)\b)"
    rf"|\btake\b{_NO_ORDER}{{0,20}}\b{NAMES}\b.{{0,30}}\b(?:off|out|away)\b"
    rf"|\b{_REMOVE}\s+{_SHAPE}(?=.*\b{_VERB}\b)",
    re.I,
)
_USES_BESIDE = re.compile(
    rf"\b(?<!don't )(?<!do not )(?:use|apply|enter|redeem)\b\s*(?:.{{0,30}}\b{_NAME}\b|{_QUOTE}{_SHAPE})",
    re.I,
)
_USES = re.compile(
    rf"\b{_VERB}\b.{{0,30}}\b{NAMES}\b(?!\s+(?:work|cost|sold|available)\w*)"
    rf"|\b{_NAME}\b(?:\s+(?:is|named|called))?\s*[:=]?\s*{_QUOTE}(?:{_CARD}|{_SHAPE})"
    rf"|^\s*(?:please\s+)?(?:use|apply|enter|redeem)\s+{_QUOTE}{_SHAPE}{_QUOTE}\s*(?:please)?\s*[.!]*$"
    rf"|{_SHAPE}{_QUOTE}\s+is\s+(?:my|the|a)\b.{{0,20}}\b{NAMES}\b",
    re.I,
)
_MAY_I = re.compile(r"^\W*(?:(?:hi|hello|hey|please)\W+)*(?:can|could|may|might|should)\b", re.I)
_MAY_I_USE_ONE = re.compile(rf"\b{_VERB} (?:a|my|this|the|an)(?: \w+)? ?{_NAME}(?: here| now)?\W*$", re.I)
_USED = re.compile(r"\b(?:used|entered|applied|tried|redeemed)\b", re.I)
_COMMAND = re.compile(
    rf"^\W*(?:(?:please|hi|hello|hey|ok|yes)\W+)*(?:(?:can|could|will|would) you (?:please )?)?"
    rf"(?:{_VERB}|add|{_REMOVE}|take)\b",
    re.I,
)
_ORDER_WORD = re.compile(
    r"\b(?:orders?|ordered|purchases?|parcels?|packages?|shipments?|deliver(?:y|ies|ed))\b", re.I
)
_NEXT = (
    r"(?:,|;|\.|!|\band\b|\bthen\b)[\s,]{0,9}(?:(?:and|then|also|please)\s+){0,3}"
    r"(?P<rest>(?:show|add|put|ask|tell|look|find|search|speak|talk|connect|what|where|how)\b.*)$"
)
_AFTER_REMOVAL = re.compile(rf"^(?P<head>.*?){_NEXT}", re.I | re.S)
_ASKS_ABOUT_USE = re.compile(
    rf"^\W*(?:how|where|can|could|may|is|are|does|do|what|when|why|will)\b(?=.*\b{NAMES}\b)"
    r".*\b(?:use|apply|redeem|enter|remove|combine|stack|valid|works?|expires?|accept)\b",
    re.I,
)
_INSTEAD_OF = re.compile(r"\b(?:instead of|rather than)\b[^,.;!?]*", re.I)


def code_wish(text: str) -> Literal["use", "remove"] | None:
    """Whether the message wants a code used, or taken off. Who asks how or whether one could be used wants neither."""
    if _ASKS.search(text):
        return None
    if _REMOVES.search(text):
        if _USES_BESIDE.search(text):
            return "use"  # a new code takes the place of the one before
        return None if re.search(r"\band (?:then )?(?:add|put)\b", text, re.I) else "remove"
    if not _USES.search(text) or (_USED.search(text) and not _COMMAND.search(text)):
        return None
    if _MAY_I.search(text) and not (code_in(text) or _MAY_I_USE_ONE.search(text)):
        return None
    return "use"


def asks_about_codes(text: str) -> bool:
    """Whether the message asks how, where or how long codes and gift cards count."""
    return bool(_ASKS_ABOUT_USE.search(text))


def is_plain_wish(text: str) -> bool:
    """Whether a message about a code is about nothing else: no question, and no order of which something is asked."""
    if "?" not in text and not _ORDER_WORD.search(text):
        return True
    if _COMMAND.search(text) and (_REMOVES.search(text) or code_in(text)):
        return True
    return "?" not in text and bool(_USES_BESIDE.search(text) and code_in(text))


def after_removal(text: str) -> str:
    """What else a message wants that first wants a code taken off: "and show me my cart". Empty: nothing."""
    found = _AFTER_REMOVAL.search(text)
    if found is None or _ASKS.search(text) or _USES_BESIDE.search(text) or not _REMOVES.search(found["head"]):
        return ""
    return found["rest"]


def what_to_remove(text: str) -> Literal["discount", "gift_card", "both"]:
    """Which codes a message wants taken off. A gift card only where it is named, or all are."""
    found = _AFTER_REMOVAL.search(text)
    clause = found["head"] if found else text
    without_cards, cards = re.subn(
        r"\bgift ?(?:cards?|vouchers?)(?:'s)?(?: codes?)?\b", " ", clause, flags=re.I
    )
    is_all = re.search(r"\bboth\b|\ball (?:of )?(?:(?:my|the|these|those) )?(?:\w+ )?codes\b", clause, re.I)
    if is_all or (cards and re.search(rf"\b{NAMES}\b", without_cards, re.I)):
        return "both"
    return "gift_card" if cards else "discount"


def code_in(message: str) -> str | None:
    """The code that a message wants used.

    First what stands directly behind "code", "card" or "voucher", then four groups of four as on a gift card, then
    anything that is written like a code.
    """
    text = _part_to_use(message)
    shouts = message.isupper()
    for found in _BEHIND_NAME.finditer(text):
        if code := _behind_name(found, shouts=shouts):
            return code
    for found in _CARDS.finditer(text):
        if _is_card(found.group(), shouts=shouts):
            return found.group()
    shaped = [one for one in _SHAPED.findall(text) if one.lower() not in _NO_CODES]
    with_digits = [one for one in shaped if any(character.isdigit() for character in one)]
    return next(iter(with_digits or ([] if shouts else shaped)), None)


def _part_to_use(message: str) -> str:
    """The message without the codes that are to go."""
    text = _INSTEAD_OF.sub(" ", message)
    used = _USES_BESIDE.search(text)
    return text[used.start() :] if used and _REMOVES.search(text) else text


def _behind_name(found: re.Match[str], *, shouts: bool) -> str | None:
    if found["card"]:
        if _is_card(found["card"], shouts=shouts):
            return found["card"]
        token, ends = found["card"].split(" ")[0], False
    else:
        token, ends = found["token"], found["ends"] is not None
    if token.lower() in _NO_CODES:
        return None
    if _SHAPED.fullmatch(token):
        return token
    is_behind_code = found["name"].lower() == "code"
    if token.isdigit():
        return token if is_behind_code and ends and len(token) > 3 else None
    at_the_end = ends and not found.string[found.end("token") :].strip(" .!”\"'").removeprefix("please")
    return token if (ends if is_behind_code else at_the_end) else None


def _is_card(text: str, *, shouts: bool) -> bool:
    """Whether four groups of four are a card's code and not four words of a sentence."""
    groups = re.split(r"[ -]+", text)
    with_digits = sum(any(character.isdigit() for character in group) for group in groups)
    return "-" in text or with_digits > 1 or (text.isupper() and (with_digits > 0 or not shouts))
