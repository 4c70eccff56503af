"""``flask chat``: the same events as on the page, for people and for programs."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from storefront.assistant.events import event_from_json
from storefront.assistant.models import Conversation, Message
from storefront.cart.queries import cart_view
from storefront.core.db import session
from tests.factories.accounts import make_user
from tests.factories.assistant import make_policy
from tests.factories.buying import make_guest, make_product


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["chat", *arguments])


def events(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def kettle(app: Flask) -> str:
    with app.app_context():
        make_product("Copper kettle", "39.00", sku="KET-1")
    return "KET-1"


def test_json_prints_one_event_a_line_and_the_conversation_first(app: Flask, kettle: str) -> None:
    first, *rest = events(run(app, "add KET-1 to my cart", "--json"))
    assert first["type"] == "conversation"
    conversation_id = uuid.UUID(first["id"])
    assert [one["type"] for one in rest] == ["tool_call", "tool_result", "text_delta", "cart_changed", "done"]
    for document in rest:
        assert event_from_json(document).to_json() == document
    with app.app_context():
        stored = session().scalars(
            sa.select(Message).where(Message.conversation_id == conversation_id).order_by(Message.created_at)
        )
        assert [(row.role, row.status) for row in stored] == [("user", "complete"), ("assistant", "complete")]
        assert session().get_one(Conversation, conversation_id).channel == "cli"


def test_a_talk_goes_on_with_its_cart(app: Flask, kettle: str) -> None:
    conversation = events(run(app, "add KET-1 to my cart", "--json"))[0]["id"]
    second = events(run(app, "what is in my cart?", "--conversation", conversation, "--json"))
    assert second[0]["id"] == conversation
    (result,) = [one for one in second if one["type"] == "tool_result"]
    assert [(line["sku"], line["quantity"]) for line in result["data"]["lines"]] == [(kettle, 1)]


def test_two_talks_of_guests_are_two_guests(app: Flask, kettle: str) -> None:
    events(run(app, "add KET-1 to my cart", "--json"))
    (result,) = [one for one in events(run(app, "my cart", "--json")) if one["type"] == "tool_result"]
    assert result["data"]["lines"] == []


def test_as_somebody_acts_for_that_account(app: Flask, kettle: str) -> None:
    with app.app_context():
        user = make_user("ida@example.com")
    events(run(app, "add KET-1 to my cart", "--as", "Ida@Example.com", "--json"))
    with app.app_context():
        assert [line.sku for line in cart_view(user.identity).snapshot.lines] == [kettle]


def test_without_json_people_can_read_it(app: Flask) -> None:
    with app.app_context():
        make_policy("Returns", "returns", "## How long\n\nYou may return goods for 30 days.")
    result = run(app, "How long may I return something?")
    assert result.exit_code == 0
    assert "You may return goods for 30 days." in result.stdout
    assert "Source: Returns: How long (/pages/returns#how-long)" in result.stdout
    assert "{" not in result.stdout


@pytest.mark.usefixtures("no_redis")
def test_it_needs_no_redis(app: Flask) -> None:
    assert events(run(app, "hello", "--json"))[-1]["status"] == "complete"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hello", "--as", "nobody@example.com"], "no account"),
        (["hello", "--conversation", "42"], "no conversation's id"),
        (["hello", "--conversation", str(uuid.UUID(int=7))], "no conversation"),
        (["   "], "Please write something first."),
        (["x" * 4_001], "4001"),
    ],
    ids=["unknown e-mail", "no id", "unknown conversation", "nothing", "too much"],
)
def test_what_cannot_be_done_is_said_in_one_sentence(app: Flask, arguments: list[str], words: str) -> None:
    result = run(app, *arguments, "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_somebody_elses_conversation_is_refused(app: Flask) -> None:
    with app.app_context():
        make_user("ida@example.com")
        make_user("bo@example.com")
    conversation = events(run(app, "hello", "--as", "ida@example.com", "--json"))[0]["id"]
    refused = run(app, "hello", "--as", "bo@example.com", "--conversation", conversation)
    assert refused.exit_code == 1
    assert "not one of bo@example.com" in refused.stderr
    with app.app_context():
        make_guest()
        assert session().scalar(sa.select(sa.func.count()).select_from(Message)) == 2
