"""What an engine is: something that answers a turn with events, using the tools it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from storefront.assistant.events import Event
from storefront.assistant.tools.registry import Registry, ToolContext


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A message of the conversation so far. ``parts`` are the cards and choices shown beside the text."""

    role: str
    content: str
    parts: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything an engine may know: the talk so far (oldest first), the new message, the tools.

    ``is_stopped`` is asked between steps and while text arrives; an engine that sees True ends quietly.
    """

    text: str
    history: Sequence[PastMessage]
    tools: Registry
    context: ToolContext
    instructions: str
    is_signed_in: bool
    is_stopped: Callable[[], bool]


class EngineUnavailable(Exception):
    """The engine cannot answer (now); ``code`` says why, for the log. Another one takes over."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Engine(Protocol):
    """Answers one turn. Ends by returning; raises :class:`EngineUnavailable` where another should go on."""

    def answer(self, turn: Turn) -> Iterator[Event]:
        """The events of the answer, in order, without the final ``Done``."""
