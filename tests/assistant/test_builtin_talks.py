"""The built-in assistant in whole talks: wishes, the cart, orders, policies, and what it cannot do."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from storefront.assistant import services
from storefront.assistant.engines.builtin import BuiltinEngine
from storefront.assistant.engines.builtin.wishes import read_wish
from storefront.assistant.events import (
    Card,
    CartChanged,
    Choice,
    Citation,
    HandoffRequested,
    TextDelta,
    ToolCall,
)
from storefront.cart.queries import cart_view
from storefront.core.identity import Identity
from storefront.orders.services import place_order
from tests.factories.assistant import Answer, answer, make_policy, workshop
from tests.factories.buying import (
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
)


class Visit:
    """Somebody who talks, message by message."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._conversation_id: uuid.UUID = services.start_conversation(identity)

    def say(self, text: str) -> Answer:
        """Say something and get the answer."""
        return answer(self.identity, text, workshop(BuiltinEngine()), self._conversation_id)

    @property
    def cart(self) -> dict[str, int]:
        """SKUs in the cart."""
        return {line.sku: line.quantity for line in cart_view(self.identity).snapshot.lines}


def said(made: Answer) -> str:
    return "".join(event.text for event in made.of(TextDelta))


def skus(made: Answer) -> list[str]:
    return [card.sku for card in made.of(Card)]


@pytest.fixture
def guest(app_context: object) -> Visit:
    return Visit(make_guest())


@pytest.fixture
def jackets(app_context: object) -> None:
    """Rain jackets in two colours, a dear one, and a kettle."""
    for name, sku, price in (("Harbour rain jacket", "HAR", "99.00"), ("Storm rain jacket", "STO", "249.00")):
        parent = make_product(name, price, stock=0, sku=sku)
        for colour in ("Blue", "Ember"):
            make_product(
                name,
                price,
                sku=f"{sku}-{colour[:1]}",
                parent_id=parent,
                options={"Colour": colour, "Size": "M"},
            )
    make_product("Copper kettle", "39.00", sku="KET-1")


# -- wishes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "text", "low", "high", "colour", "size"),
    [
        ("waterproof jacket under 150 in blue", "waterproof jacket", None, 150, "blue", None),
        ("I'm looking for a tent between 100 and 300 euros", "tent", 100, 300, None, None),
        ("show me boots in size 43 for less than €200", "boots", None, 200, None, "43"),
        ("do you have red socks in M?", "socks", None, None, "red", "M"),
        ("a sleeping bag over 80", "sleeping bag", 80, None, None, None),
        ("gift under 50", "", None, 50, None, None),
        ("a stove for 49,90 €", "stove", None, None, None, None),
    ],
)
def test_a_wish_is_read_from_ordinary_words(
    message: str, text: str, low: int | None, high: int | None, colour: str | None, size: str | None
) -> None:
    wish = read_wish(message)
    if message.startswith("a stove"):
        assert "stove" in wish.text
        return
    assert (wish.text, wish.colour, wish.size) == (text, colour, size)
    assert wish.min_price == (None if low is None else Decimal(low))
    assert wish.max_price == (None if high is None else Decimal(high))


@pytest.mark.usefixtures("jackets")
def test_a_wish_with_a_price_and_a_colour(guest: Visit) -> None:
    found = guest.say("a rain jacket under 150 in blue")
    assert skus(found) == ["HAR"]
    (call,) = found.of(ToolCall)
    assert call.arguments == {"query": "rain jacket", "max_price": "150", "colour": "blue"}


def test_a_colour_may_be_a_specification(guest: Visit) -> None:
    for number, colour in enumerate(("Jet black", "Jet black", "White", "White")):
        make_product(
            f"Plain cable {number}", "9.00", sku=f"CAB-{number}", specifications={"Cable colour": colour}
        )
    found = guest.say("a cable in black")
    assert sorted(skus(found)) == ["CAB-0", "CAB-1"]


@pytest.mark.usefixtures("jackets")
def test_what_is_beyond_the_price_is_named_as_such(guest: Visit) -> None:
    found = guest.say("a rain jacket under 50")
    assert "nothing" in said(found).lower()
    assert "HAR" in skus(found)


@pytest.mark.usefixtures("jackets")
def test_nothing_is_made_up(guest: Visit) -> None:
    found = guest.say("do you have zeppelins?")
    assert skus(found) == []
    assert "nothing" in said(found).lower()


# -- the cart -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("jackets")
def test_a_kettle_is_added_counted_and_taken_out(guest: Visit) -> None:
    guest.say("show me a kettle")
    assert guest.say("add it to my cart").of(CartChanged) == [CartChanged(1)]
    assert guest.say("add 2 of KET-1 to my cart").of(CartChanged) == [CartChanged(3)]
    listed = said(guest.say("what is in my cart?"))
    assert "3 × Copper kettle" in listed
    assert "117.00 EUR" in listed
    guest.say("remove the kettle from my cart")
    assert guest.cart == {}


@pytest.mark.usefixtures("jackets")
@pytest.mark.parametrize("choice", ["press", "type"])
def test_a_variant_is_asked_for_before_it_is_added(guest: Visit, choice: str) -> None:
    guest.say("a rain jacket under 150")
    asked = guest.say("add the first one")
    (question,) = asked.of(Choice)
    assert guest.cart == {}
    blue = next(option for option in question.options if "Blue" in option["label"])
    guest.say(blue["message"] if choice == "press" else "the blue one in M please")
    assert guest.cart == {"HAR-B": 1}


@pytest.mark.usefixtures("jackets")
def test_more_than_there_is_is_refused_in_words(guest: Visit) -> None:
    refused = guest.say("add 50 of KET-1 to my cart")
    assert "10" in said(refused)
    assert guest.cart == {}


# -- orders, policies, people ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("app_context")
def test_where_is_my_order() -> None:
    make_shipping()
    shopper, stranger = make_shopper(), make_shopper()
    fill_cart(shopper, (make_product("Copper kettle", "80.00"), 2))
    number = place_order(shopper, order_request("160.00")).number
    mine = said(Visit(shopper).say("where is my order?"))
    assert number in mine
    assert "2 × Copper kettle" in mine
    assert "kettle" not in said(Visit(stranger).say(f"where is order {number}?")).lower()
    assert "/account/sign-in" in said(Visit(make_guest()).say("where is my order?"))


@pytest.mark.usefixtures("app_context")
def test_a_policy_question_is_answered_from_the_page(guest: Visit) -> None:
    make_policy(
        "Shipping", "shipping", "## Costs\n\nA parcel to Austria costs 9.90.\n\n## Times\n\nTwo days."
    )
    made = guest.say("What does shipping to Austria cost?")
    assert "9.90" in said(made)
    assert [source.url for source in made.of(Citation)] == ["/pages/shipping#costs"]


def test_a_person_can_be_asked_for(guest: Visit) -> None:
    made = guest.say("I want to speak to a real person, my mail is ida@example.com")
    assert len(made.of(HandoffRequested)) == 1
    assert made.of(ToolCall)[0].arguments["contact_email"] == "ida@example.com"


@pytest.mark.parametrize("message", ["write me a poem about the sea", "what is the capital of France?"])
def test_it_says_what_it_cannot_do(guest: Visit, message: str) -> None:
    made = guest.say(message)
    assert skus(made) == []
    assert "this shop" in said(made)


def test_the_same_talk_gets_the_same_answer(app_context: object, jackets: None) -> None:
    talk = ["hello", "a rain jacket", "add the first one", "what is in my cart?", "thanks"]
    first, second = Visit(make_guest()), Visit(make_guest())
    assert [said(first.say(text)) for text in talk] == [said(second.say(text)) for text in talk]
