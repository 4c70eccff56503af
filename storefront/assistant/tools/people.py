"""Asking for a person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import EmailStr, Field

from storefront.assistant import services
from storefront.assistant.events import HandoffRequested
from storefront.assistant.hiding import without_gift_cards
from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.assistant.tools.shop import TOOLS


@TOOLS.tool("Asking a colleague")
def request_handoff(
    context: ToolContext,
    summary: Annotated[
        str, Field(max_length=2_000, description="What the shopper needs, for the colleague.")
    ],
    reason: Literal["asked", "not_understood", "complaint", "not_allowed", "other"] = "asked",
    contact_email: Annotated[
        EmailStr | None, Field(description="Where the shopper wants the answer, if they said.")
    ] = None,
) -> Outcome:
    """Hand the conversation to a person of the shop: when asked for, or when you cannot help."""
    handoff_id = services.request_handoff(
        context.identity,
        context.conversation_id,
        reason=reason,
        summary=without_gift_cards(summary),
        contact_email=contact_email,
    )
    return Outcome(
        {"handed_over": True, "note": "A colleague will read this conversation and answer in it."},
        "A colleague has been asked",
        (HandoffRequested(str(handoff_id)),),
    )
