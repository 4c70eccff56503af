"""Whole talks with the built-in assistant, on a real catalog, cart and orders."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from storefront.assistant import queries, services
from storefront.assistant.engines.builtin import BuiltinEngine
from storefront.assistant.events import Event
from storefront.assistant.knowledge import process_source, save_source
from storefront.assistant.loop import Assignment, Workshop, make_answer
from storefront.assistant.tools import TOOLS
from storefront.cart import queries as carts
from storefront.core.identity import Identity
from storefront.http.wording import explain
from tests.factories.buying import make_guest
from tests.factories.catalog import make_category, make_product

pytestmark = pytest.mark.usefixtures("app_context")


@dataclass
class Talk:
    """A guest's conversation; each answer's events are kept."""

    identity: Identity = field(default_factory=make_guest)
    conversation_id: uuid.UUID = field(init=False)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.conversation_id = services.start_conversation(self.identity)

    def say(self, message: str) -> str:
        """Send a message; returns the answer's text."""
        exchange = services.receive_message(self.identity, self.conversation_id, message, longest=4_000)
        self.events = []
        assignment = Assignment(
            self.conversation_id, exchange.answer_id, exchange.answer_created_at, self.identity
        )
        workshop = Workshop(
            engines=[BuiltinEngine()],
            tools=TOOLS,
            currency="EUR",
            explain=explain,
            is_stopped=lambda: False,
            unavailable_message="unavailable",
            broken_off_message="broken off",
            failed_message="failed",
        )
        assert make_answer(assignment, workshop, self.events.append) == "complete"
        stored = queries.message(self.identity, exchange.answer_id)
        assert stored is not None
        return stored.content

    def shown(self, kind: str) -> list[dict[str, Any]]:
        """The last answer's events of one type, as JSON."""
        return [event.to_json() for event in self.events if event.type == kind]


@pytest.fixture
def talk(app_context: object) -> Talk:
    return Talk()


@pytest.fixture
def jackets(app_context: object) -> None:
    """Two waterproof jackets in blue and green, one dearer, and a mug for gifts."""
    category = make_category("Jackets")
    for name, price in (("Brack Waterproof Jacket", "139.00"), ("Scarp Waterproof Jacket", "279.00")):
        parent = make_product(name, price, 0, category=category, sku=name[:5].upper())
        for colour in ("Night", "Moss"):
            make_product(
                f"{name} {colour}",
                price,
                4,
                parent_id=parent.id,
                options={"Colour": colour},
                sku=f"{name[:5].upper()}-{colour[:3].upper()}-1",
            )
    make_product("Enamel Mug", "14.00", 9, sku="MUG-1", tags=["gift"])


@pytest.fixture
def shipping_page(app_context: object) -> None:
    text = "We ship on working days.\n\n## Costs\n\nShipping costs 4.90 EUR in Germany."
    process_source(save_source("policy", "Shipping", text, url="/pages/shipping"))


@pytest.mark.usefixtures("jackets")
def test_a_wish_with_a_price_and_a_colour_finds_what_fits(talk: Talk) -> None:
    answer = talk.say("waterproof jacket under 150 in blue")
    assert "Brack Waterproof Jacket" in answer
    assert [card["name"] for card in talk.shown("card")] == ["Brack Waterproof Jacket"]
    [call] = talk.shown("tool_call")
    assert call["arguments"] == {"query": "waterproof jacket", "max_price": "150", "colour": "blue"}


@pytest.mark.usefixtures("jackets")
def test_a_variant_is_asked_for_before_anything_is_added(talk: Talk) -> None:
    talk.say("waterproof jacket under 150")
    talk.say("add the first one to my cart")
    [choice] = talk.shown("choice")
    assert [option["label"] for option in choice["options"]] == ["Night", "Moss"]
    assert carts.cart_quantity(talk.identity) == 0
    assert "is in your cart" in talk.say("the moss one")
    [line] = carts.cart_view(talk.identity).snapshot.lines
    assert (line.sku, line.quantity) == ("BRACK-MOS-1", 1)
    assert talk.shown("cart_changed") == [{"type": "cart_changed", "quantity": 1}]


@pytest.mark.usefixtures("jackets")
def test_a_gift_is_found_added_counted_and_removed(talk: Talk) -> None:
    assert "Enamel Mug" in talk.say("a gift idea under 50")
    assert "is in your cart" in talk.say("add two of it")
    assert "2 × Enamel Mug" in talk.say("what's in my cart?")
    assert "Taken out of your cart: Enamel Mug" in talk.say("remove the mug from my cart")
    assert talk.say("what's in my cart?") == "Your cart is empty."


@pytest.mark.usefixtures("jackets")
@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("add 10 MUG-1 to my cart", "9"),
        ("add 1000 MUG-1 to my cart", "99"),
        ("add NOPE-1 to my cart", "We do not sell this product"),
    ],
)
def test_what_cannot_be_added_is_said_and_changes_nothing(talk: Talk, message: str, words: str) -> None:
    assert words in talk.say(message)
    assert carts.cart_quantity(talk.identity) == 0


@pytest.mark.usefixtures("shipping_page")
def test_policies_are_answered_with_the_place_where_it_stands(talk: Talk) -> None:
    assert "4.90 EUR" in talk.say("how much does shipping cost?")
    assert [citation["url"] for citation in talk.shown("citation")] == ["/pages/shipping#costs"]


def test_what_no_page_says_is_not_guessed(talk: Talk) -> None:
    assert "rather not guess" in talk.say("what is your warranty?")


@pytest.mark.usefixtures("jackets")
@pytest.mark.parametrize(
    "message",
    [
        "who won the world cup?",
        "tell me a joke",
        "what's the weather tomorrow",
        "write me a poem",
        "is there life on mars",
    ],
)
def test_other_matters_are_declined(talk: Talk, message: str) -> None:
    assert "I can only help with this shop" in talk.say(message)
    assert talk.shown("card") == []


def test_a_guest_without_an_order_is_told_how_to_find_one(talk: Talk) -> None:
    answer = talk.say("where is my order?")
    assert "(/orders/find)" in answer
    assert "I cannot see an order 7K3M9QXP of yours" in talk.say("where is 7K3M9QXP")


def test_a_person_is_asked_once(talk: Talk) -> None:
    assert "I have asked a colleague" in talk.say("I want to talk to a human")
    [first] = talk.shown("handoff_requested")
    talk.say("agent please, talk to a human")
    assert talk.shown("handoff_requested") == [first]


@pytest.mark.parametrize(
    "message", ["<script>alert(1)</script>", "' OR 1=1 --", "🦊" * 500, "\u202eabc", "a" * 4_000]
)
def test_strange_messages_get_a_calm_answer(talk: Talk, message: str) -> None:
    assert talk.say(message)


@pytest.mark.usefixtures("jackets")
def test_the_same_talk_gets_the_same_answers(talk: Talk) -> None:
    messages = ["hi", "waterproof jacket", "add the second one to my cart", "night"]
    again: Callable[[], Talk] = Talk
    other = again()
    assert [talk.say(message) for message in messages] == [other.say(message) for message in messages]
