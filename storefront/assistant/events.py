"""What an answer consists of, while it is made: the typed events that an engine yields.

They are appended to the message's event log, streamed to the page, printed by ``flask chat --json``, and at
the end folded into the message's row. JSON form: ``{"type": "text_delta", "text": "..."}``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self


@dataclass(frozen=True, slots=True)
class Event:
    """The root of all events; ``type`` is the name in JSON."""

    type: ClassVar[str] = "event"

    def to_json(self) -> dict[str, Any]:
        """The event as a JSON-ready object."""
        return {"type": self.type, **{field.name: getattr(self, field.name) for field in fields(self)}}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """The event of this class with the document's values."""
        return cls(**{field.name: document[field.name] for field in fields(cls) if field.name in document})


@dataclass(frozen=True, slots=True)
class TextDelta(Event):
    """A further piece of the answer's text (Markdown)."""

    type: ClassVar[str] = "text_delta"
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall(Event):
    """The assistant does something: ``label`` says what, for people ("Searching for tents")."""

    type: ClassVar[str] = "tool_call"
    call_id: str
    name: str
    arguments: dict[str, Any]
    label: str


@dataclass(frozen=True, slots=True)
class ToolResult(Event):
    """A tool call is done. ``data`` is what the model reads; ``summary`` is for people."""

    type: ClassVar[str] = "tool_result"
    call_id: str
    name: str
    ok: bool
    summary: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Card(Event):
    """A product shown beside the text. Prices are texts with two places in ``currency``.

    ``needs_choice`` is true where a variant must be chosen on the product's page before it can be added.
    """

    type: ClassVar[str] = "card"
    sku: str
    slug: str
    name: str
    brand: str | None
    price: str
    price_to: str | None
    currency: str
    image: str | None
    in_stock: bool
    needs_choice: bool


@dataclass(frozen=True, slots=True)
class Citation(Event):
    """Where an answer stands in the shop's own documents."""

    type: ClassVar[str] = "citation"
    title: str
    url: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Choice(Event):
    """A question with buttons: each option is a label and the message that choosing it sends."""

    type: ClassVar[str] = "choice"
    question: str
    options: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Confirm(Event):
    """A write that the shopper must approve by a button; the model cannot press it."""

    type: ClassVar[str] = "confirm"
    confirmation_id: str
    question: str
    action: str


@dataclass(frozen=True, slots=True)
class CartChanged(Event):
    """The cart holds ``quantity`` items now: the page updates its badge."""

    type: ClassVar[str] = "cart_changed"
    quantity: int


@dataclass(frozen=True, slots=True)
class HandoffRequested(Event):
    """A person has been asked for; ``handoff_id`` names the request."""

    type: ClassVar[str] = "handoff_requested"
    handoff_id: str


@dataclass(frozen=True, slots=True)
class Usage(Event):
    """What the provider counted for this answer, in tokens."""

    type: ClassVar[str] = "usage"
    model: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Failure(Event):
    """Something went wrong; ``message`` is calm and says what happens next."""

    type: ClassVar[str] = "error"
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Done(Event):
    """The answer has ended: ``complete``, ``stopped`` or ``failed``; ``milliseconds`` since it began."""

    type: ClassVar[str] = "done"
    status: str
    milliseconds: int


_CLASSES: dict[str, type[Event]] = {
    cls.type: cls
    for cls in (
        TextDelta,
        ToolCall,
        ToolResult,
        Card,
        Citation,
        Choice,
        Confirm,
        CartChanged,
        HandoffRequested,
        Usage,
        Failure,
        Done,
    )
}


def event_from_json(document: dict[str, Any]) -> Event:
    """The typed event of a JSON object. Raises KeyError for an unknown type."""
    return _CLASSES[document["type"]].of(document)
