"""``flask chat``: the same talk as on the page, in a terminal or for a program. Needs no Redis and no worker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext

from storefront.accounts import queries as accounts
from storefront.accounts.services import start_session
from storefront.assistant import queries, services
from storefront.assistant.answers import owner_of, take_assignment
from storefront.assistant.events import (
    Card,
    Choice,
    Citation,
    Done,
    Event,
    Failure,
    TextDelta,
    ToolCall,
    ToolResult,
)
from storefront.assistant.loop import make_answer
from storefront.core.db import release
from storefront.core.errors import DomainError
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.http.answering import workshop
from storefront.http.wording import explain


@click.command("chat")
@click.argument("message")
@click.option("--as", "email", metavar="EMAIL", help="Talk as this account. Default: a new guest.")
@click.option("--conversation", "conversation", metavar="ID", help="Go on with this conversation.")
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON, one a line.")
@with_appcontext
def chat(message: str, email: str | None, conversation: str | None, as_json: bool) -> None:
    """Send MESSAGE to the shop's assistant and print its answer.

    The conversation's id comes first, so that the talk can go on with --conversation.
    """
    tell = _tell_json if as_json else _Reader().tell
    identity, conversation_id = _talk(email, conversation)
    try:
        exchange = services.receive_message(
            identity, conversation_id, message, longest=current_settings().chat_message_characters
        )
    except DomainError as refusal:
        raise click.ClickException(explain(refusal)) from None
    assignment = take_assignment(exchange.answer_id)
    if assignment is None:
        raise click.ClickException("This conversation's owner may no longer use it.")
    if as_json:
        _print_json({"type": "conversation", "id": str(conversation_id)})
    else:
        click.echo(f"Conversation {conversation_id}\n", err=True)
    if make_answer(assignment, workshop(), tell) == "failed":
        raise SystemExit(1)


def _talk(email: str | None, conversation: str | None) -> tuple[Identity, uuid.UUID]:
    """Who talks, and where. Raises ClickException for somebody or something that does not exist."""
    user_id = _user_id(email) if email is not None else None
    if conversation is not None:
        return _go_on(conversation, user_id, email)
    if user_id is not None:
        identity = Identity(user_id)
    else:
        # A guest's cart hangs on a session; nobody holds this one's secret, so no browser can follow.
        started = start_session(
            None, ip_address=None, user_agent="flask chat", days=current_settings().session_days
        )
        identity = Identity(None, started.id)
    return identity, services.start_conversation(identity, "cli")


def _user_id(email: str) -> uuid.UUID:
    user = accounts.user_by_email(email)
    if user is None:
        raise click.ClickException(f"There is no account that may sign in with the address {email}.")
    return user.id


def _go_on(given: str, user_id: uuid.UUID | None, email: str | None) -> tuple[Identity, uuid.UUID]:
    try:
        conversation_id = uuid.UUID(given)
    except ValueError:
        raise click.ClickException(f"{given!r} is no conversation's id.") from None
    owner = owner_of(conversation_id)
    if owner is not None and user_id is not None and owner.user_id != user_id:
        raise click.ClickException(f"Conversation {given} is not one of {email}.")
    if owner is None or queries.conversation(owner, conversation_id) is None:
        raise click.ClickException(f"There is no conversation {given} that could go on.")
    release()
    return owner, conversation_id


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def _tell_json(event: Event) -> None:
    _print_json(event.to_json())


class _Reader:
    """Prints events for people: steps, text as it comes, products and sources as lines of their own."""

    def __init__(self) -> None:
        self._in_text = False

    def tell(self, event: Event) -> None:
        """Print one event."""
        if isinstance(event, TextDelta):
            self._in_text = True
            click.echo(event.text, nl=False)
            return
        lines = _lines(event)
        if self._in_text and (lines or isinstance(event, Done)):
            click.echo()
            self._in_text = False
        for line in lines:
            click.echo(line)


def _lines(event: Event) -> list[str]:
    for kind, words in _WORDS.items():
        if isinstance(event, kind):
            return words(event)
    return []


def _card(card: Card) -> list[str]:
    price = f"{card.price} to {card.price_to}" if card.price_to else card.price
    stock = "" if card.in_stock else ", sold out"
    return [f"  [{card.sku}] {card.name}, {price} {card.currency}{stock}"]


def _choice(choice: Choice) -> list[str]:
    return [f"  {choice.question}", *(f"    {one['label']}: {one['message']}" for one in choice.options)]


_WORDS: dict[type[Event], Callable[[Any], list[str]]] = {
    ToolCall: lambda event: [f"  … {event.label}"],
    ToolResult: lambda event: [f"  {'✓' if event.ok else '✗'} {event.summary}"],
    Card: _card,
    Citation: lambda event: [f"  Source: {event.title} ({event.url})"],
    Choice: _choice,
    Failure: lambda event: [f"  {event.message}"],
    Done: lambda event: [] if event.status == "complete" else [f"  ({event.status})"],
}
