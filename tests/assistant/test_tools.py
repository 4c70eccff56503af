"""The registry: what a tool tells a model, and what it does for whom."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.assistant.events import Citation, HandoffRequested
from storefront.assistant.models import Handoff
from storefront.assistant.services import open_conversation
from storefront.assistant.tools import TOOLS
from storefront.assistant.tools.registry import Outcome, Registry, Tool, ToolContext
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.http.wording import explain
from storefront.orders.services import PlacedOrder, place_order
from tests.factories.assistant import make_policy
from tests.factories.buying import (
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
)

ALL = sorted(TOOLS.tools.values(), key=lambda tool: tool.name)


def context_for(identity: Identity) -> ToolContext:
    return ToolContext(identity, open_conversation(identity), "EUR", explain)


def call(identity: Identity, name: str, **arguments: Any) -> Outcome:
    return TOOLS.call(name, arguments, context_for(identity))


# -- what a model reads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_schema_is_valid_and_every_tool_says_what_it_does(tool: Tool) -> None:
    schema = tool.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert len(tool.description) > 30
    assert tool.description[0].isupper()
    assert tool.label({}), "a step without words"


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_free_text_is_limited_and_explained(tool: Tool) -> None:
    for name, schema in tool.json_schema().get("properties", {}).items():
        variants = schema.get("anyOf", [schema])
        for one in variants:
            if one.get("type") == "string" and "enum" not in one and "format" not in one:
                assert one.get("maxLength") or "pattern" in one, f"{tool.name}.{name} has no limit"
                assert schema.get("description") or one.get("description"), f"{tool.name}.{name}: what is it?"


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_no_tool_takes_an_identity(tool: Tool) -> None:
    names = set(tool.json_schema().get("properties", {}))
    assert not names & {"user_id", "session_id", "customer_id", "identity", "email", "account", "context"}


def test_a_function_without_a_context_is_no_tool() -> None:
    def harmless(query: str) -> Outcome:
        """Looks harmless."""
        return Outcome({}, query)

    with pytest.raises(TypeError, match="ToolContext"):
        Registry().tool("Trying")(harmless)


def test_two_tools_of_one_name_are_refused() -> None:
    def twice(context: ToolContext) -> Outcome:
        """Is there already."""
        return Outcome({}, "")

    registry = Registry()
    registry.tool("Once")(twice)
    with pytest.raises(ValueError, match="two tools named twice"):
        registry.tool("Again")(twice)


def test_an_assistant_can_be_given_fewer_tools() -> None:
    assert set(TOOLS.only(["view_cart", "no_such_tool"]).tools) == {"view_cart"}
    assert TOOLS.only(None) is TOOLS


# -- for whom -------------------------------------------------------------------------------------------------


@pytest.fixture
def bought(app_context: Flask) -> tuple[Identity, PlacedOrder]:
    """A signed-in shopper and their order."""
    make_shipping()
    shopper = make_shopper()
    fill_cart(shopper, (make_product("Copper kettle", "80.00"), 1))
    return shopper, place_order(shopper, order_request("80.00"))


@pytest.mark.usefixtures("app_context")
def test_order_status_is_for_its_owner_alone(bought: tuple[Identity, PlacedOrder]) -> None:
    shopper, number = bought[0], bought[1].number
    own = call(shopper, "order_status", number=number)
    assert own.ok
    assert own.data["number"] == number
    assert own.data["items"] == [{"name": "Copper kettle", "quantity": 1}]
    assert (own.data["promised_by_card"], own.data["left_to_pay"]) == ("0.00 EUR", "80.00 EUR")
    for stranger in (make_shopper(), make_guest()):
        others = call(stranger, "order_status", number=number)
        assert not others.ok
        assert others.data["error"] == "not_found"
        assert "kettle" not in str(others.data)


@pytest.mark.usefixtures("app_context")
def test_a_guest_who_has_proved_an_order_sees_it(bought: tuple[Identity, PlacedOrder]) -> None:
    order = bought[1]
    guest = make_guest()
    proved = Identity(None, guest.session_id, frozenset({order.order_id}))
    assert call(proved, "order_status", number=order.number).ok
    assert not call(guest, "order_status", number=order.number).ok


@pytest.mark.usefixtures("app_context")
def test_orders_of_a_guest_need_a_sign_in(bought: tuple[Identity, PlacedOrder]) -> None:
    shopper, number = bought[0], bought[1].number
    assert [order["number"] for order in call(shopper, "list_orders").data["orders"]] == [number]
    assert call(make_guest(), "list_orders").data["error"] == "sign_in_needed"


@pytest.mark.usefixtures("app_context")
def test_a_hand_over_is_stored_once_and_in_ones_own_conversation_only() -> None:
    shopper, stranger = make_shopper(), make_shopper()
    context = context_for(shopper)
    first = TOOLS.call("request_handoff", {"summary": "Wants a person", "reason": "asked"}, context)
    again = TOOLS.call("request_handoff", {"summary": "Still wants one"}, context)
    assert isinstance(first.events[0], HandoffRequested)
    assert first.events == again.events
    rows = session().scalars(sa.select(Handoff.summary)).all()
    assert rows == ["Wants a person"]
    foreign = ToolContext(stranger, context.conversation_id, "EUR", explain)
    refused = TOOLS.call("request_handoff", {"summary": "Not mine"}, foreign)
    assert refused.data["error"] == "not_found"


# -- policies -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("app_context")
def test_a_policy_answer_names_the_heading_it_comes_from() -> None:
    make_policy(
        "Shipping", "shipping", "How we ship.\n\n## Costs\n\nParcels cost 4.90.\n\n## Times\n\nTwo days."
    )
    make_policy("Returns", "returns", "## How long\n\nYou may return goods for 30 days.")
    outcome = call(make_guest(), "find_policy", question="How long may I return goods?")
    assert outcome.ok
    citation = outcome.events[0]
    assert isinstance(citation, Citation)
    assert citation.url == "/pages/returns#how-long"
    assert "30 days" in outcome.data["passages"][0]["text"]


@pytest.mark.usefixtures("app_context")
def test_nothing_is_made_up_where_the_pages_are_silent() -> None:
    make_policy("Shipping", "shipping", "## Costs\n\nParcels cost 4.90.")
    outcome = call(make_guest(), "find_policy", question="zeppelin moustache")
    assert not outcome.ok
    assert outcome.events == ()
