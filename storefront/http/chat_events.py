"""The talk as HTML: finished messages from their rows, running answers event by event.

Both come from the same templates, so that a reader who reloads sees what a reader who stayed has seen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from flask import get_template_attribute, render_template
from markupsafe import Markup

from storefront.assistant.events import (
    Card,
    CartChanged,
    Choice,
    Citation,
    Event,
    Failure,
    HandoffRequested,
    TextDelta,
    ToolCall,
    ToolResult,
)
from storefront.assistant.queries import MessageView
from storefront.catalog.queries import Image
from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.chat_markdown import blocks, render_answer, safe_link

_PARTS = "chat/_parts.html"
_ROLES = {"user": "shopper", "assistant": "assistant", "staff": "person"}


@dataclass(frozen=True, slots=True)
class ShownStep:
    """Something the assistant does or did, numbered within its answer. ``state`` is running, done or failed."""

    number: int
    text: str
    state: str


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A product beside the text, with the names that the product macros use."""

    sku: str
    slug: str
    name: str
    brand: str | None
    price_from: Decimal
    price_to: Decimal | None
    currency: str
    image: Image | None
    in_stock: bool
    needs_choice: bool
    compare_at_price: None = None


@dataclass(frozen=True, slots=True)
class ShownCitation:
    """A source, numbered within its answer."""

    number: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownChoice:
    """A question with its buttons: label and the message it sends."""

    number: int
    question: str
    options: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message of the talk. ``html`` is an answer's text, ``text`` is anybody else's."""

    id: uuid.UUID
    role: str
    text: str
    html: Markup
    status: str
    rating: str | None
    steps: Sequence[ShownStep] = ()
    cards: Sequence[ShownCard] = ()
    citations: Sequence[ShownCitation] = ()
    choices: Sequence[ShownChoice] = ()
    notices: Sequence[str] = ()

    @property
    def is_running(self) -> bool:
        """Whether the answer is still being made."""
        return self.status == "streaming"


def shown_messages(messages: Sequence[MessageView], ratings: Mapping[uuid.UUID, str]) -> list[ShownMessage]:
    """The messages that people see, oldest first."""
    return [shown_message(one, ratings.get(one.id)) for one in messages if one.role in _ROLES]


def shown_message(message: MessageView, rating: str | None = None) -> ShownMessage:
    """A message as its bubble shows it."""
    role = _ROLES[message.role]
    collected = _Collected()
    for document in (*message.citations, *message.parts):
        collected.add_document(document)
    return ShownMessage(
        id=message.id,
        role=role,
        text="" if role == "assistant" else message.content,
        html=render_answer(message.content) if role == "assistant" else Markup(),
        status=message.status,
        rating=rating,
        steps=_steps(message),
        cards=list(collected.cards.values()),
        citations=list(collected.citations.values()),
        choices=collected.choices,
        notices=_notices(message, collected.notices),
    )


def _steps(message: MessageView) -> list[ShownStep]:
    steps = []
    # In order, not by id: each call is followed by its result, and providers may give two calls the same id. A call
    # without one belongs to an answer that was stopped or broke off.
    pairs = zip_longest(message.tool_calls, message.tool_results)
    for number, (call, result) in enumerate(pairs, 1):
        state = "failed" if result is None else _state(result["ok"], result["data"])
        summary = None if result is None else str(result["summary"])
        steps.append(_step(number, str(call["label"]), state, summary))
    return steps


def _state(ok: bool, data: Mapping[str, Any]) -> str:
    """A question back to the shopper is no failure."""
    return "done" if ok or data.get("error") == "choose_variant" else "failed"


def _step(number: int, label: str, state: str, summary: str | None = None) -> ShownStep:
    return ShownStep(number, f"{label}: {summary}" if summary else label, state)


def _notices(message: MessageView, notices: list[str]) -> list[str]:
    if message.status == "stopped":
        return [*notices, _("You stopped this answer.")]
    if message.status == "failed" and not notices:
        return [_("This answer broke off. Please ask again.")]
    return notices


@dataclass(slots=True)
class _Collected:
    """Cards, sources and choices of one answer, each once."""

    cards: dict[str, ShownCard] = field(default_factory=dict)
    citations: dict[str, ShownCitation] = field(default_factory=dict)
    choices: list[ShownChoice] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def add_document(self, document: Mapping[str, Any]) -> None:
        """Add a stored part, by its type."""
        match document["type"]:
            case Card.type:
                self.add_card(Card.of(dict(document)))
            case Citation.type:
                self.add_citation(Citation.of(dict(document)))
            case Choice.type:
                self.add_choice(Choice.of(dict(document)))
            case Failure.type:
                self.notices.append(str(document["message"]))

    def add_card(self, card: Card) -> ShownCard:
        """The card as it is shown; the same product again keeps its first place."""
        shown = ShownCard(
            sku=card.sku,
            slug=card.slug,
            name=card.name,
            brand=card.brand,
            price_from=Decimal(card.price),
            price_to=None if card.price_to is None else Decimal(card.price_to),
            currency=card.currency,
            image=None if card.image is None else Image(card.image, card.name, 320, 320),
            in_stock=card.in_stock,
            needs_choice=card.needs_choice,
        )
        self.cards[card.slug] = shown
        return shown

    def add_citation(self, citation: Citation) -> ShownCitation | None:
        """The source with its number; None where its address is not to be linked."""
        link = safe_link(citation.url)
        if link is None:
            return None
        number = len(self.citations) + 1
        return self.citations.setdefault(link[0], ShownCitation(number, citation.title, link[0]))

    def add_choice(self, choice: Choice) -> ShownChoice:
        """The question with its buttons."""
        shown = ShownChoice(len(self.choices) + 1, choice.question, choice.options)
        self.choices.append(shown)
        return shown


class Relay:
    """Turns an answer's events into HTML fragments, each a function of the events so far and nothing else.

    A fragment's elements have ids: the page replaces what it has and adds what it has not, so that hearing
    an event twice does no harm. Attribute ``data-into`` names the part of the bubble where a new one goes.
    """

    def __init__(self, answer_id: uuid.UUID) -> None:
        self._answer_id = answer_id
        self._text = ""
        self._steps: list[ToolCall] = []
        self._collected = _Collected()

    def fragment(self, event: Event) -> str:
        """The HTML that this event adds or changes; empty for one that shows nothing."""
        match event:
            case TextDelta():
                return self._new_text(event.text)
            case ToolCall():
                self._steps.append(event)
                return self._render("step", _step(len(self._steps), event.label, "running"))
            case ToolResult():
                return self._step_done(event)
            case Card():
                return self._render("card", self._collected.add_card(event))
            case Citation():
                source = self._collected.add_citation(event)
                return "" if source is None else self._render("citation", source)
            case Choice():
                return self._render("choice", self._collected.add_choice(event))
            case CartChanged():
                return self._render("cart_changed", event.quantity, _cart_words(event.quantity))
            case HandoffRequested():
                return self._render("handed_over")
            case Failure():
                self._collected.notices.append(event.message)
                return self._render("notice", event.message, len(self._collected.notices))
        return ""

    def _step_done(self, result: ToolResult) -> str:
        """The latest step of that call, finished (providers may give two calls the same id)."""
        for number, call in reversed(list(enumerate(self._steps, 1))):
            if call.call_id == result.call_id:
                state = _state(result.ok, result.data)
                return self._render("step", _step(number, call.label, state, result.summary))
        return ""

    def _new_text(self, text: str) -> str:
        """The last block as it was, longer now, and those after it."""
        first = max(len(blocks(self._text)) - 1, 0)
        self._text += text
        return "".join(
            self._render("block", number, render_answer(block))
            for number, block in enumerate(blocks(self._text))
            if number >= first
        )

    def _render(self, macro: str, *values: object) -> str:
        return str(get_template_attribute(_PARTS, macro)(self._answer_id, *values))


def _cart_words(quantity: int) -> str:
    if not quantity:
        return _("Your cart is empty.")
    return ngettext("There is %(num)s item in your cart.", "There are %(num)s items in your cart.", quantity)


def render_bubble(message: ShownMessage) -> str:
    """A whole message, for the end of a stream."""
    return render_template("chat/_bubble.html", message=message)


def frame(data: str, *, event: str, event_id: str | None = None) -> str:
    """One server-sent event (HTML standard, section 9.2). A line break in ``data`` needs a field of its own."""

    def lines() -> Iterator[str]:
        if event_id:
            yield f"id: {event_id}"
        yield f"event: {event}"
        for line in data.splitlines() or [""]:
            yield f"data: {line}"

    return "\n".join(lines()) + "\n\n"
