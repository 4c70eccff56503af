"""What a message is about."""

from __future__ import annotations

import pytest

from storefront.assistant.engines.builtin.intents import Intent, order_number, read_intent


@pytest.mark.parametrize(
    ("intent", "messages"),
    [
        (Intent.GREETING, ["hi", "Hello there!", "good morning"]),
        (Intent.THANKS, ["thanks!", "thank you very much", "ok"]),
        (Intent.GOODBYE, ["bye", "see you"]),
        (Intent.HELP, ["help", "what can you do?", "are you a bot?"]),
        (Intent.PERSON, ["I want to talk to a human", "connect me with an agent", "customer service please"]),
        (
            Intent.ADD_TO_CART,
            ["add the second one to my cart", "put LF-1 in my basket", "add it", "I'll take it"],
        ),
        (Intent.REMOVE_FROM_CART, ["remove the tent from my cart", "empty my basket"]),
        (Intent.VIEW_CART, ["what's in my cart?", "show my basket"]),
        (Intent.CANCEL_ORDER, ["cancel my order", "I want to cancel order 7K3M9QXP"]),
        (Intent.CHANGE_ORDER, ["change my order", "update my delivery address"]),
        (Intent.ORDER_STATUS, ["where is my order?", "track my parcel", "7K3M9QXP", "order status"]),
        (Intent.ACCOUNT, ["I forgot my password", "how do I sign up?", "delete my account"]),
        (
            Intent.POLICY,
            [
                "how much is shipping to France?",
                "can I return worn boots?",
                "do you take credit cards?",
                "opening hours",
            ],
        ),
        (Intent.PRODUCT, ["tent for two", "waterproof jacket under 150 in blue", "who won the world cup?"]),
    ],
)
def test_messages_are_understood(intent: Intent, messages: list[str]) -> None:
    assert {message: read_intent(message) for message in messages} == dict.fromkeys(messages, intent)


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("where is 7k3m9qxp?", "7K3M9QXP"),
        ("order #7K3M9QXP please", "7K3M9QXP"),
        ("blankets", None),
        ("LF-7K3M9QXP", None),
        ("12345", None),
    ],
)
def test_order_numbers_are_found(message: str, number: str | None) -> None:
    assert order_number(message) == number
