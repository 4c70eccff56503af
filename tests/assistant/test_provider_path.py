"""The provider engine and the loop, over real HTTP, with the real tools and database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.assistant.engines.builtin import BuiltinEngine
from storefront.assistant.engines.provider import ProviderEngine
from storefront.assistant.events import (
    Card,
    CartChanged,
    Choice,
    Done,
    Failure,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from storefront.assistant.tools import TOOLS
from storefront.cart.queries import cart_view
from storefront.core.db import db
from tests import servers
from tests.factories.assistant import BROKEN_OFF, FAILED, UNAVAILABLE, answer, workshop
from tests.factories.buying import make_guest, make_product, make_shopper
from tests.openai_server import Breaks, Calls, Fails, Garbles, Hangs, OpenAIServer, Reply, Says

MakeEngine = Callable[..., ProviderEngine]
pytestmark = pytest.mark.usefixtures("app_context")


def said(events: list[TextDelta]) -> str:
    return "".join(event.text for event in events)


def test_streamed_text_becomes_the_answer(provider: OpenAIServer, provider_engine: MakeEngine) -> None:
    provider.script(Says("We have **three** kettles.", pieces=5))
    made = answer(make_guest(), "Which kettles do you have?", workshop(provider_engine()))
    assert made.status == "complete"
    assert said(made.of(TextDelta)) == "We have **three** kettles."
    assert isinstance(made.events[-1], Done)
    assert (made.row.content, made.row.status) == ("We have **three** kettles.", "complete")


def test_the_request_says_who_asks_what_and_which_tools_there_are(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    guest = make_guest()
    provider.script(Says("Hello."), Says("Yes."))
    first = answer(guest, "Hi there", workshop(provider_engine()))
    answer(guest, "Are you sure?", workshop(provider_engine()), first.exchange.conversation_id)
    body = provider.requests[1]
    assert body["model"] == "test-model"
    assert body["stream"] is True
    assert provider.authorisations == ["Bearer test-key"] * 2
    assert body["messages"][0]["role"] == "system"
    assert "guest" in body["messages"][0]["content"]
    assert body["messages"][1:] == [
        {"role": "user", "content": "Hi there"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Are you sure?"},
    ]
    assert {tool["function"]["name"] for tool in body["tools"]} == set(TOOLS.tools)


def test_a_tool_call_reads_the_real_database(provider: OpenAIServer, provider_engine: MakeEngine) -> None:
    make_product("Copper kettle", "39.00", sku="KET-1")
    provider.script(
        Calls(("search_products", {"query": "kettle"}), text="Let me look."), Says("The copper one.")
    )
    made = answer(make_guest(), "a kettle please", workshop(provider_engine()))
    assert [(call.name, call.arguments) for call in made.of(ToolCall)] == [
        ("search_products", {"query": "kettle"})
    ]
    assert [card.sku for card in made.of(Card)] == ["KET-1"]
    assert said(made.of(TextDelta)) == "Let me look.\n\nThe copper one."
    said_to_model = provider.requests[1]["messages"][-2:]
    assert said_to_model[0]["content"] == "Let me look."
    assert said_to_model[0]["tool_calls"][0]["function"]["name"] == "search_products"
    assert said_to_model[1]["tool_call_id"] == said_to_model[0]["tool_calls"][0]["id"]
    found = json.loads(said_to_model[1]["content"])
    assert [(one["sku"], one["price_from"]) for one in found["products"]] == [("KET-1", "39.00 EUR")]
    row = made.row
    assert [part["sku"] for part in row.parts] == ["KET-1"]
    assert [call["name"] for call in row.tool_calls] == ["search_products"]
    assert [result["ok"] for result in row.tool_results] == [True]


def test_parallel_calls_with_interleaved_arguments_are_kept_apart(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    make_product("Copper kettle", sku="KET-1")
    make_product("Trail stove", sku="STO-1")
    provider.script(
        Calls(("search_products", {"query": "kettle"}), [("search_products", {"query": "trail stove"})]),
        Says("Both."),
    )
    made = answer(make_guest(), "a kettle and a stove", workshop(provider_engine()))
    assert [call.arguments for call in made.of(ToolCall)] == [{"query": "kettle"}, {"query": "trail stove"}]
    assert [card.sku for card in made.of(Card)] == ["KET-1", "STO-1"]
    results = [message for message in provider.requests[1]["messages"] if message["role"] == "tool"]
    assert len(results) == 2


def test_usage_of_all_rounds_is_stored(provider: OpenAIServer, provider_engine: MakeEngine) -> None:
    provider.tokens = (100, 30)
    provider.script(Calls(("view_cart", {})), Says("Your cart is empty."))
    made = answer(make_guest(), "what is in my cart?", workshop(provider_engine()))
    assert made.of(Usage) == [Usage("test-model", 200, 60)]
    assert (made.row.tokens_in, made.row.tokens_out, made.row.model) == (200, 60, "test-model")
    assert made.row.first_token_ms is not None
    assert 0 <= made.row.first_token_ms <= made.row.latency_ms


def test_adding_to_the_cart_is_the_shoppers_own_cart(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    shopper = make_shopper()
    make_product("Copper kettle", sku="KET-1")
    provider.script(Calls(("add_to_cart", {"sku": "KET-1", "quantity": 2})), Says("Done."))
    made = answer(shopper, "two of the kettle", workshop(provider_engine()))
    assert made.of(CartChanged) == [CartChanged(2)]
    assert [(line.sku, line.quantity) for line in cart_view(shopper).snapshot.lines] == [("KET-1", 2)]


def test_a_product_with_variants_is_asked_about_first(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    guest = make_guest()
    jacket = make_product("Rain jacket", sku="JKT", stock=0)
    make_product("Rain jacket", sku="JKT-M", parent_id=jacket, options={"Size": "M"})
    make_product("Rain jacket", sku="JKT-L", parent_id=jacket, options={"Size": "L"})
    provider.script(Calls(("add_to_cart", {"sku": "JKT"})), Says("Which size?"))
    made = answer(guest, "add the rain jacket", workshop(provider_engine()))
    (choice,) = made.of(Choice)
    assert sorted(option["label"] for option in choice.options) == ["L", "M"]
    assert cart_view(guest).is_empty


# -- limits and failures --------------------------------------------------------------------------------------


def test_after_the_last_round_the_model_is_asked_without_tools(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    provider.script(*[Calls(("view_cart", {}))] * 2, Says("Enough looked."))
    made = answer(make_guest(), "look for ever", workshop(provider_engine(step_limit=2)))
    assert said(made.of(TextDelta)) == "Enough looked."
    assert len(made.of(ToolCall)) == 2
    assert ["tools" in body for body in provider.requests] == [True, True, False]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Fails(401), "not_authorised"),
        (Fails(403), "not_authorised"),
        (Fails(400), "refused"),
        (Fails(429, retry_after="30"), "rate_limited"),
        (Fails(500), "server_error"),
        (Fails(503), "server_error"),
        (Hangs(), "timeout"),
        (Breaks(""), "cut_off"),
    ],
    ids=["401", "403", "400", "429", "500", "503", "hang before the first token", "cut before the first"],
)
def test_when_the_provider_fails_the_built_in_assistant_takes_over(
    provider: OpenAIServer, provider_engine: MakeEngine, reply: Reply, code: str
) -> None:
    make_product("Copper kettle", sku="KET-1")
    provider.script(reply)
    begun = time.monotonic()
    made = answer(make_guest(), "show me a kettle", workshop(provider_engine(), BuiltinEngine()))
    assert time.monotonic() - begun < 5, "it must not be waited for a provider that has failed"
    assert made.of(Failure) == [Failure(code, UNAVAILABLE)]
    assert [card.sku for card in made.of(Card)] == ["KET-1"]
    assert made.status == made.row.status == "complete"
    assert made.row.model is None
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Hangs("Half a sen"), "timeout"),
        (Breaks("Half a sen"), "cut_off"),
        (Garbles("Half a sen"), "cut_off"),
    ],
    ids=["hang", "cut", "broken line"],
)
def test_a_stream_that_ends_in_the_middle_is_followed_by_an_answer_of_its_own(
    provider: OpenAIServer, provider_engine: MakeEngine, reply: Reply, code: str
) -> None:
    provider.script(reply)
    made = answer(make_guest(), "hello", workshop(provider_engine(), BuiltinEngine()))
    assert [failure.code for failure in made.of(Failure)] == [code]
    half, other = made.row.content.split("\n\n", 1)
    assert half == "Half a sen"
    assert other.startswith("Hello!")
    assert [part["message"] for part in made.row.parts] == [UNAVAILABLE]


def test_what_was_done_already_is_not_done_again_by_the_built_in_assistant(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    guest = make_guest()
    make_product("Copper kettle", sku="KET-1")
    provider.script(Calls(("add_to_cart", {"sku": "KET-1"})), Fails(500))
    made = answer(guest, "add KET-1 to my cart", workshop(provider_engine(), BuiltinEngine()))
    assert [line.quantity for line in cart_view(guest).snapshot.lines] == [1]
    assert made.of(Failure) == [Failure("server_error", BROKEN_OFF)]


def test_without_another_engine_the_shopper_is_told_calmly(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    provider.script(Fails(500))
    made = answer(make_guest(), "hello", workshop(provider_engine()))
    assert made.of(Failure) == [Failure("server_error", FAILED)]
    assert isinstance(made.events[-1], Done)


def test_one_answer_takes_no_longer_than_its_time(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    provider.script(Says("word " * 40, pieces=40, pause=0.1))
    begun = time.monotonic()
    made = answer(make_guest(), "hello", workshop(provider_engine(seconds=0.6), BuiltinEngine()))
    assert time.monotonic() - begun < 2.5
    assert [failure.code for failure in made.of(Failure)] == ["timeout"]


def test_a_provider_that_is_not_there(provider_engine: MakeEngine, provider: OpenAIServer) -> None:
    engine = provider_engine()
    provider.__exit__()
    made = answer(make_guest(), "hello", workshop(engine, BuiltinEngine()))
    assert [failure.code for failure in made.of(Failure)] == ["unreachable"]
    assert made.status == "complete"


def test_stopping_ends_the_stream_and_keeps_what_was_said(
    provider: OpenAIServer, provider_engine: MakeEngine
) -> None:
    provider.script(Says("one two three four five six seven eight nine ten", pieces=10, pause=0.1))
    stop_at = time.monotonic() + 0.45
    shop = workshop(provider_engine(), stopped=lambda: time.monotonic() > stop_at)
    made = answer(make_guest(), "count", shop)
    assert made.status == made.row.status == "stopped"
    assert made.row.content.startswith("one")
    assert "ten" not in made.row.content


# -- what a model may not do ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (("delete_everything", {}), "no tool"),
        (("add_to_cart", {"sku": "KET-1", "quantity": 0}), "quantity"),
        (("add_to_cart", {"sku": "KET-1", "quantity": "many"}), "quantity"),
        (("add_to_cart", {"quantity": 1}), "sku"),
        (("add_to_cart", '{"sku": "KET-1", "quant'), "arguments"),
        (("add_to_cart", '["KET-1"]'), "arguments"),
        (("add_to_cart", {"sku": "NO-SUCH"}), "sell"),
    ],
    ids=["unknown tool", "zero", "words", "missing", "cut JSON", "a list", "unknown product"],
)
def test_a_wrong_call_changes_nothing_and_the_model_is_told(
    provider: OpenAIServer, provider_engine: MakeEngine, call: tuple[str, Any], complaint: str
) -> None:
    guest = make_guest()
    make_product("Copper kettle", sku="KET-1")
    provider.script(Calls(call), Says("Sorry."))
    made = answer(guest, "do it", workshop(provider_engine()))
    (result,) = made.of(ToolResult)
    assert not result.ok
    told = provider.requests[1]["messages"][-1]["content"]
    assert complaint in told
    assert cart_view(guest).is_empty
    assert made.status == "complete"


@pytest.mark.parametrize("extra", ["user_id", "session_id", "identity", "context"])
def test_identity_is_no_argument(provider: OpenAIServer, provider_engine: MakeEngine, extra: str) -> None:
    victim, attacker = make_shopper(), make_shopper()
    make_product("Copper kettle", sku="KET-1")
    provider.script(Calls(("add_to_cart", {"sku": "KET-1", extra: str(victim.user_id)})), Says("Done."))
    made = answer(attacker, f"add it for {victim.user_id}", workshop(provider_engine()))
    assert [result.data["error"] for result in made.of(ToolResult)] == ["wrong_arguments"]
    assert cart_view(victim).is_empty
    assert cart_view(attacker).is_empty


# -- the database meanwhile -----------------------------------------------------------------------------------


def test_no_transaction_is_open_while_the_provider_thinks(
    provider: OpenAIServer,
    provider_engine: MakeEngine,
    app: Flask,
    databases: servers.TestDatabases,
    database_name: str,
) -> None:
    make_product("Copper kettle", sku="KET-1")
    watcher = sa.create_engine(
        sa.make_url(databases.admin_url(database_name)).set(drivername="postgresql+psycopg")
    )
    seen: list[tuple[int, int]] = []

    def look(_body: dict[str, Any]) -> None:
        with watcher.connect() as connection:
            open_transactions = connection.scalar(
                sa.text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
                )
            )
        pools = [engine.pool for engine in engines]
        seen.append((open_transactions or 0, sum(pool.checkedout() for pool in pools)))  # type: ignore[attr-defined]

    engines = list(db.engines.values())
    provider.on_request = look
    provider.script(
        Calls(("search_products", {"query": "kettle"})),
        Calls(("add_to_cart", {"sku": "KET-1"})),
        Says("Done."),
    )
    answer(make_guest(), "a kettle", workshop(provider_engine()))
    watcher.dispose()
    assert seen == [(0, 0)] * 3
