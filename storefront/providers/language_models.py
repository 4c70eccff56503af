"""What a model provider is to the rest of the shop: something that streams a completion as typed pieces.

Every way in which a provider can fail is a :class:`ModelFailure` with a stable code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class ModelFailure(Exception):
    """The provider did not answer as it should. ``code`` is one of unreachable, timeout, rate_limited,
    not_authorised, refused, server_error, cut_off."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A further piece of text."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A whole tool call. ``arguments`` is None where the model wrote something that is no JSON object."""

    call_id: str
    name: str
    raw_arguments: str
    arguments: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """What the provider counted, in tokens."""

    tokens_in: int
    tokens_out: int


Piece = TextPiece | ToolRequest | TokenUsage


class LanguageModel(Protocol):
    """Something that completes a conversation."""

    name: str

    def complete(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> Iterator[Piece]:
        """Stream one completion. Raises :class:`ModelFailure`, also in the middle."""
