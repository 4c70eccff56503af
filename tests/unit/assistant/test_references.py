"""What "the second one" and "it" mean."""

from __future__ import annotations

import pytest

from storefront.assistant.engines.builtin.references import named_sku, open_choice, pointed_card, quantity_in
from storefront.assistant.engines.protocol import PastMessage

CARDS = [
    {"type": "card", "sku": "A", "name": "Brack Rain Jacket"},
    {"type": "card", "sku": "B", "name": "Ferryman Rain Jacket"},
    {"type": "card", "sku": "C", "name": "Drizzle Packable Jacket"},
]
CHOICE = {
    "type": "choice",
    "question": "Which?",
    "options": [
        {"label": "M, Night", "message": "Add B-NGT-M to my cart"},
        {"label": "L, Night", "message": "Add B-NGT-L to my cart"},
    ],
}
SHOWN = [PastMessage("user", "jackets"), PastMessage("assistant", "Here.", CARDS), PastMessage("user", "hm")]


@pytest.mark.parametrize(
    ("message", "sku"),
    [
        ("add the first one", "A"),
        ("the second one please", "B"),
        ("the last one", "C"),
        ("number two", "B"),
        ("add it", "A"),
        ("add the ferryman", "B"),
        ("the fourth one", None),
        ("add a tent", None),
    ],
)
def test_cards_are_pointed_at(message: str, sku: str | None) -> None:
    card = pointed_card(SHOWN, message)
    assert (card["sku"] if card else None) == sku


def test_nothing_shown_nothing_meant() -> None:
    assert pointed_card([PastMessage("user", "hi")], "add it") is None


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("night, m", "Add B-NGT-M to my cart"),
        ("the Night one in L please", "Add B-NGT-L to my cart"),
        ("S, Night", None),
        ("where is my order", None),
    ],
)
def test_a_choice_can_be_typed(message: str, meant: str | None) -> None:
    assert open_choice([PastMessage("assistant", "Which?", [CHOICE])], message) == meant


@pytest.mark.parametrize(
    ("message", "sku", "quantity"),
    [
        ("Add LF-JKT-1-M to my cart", "LF-JKT-1-M", 1),
        ("add 3 LF-MUG-FIR", "LF-MUG-FIR", 3),
        ("add two of them", None, 2),
        ("add a self-inflating mat", None, 1),
    ],
)
def test_skus_and_quantities_are_read(message: str, sku: str | None, quantity: int) -> None:
    assert (named_sku(message), quantity_in(message)) == (sku, quantity)
