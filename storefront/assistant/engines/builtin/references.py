"""What "it", "the second one" and "the blue one" mean: the cards and choices shown last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from storefront.assistant.engines.protocol import PastMessage

_ORDINALS = {
    "first": 0, "1st": 0, "one": 0, "second": 1, "2nd": 1, "two": 1, "third": 2, "3rd": 2, "three": 2,
    "fourth": 3, "4th": 3, "four": 3, "last": -1,
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b(?:the|number|no\.?)\s+(first|second|third|fourth|last|1st|2nd|3rd|4th|one|two|three|four)\b", re.I
)
_POINTING = re.compile(r"\b(?:it|that|this|them|these|those|one)\b", re.I)
_SKU = re.compile(r"(?<!\w)([A-Za-z0-9]{1,12}(?:-[A-Za-z0-9]+){1,8})(?!\w)")
_QUANTITY = re.compile(r"(?<![\w.-])(\d{1,4})(?![\w.-])\s*(?:x|×|times|pieces?|of)?", re.I)
_NUMBER_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def shown_cards(history: Sequence[PastMessage]) -> list[dict[str, Any]]:
    """The cards of the last message that had any."""
    return _last_parts(history, "card")


def open_choice(history: Sequence[PastMessage], message: str) -> str | None:
    """The message that a choice stands for, where the shopper typed its label instead of pressing it.

    "Night, M" or "the night one in m" answer the choice whose label's words are all there.
    """
    if not history or history[-1].role != "assistant":
        return None
    said = set(re.findall(r"[\w/.-]+", message.lower()))
    for part in history[-1].parts:
        if part.get("type") == "choice":
            for option in part["options"]:
                if set(re.findall(r"[\w/.-]+", option["label"].lower())) <= said:
                    return str(option["message"])
    return None


def named_sku(message: str) -> str | None:
    """A SKU written in the message: letters or digits in groups joined by hyphens, with a digit or in capitals."""
    for found in _SKU.findall(message):
        if any(character.isdigit() for character in found) or found.isupper():
            return str(found)
    return None


def pointed_card(history: Sequence[PastMessage], message: str) -> dict[str, Any] | None:
    """The card that "the second one", "it" or a name points to."""
    cards = shown_cards(history)
    if not cards:
        return None
    if found := _ORDINAL.search(message):
        place = _ORDINALS[found.group(1).lower()]
        return cards[place] if place < len(cards) else None
    if by_name := _by_name(cards, message):
        return by_name
    return cards[0] if _POINTING.search(message) else None


def quantity_in(message: str) -> int:
    """How many are wanted: a number that is no part of a SKU, or a word for one; otherwise 1."""
    without_sku = _SKU.sub(" ", message)
    if found := _QUANTITY.search(without_sku):
        return int(found.group(1))
    words = re.findall(r"[a-z]+", without_sku.lower())
    return next((_NUMBER_WORDS[word] for word in words if word in _NUMBER_WORDS), 1)


def _last_parts(history: Sequence[PastMessage], kind: str) -> list[dict[str, Any]]:
    for message in reversed(history):
        parts = [part for part in message.parts if part.get("type") == kind]
        if parts:
            return parts
    return []


def _by_name(cards: Sequence[dict[str, Any]], message: str) -> dict[str, Any] | None:
    """The card whose name shares most words with the message; one telling word suffices."""
    said = set(re.findall(r"[a-z0-9]+", message.lower()))
    shares = [len(said & set(re.findall(r"[a-z0-9]{3,}", card["name"].lower()))) for card in cards]
    best = max(shares)
    return cards[shares.index(best)] if best else None
