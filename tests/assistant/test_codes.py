"""Discount codes and gift cards by the assistant: as tools with the shopper's rights, and in the built-in talk."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from limits import parse

from storefront.accounts.services import start_session
from storefront.assistant.answers import take_assignment
from storefront.assistant.engines.builtin import BuiltinEngine
from storefront.assistant.engines.builtin.codes import after_removal, code_in, what_to_remove
from storefront.assistant.engines.builtin.intents import Intent, read_intent
from storefront.assistant.events import CartChanged, TextDelta, ToolCall
from storefront.assistant.models import Conversation, Handoff, Message
from storefront.assistant.services import open_conversation, start_conversation
from storefront.assistant.tools import TOOLS
from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.cart.queries import cart_view
from storefront.core.db import acting_as, release, session
from storefront.core.extensions import limiter
from storefront.core.identity import Identity
from storefront.http.wording import explain
from storefront.orders.services import place_order
from storefront.promotions.models import GiftCard, Promotion, PromotionCode
from storefront.promotions.services import add_codes
from tests.factories.assistant import answer, ask, workshop
from tests.factories.buying import (
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
)
from tests.factories.promotions import make_gift_card, make_promotion

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def guest(app_context: Flask) -> Identity:
    """Somebody with two kettles at 25.00."""
    person = make_guest()
    fill_cart(person, (make_product("Kettle", "25.00"), 2))
    return person


def call(identity: Identity, name: str, **arguments: Any) -> Outcome:
    return call_from("", identity, name, **arguments)


def call_from(address: str, identity: Identity, name: str, **arguments: Any) -> Outcome:
    release()
    context = ToolContext(identity, open_conversation(identity), "EUR", explain, address)
    return TOOLS.call(name, arguments, context)


def kept_in(talk: uuid.UUID) -> str:
    """Everything that the database keeps of a conversation, in one text."""
    columns = (Message.content, Message.tool_calls, Message.tool_results, Message.parts)
    kept = [
        str(one)
        for row in session().execute(sa.select(*columns).where(Message.conversation_id == talk))
        for one in row
    ]
    kept += [str(session().scalar(sa.select(Conversation.title).where(Conversation.id == talk)))]
    kept += session().scalars(sa.select(Handoff.summary).where(Handoff.conversation_id == talk))
    release()
    return "\n".join(kept)


def test_a_code_takes_its_part_off_and_comes_out_again(guest: Identity) -> None:
    make_promotion("percent", "10", "Spring", code="SPRING10")
    used = call(guest, "use_code", code=" spring10 ")
    off = {"name": "Spring", "code": "SPRING10", "amount": "5.00 EUR", "frees_shipping": False}
    sums = {"subtotal": "50.00 EUR", "discounts": [off], "after_discounts": "45.00 EUR"}
    assert used.data == {"code": "SPRING10", "applies": True, "reason": ""} | sums
    assert used.events == (CartChanged(2),)
    seen = call(guest, "view_cart").data
    assert {key: seen[key] for key in sums} == sums
    assert (seen["code"], seen["why_the_code_takes_off_nothing"]) == ("SPRING10", None)
    removed = call(guest, "remove_code")
    assert removed.data == {
        "removed": ["SPRING10"],
        "subtotal": "50.00 EUR",
        "discounts": [],
        "after_discounts": "50.00 EUR",
    }
    again = call(guest, "remove_code")
    assert (again.ok, again.summary) == (False, "There is no code in your cart.")


def test_automatic_promotions_are_in_the_cart_as_on_its_page(guest: Identity) -> None:
    make_promotion("amount", "7", "Autumn")
    assert [one["amount"] for one in call(guest, "view_cart").data["discounts"]] == ["7.00 EUR"]


def test_a_code_that_may_apply_later_is_kept_with_its_reason(guest: Identity) -> None:
    make_promotion("percent", "20", "Big", code="BIG", conditions={"minimum": "80.00"})
    used = call(guest, "use_code", code="BIG")
    assert (used.ok, used.data["applies"]) == (True, False)
    assert "€30.00" in used.data["reason"]
    seen = call(guest, "view_cart").data
    assert (seen["code"], seen["why_the_code_takes_off_nothing"]) == ("BIG", used.data["reason"])


def test_what_is_no_code_is_said_and_leaves_the_one_before(guest: Identity) -> None:
    make_promotion("percent", "10", "Spring", code="SPRING10")
    make_promotion("percent", "90", "Over", code="OVER", usage_limit=0)
    call(guest, "use_code", code="SPRING10")
    for code in ("NOPE", "OVER"):
        refused = call(guest, "use_code", code=code)
        assert (refused.ok, refused.data["error"]) == (False, "coupon_refused")
        assert code in refused.summary
    assert cart_view(guest).coupon == "SPRING10"
    release()
    empty = call(make_guest(), "use_code", code="SPRING10")
    assert (empty.ok, empty.data["error"]) == (False, "empty_cart")


def test_a_limit_per_customer_and_single_codes_hold_for_the_assistant_too() -> None:
    make_shipping()
    shopper, kettle = make_shopper(), make_product("Kettle", "25.00", stock=9)
    once = make_promotion("amount", "5", "Once", code="ONCE", usage_limit_per_user=1)
    (single,) = add_codes(None, make_promotion("amount", "3", "Letter", has_single_codes=True), 1, "autumn")
    for code, total in (("ONCE", "24.90"), (single, "26.90")):
        fill_cart(shopper, (kettle, 1))
        assert call(shopper, "use_code", code=code).data["applies"] is True
        place_order(shopper, order_request(total))
        fill_cart(shopper, (kettle, 1))
        refused = call(shopper, "use_code", code=code)
        assert (refused.ok, refused.data["error"]) == (False, "coupon_refused")
        call(shopper, "remove_from_cart", sku=cart_view(shopper).snapshot.lines[0].sku)
    assert session().scalar(sa.select(Promotion.used_count).where(Promotion.id == once)) == 1


def test_whoever_tries_many_codes_has_to_wait(guest: Identity) -> None:
    # A minute may end in between: of 25 tries one of two minutes has more than ten.
    errors = [call(guest, "use_code", code=f"GUESS{number}").data["error"] for number in range(25)]
    assert errors[0] == "coupon_refused"
    assert "too_many_tries" in errors


def test_who_drops_the_cookie_is_counted_on_with_the_address_as_on_the_page() -> None:
    # A minute may end in between: of 25 tries one of two minutes has more than ten.
    kettle, errors = make_product("Kettle", "25.00"), []
    for number in range(25):
        fresh = make_guest()
        fill_cart(fresh, (kettle, 1))
        errors.append(call_from("192.0.2.7", fresh, "use_code", code=f"GUESS{number}").data["error"])
    assert errors[0] == "coupon_refused"
    assert "too_many_tries" in errors
    page = limiter.limiter.get_window_stats(parse("40/hour"), "192.0.2.7", "codes")
    assert page.remaining < 40, "counted where the view's shared limit counts"
    elsewhere = call_from("192.0.2.8", fresh, "use_code", code="GUESS")
    assert elsewhere.data["error"] == "coupon_refused"


def test_an_answer_knows_from_where_its_shopper_came(app: Flask) -> None:
    for user_id in (None, make_shopper().user_id):
        begun = start_session(user_id, ip_address="192.0.2.9", user_agent=None, days=1)
        identity = Identity(user_id, begun.id)
        taken = take_assignment(ask(identity, "use code A1B", start_conversation(identity)).answer_id)
        assert taken is not None
        assert (taken.identity, taken.address) == (identity, "192.0.2.9")
        release()


def test_one_turn_tries_few_codes(guest: Identity) -> None:
    make_promotion("percent", "10", "Spring", code="SPRING10")
    context = ToolContext(guest, open_conversation(guest), "EUR", explain)
    tried = [TOOLS.call("use_code", {"code": code}, context) for code in ("NO1", "NO2", "SPRING10")]
    assert [one.data["error"] for one in tried] == ["coupon_refused", "coupon_refused", "too_many_tries"]


@pytest.mark.parametrize(
    "message",
    [
        "use gift card {spaced}",
        "what is still on {code}?",
        "do you have {spaced} in red",
        "I want to speak to a person about my gift card {lower}",
    ],
)
def test_a_gift_card_that_was_not_taken_does_not_stay_in_the_talk_either(message: str) -> None:
    card, person = make_gift_card("30.00"), make_guest()
    spaced, talk = card.code.replace("-", " "), start_conversation(person)
    text = message.format(code=card.code, spaced=spaced, lower=card.code.lower())
    answer(person, text, workshop(BuiltinEngine()), talk)
    kept = kept_in(talk)
    assert f"…{card.code[-4:]}" in kept
    for groups in (card.code, spaced, spaced.replace(" ", "")):
        assert groups[: len(groups) - 5].lower() not in kept.lower()


def test_whatever_was_one_try_too_many_does_not_stay_in_the_talk(guest: Identity) -> None:
    talk = start_conversation(guest)
    ask(guest, "use code letter-0123-xy", talk)
    context = ToolContext(guest, talk, "EUR", explain, calls=Counter(use_code=2))
    assert TOOLS.call("use_code", {"code": "LETTER-0123-XY"}, context).data["error"] == "too_many_tries"
    assert "letter-0123" not in kept_in(talk).lower()


def test_a_card_that_cannot_be_used_is_not_repeated(guest: Identity) -> None:
    card = make_gift_card("30.00")
    wrong = f"{card.code[:-1]}{'A' if card.code[-1] != 'A' else 'B'}"
    refused = call(guest, "use_code", code=wrong)
    assert (refused.data["error"], wrong in refused.summary) == ("unknown_gift_card", False)


def test_a_gift_card_pays_and_its_code_does_not_stay_in_the_talk(guest: Identity) -> None:
    card = make_gift_card("30.00")
    spoken = card.code.replace("-", " ").lower()
    talk = start_conversation(guest)
    made = answer(guest, f"use my gift card {card.code}", workshop(BuiltinEngine()), talk)
    text = "".join(one.text for one in made.of(TextDelta))
    assert f"Your gift card ending in {card.code[-4:]} pays up to 30.00 EUR of it." in text
    kept = session().scalars(sa.select(Message.content).where(Message.conversation_id == talk)).all()
    kept += [str(one) for one in session().scalars(sa.select(Message.tool_calls))]
    kept += [str(one) for one in session().scalars(sa.select(Message.tool_results))]
    kept += [session().scalar(sa.select(Conversation.title).where(Conversation.id == talk)) or ""]
    release()
    assert not [one for one in kept if card.code.lower() in one.lower() or spoken in one.lower()]
    assert kept[0] == f"use my gift card …{card.code[-4:]}"
    seen = call(guest, "view_cart").data
    assert seen["gift_card"] == {"ends_in": card.code[-4:], "balance": "30.00 EUR"}
    assert call(guest, "remove_code", which="gift_card").data["removed"] == ["gift card"]
    assert call(guest, "view_cart").data["gift_card"] is None


def test_the_shoppers_login_sees_no_code_and_no_card_but_those_in_its_own_cart(guest: Identity) -> None:
    spring, other = (make_promotion("percent", "10", one, code=one) for one in ("SPRING", "OTHER"))
    letters = make_promotion("amount", "3", "Letters", has_single_codes=True)
    add_codes(None, letters, 3, "autumn")
    automatic = make_promotion("amount", "1", "For all")
    mine, theirs = make_gift_card(), make_gift_card()
    stranger = make_guest()
    fill_cart(stranger, (make_product("Mug", "5.00"), 1))
    call(stranger, "use_code", code="OTHER")
    call(stranger, "use_code", code=theirs.code)
    call(guest, "use_code", code="SPRING")
    call(guest, "use_code", code=mine.code)
    with acting_as(guest) as restricted:
        assert set(restricted.scalars(sa.select(Promotion.id))) == {spring, automatic}
        assert restricted.scalars(sa.select(PromotionCode.code)).all() == []
        assert restricted.scalars(sa.select(GiftCard.id)).all() == [mine.id]
    with acting_as(Identity(None, uuid.uuid4())) as restricted:
        assert set(restricted.scalars(sa.select(Promotion.id))) == {automatic}
    assert other


@pytest.mark.parametrize(
    ("message", "intent", "code"),
    [
        ("use code SPRING10", Intent.USE_CODE, "SPRING10"),
        ("apply the coupon spring10 please", Intent.USE_CODE, "spring10"),
        ("add code SPRING10 to my cart", Intent.USE_CODE, "SPRING10"),
        ("I have a voucher: welcome5", Intent.USE_CODE, "welcome5"),
        ("use code welcome", Intent.USE_CODE, "welcome"),
        ("SPRING10 is my code", Intent.USE_CODE, "SPRING10"),
        ("use SPRING10", Intent.USE_CODE, "SPRING10"),
        ("my gift card is ABCD-EFGH-JKLM-NPQR", Intent.USE_CODE, "ABCD-EFGH-JKLM-NPQR"),
        ("I want to redeem my gift card", Intent.USE_CODE, None),
        ("remove the code", Intent.REMOVE_CODE, None),
        ("remove the code from my cart", Intent.REMOVE_CODE, None),
        ("take the gift card off again", Intent.REMOVE_CODE, None),
        ("add a gift card to my cart", Intent.ADD_TO_CART, None),
        ("remove the tent from my cart", Intent.REMOVE_FROM_CART, None),
        ("try the GPS watch", Intent.PRODUCT, None),
        ("where is my order 3K7MP2QX", Intent.ORDER_STATUS, None),
        ("My postal code is 10115, how long is shipping?", Intent.POLICY, None),
        ("Is zip code 90210 in your delivery area?", Intent.POLICY, None),
        ("Enter my postal code SW1A", Intent.PRODUCT, None),
        ("Where is my order? I used the discount code SAVE10", Intent.ORDER_STATUS, None),
        ("I used the discount code SAVE10. Where is my order?", Intent.ORDER_STATUS, None),
        ("Show me discounts USB chargers", Intent.PRODUCT, None),
        ("gift card 100 EUR", Intent.PRODUCT, None),
        ("take off my discount and add the RED tent", Intent.ADD_TO_CART, None),
        ("Can I use more than one discount code?", Intent.POLICY, None),
        ("How do I use a gift card?", Intent.POLICY, None),
        ("How do I remove a code?", Intent.POLICY, None),
        ("Is code SAVE10 still valid?", Intent.POLICY, None),
        ("Can I use code SAVE10?", Intent.USE_CODE, "SAVE10"),
        ("Can you apply SAVE10, my discount code, to my order?", Intent.USE_CODE, "SAVE10"),
        ("please use code welcome for my order", Intent.USE_CODE, "welcome"),
        ("use code 2026", Intent.USE_CODE, "2026"),
        ("use gift card ABCD EFGH JKLM NPQR", Intent.USE_CODE, "ABCD EFGH JKLM NPQR"),
        ("redeem ab2d ef3h jk4m np5r, my gift card", Intent.USE_CODE, "ab2d ef3h jk4m np5r"),
        ("use my gift card that came from mama", Intent.USE_CODE, None),
        ("USE MY GIFT CARD PLEASE", Intent.USE_CODE, None),
        ("I have a 100 EUR voucher, code ABCD-1234", Intent.USE_CODE, "ABCD-1234"),
        ("For my 2nd order use code welcome", Intent.USE_CODE, "welcome"),
        ("a 3-season tent, and use my code SUMMER", Intent.USE_CODE, "SUMMER"),
        ("remove the discount code from my order", Intent.REMOVE_CODE, None),
        ("Remove the code and show me my cart", Intent.REMOVE_CODE, None),
        ("forget the code and ask a colleague", Intent.PERSON, None),
        ("Remove SAVE10 and use code SAVE20 instead", Intent.USE_CODE, "SAVE20"),
        ("Remove code SAVE10 and use SAVE20", Intent.USE_CODE, "SAVE20"),
        ("use SAVE20 instead of code SAVE10", Intent.USE_CODE, "SAVE20"),
        ("don't use the code SAVE10", Intent.REMOVE_CODE, None),
    ],
)
def test_what_people_write_about_codes(message: str, intent: Intent, code: str | None) -> None:
    assert read_intent(message) is intent
    if intent is Intent.USE_CODE:
        assert code_in(message) == code


@pytest.mark.parametrize(
    ("message", "which", "rest"),
    [
        ("remove the code", "discount", ""),
        ("take the gift card off again", "gift_card", ""),
        ("remove my gift card code", "gift_card", ""),
        ("remove the code and the gift card", "both", ""),
        ("remove both codes", "both", ""),
        ("remove all my codes", "both", ""),
        ("Remove the code and show me my cart", "discount", "show me my cart"),
        ("Remove the code and show me my gift card", "discount", "show me my gift card"),
        ("forget the code and ask a colleague", "discount", "ask a colleague"),
        ("take off my discount and add the RED tent", "discount", "add the RED tent"),
        ("Remove SAVE10 and use code SAVE20 instead", "discount", ""),
        ("How do I remove a code and add another?", "discount", ""),
    ],
)
def test_no_more_is_taken_off_than_was_named(message: str, which: str, rest: str) -> None:
    assert (what_to_remove(message), after_removal(message)) == (which, rest)


def test_a_code_goes_and_the_rest_of_the_message_is_answered(guest: Identity) -> None:
    make_promotion("percent", "10", "Spring", code="SPRING10")
    card = make_gift_card("30.00")
    call(guest, "use_code", code="SPRING10")
    call(guest, "use_code", code=card.code)
    made = answer(guest, "Remove the code and show me my cart", workshop(BuiltinEngine()))
    assert [one.name for one in made.of(ToolCall)] == ["remove_code", "view_cart"]
    assert (cart_view(guest).coupon, cart_view(guest).gift_card_id) == ("", card.id)


def test_a_talk_about_codes(guest: Identity) -> None:
    make_promotion("percent", "10", "Spring", code="SPRING10")
    talk = start_conversation(guest)

    def say(text: str) -> str:
        made = answer(guest, text, workshop(BuiltinEngine()), talk)
        return "".join(one.text for one in made.of(TextDelta))

    assert "Which code?" in say("can I use a coupon?")
    applied = say("use code spring10")
    assert "The code SPRING10 applies. Subtotal 50.00 EUR, before shipping." in applied
    assert "Spring (code SPRING10): 5.00 EUR off. That makes 45.00 EUR." in applied
    assert "That makes 45.00 EUR." in say("what is in my cart?")
    assert "no discount code" in say("use code NOPE") or "NOPE" in say("use code NOPE")
    assert "Removed: SPRING10. Subtotal 50.00 EUR" in say("remove the code")
