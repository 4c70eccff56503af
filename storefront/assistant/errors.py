"""What conversations refuse."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class EmptyMessage(DomainError):
    """There is nothing to answer."""


@dataclass
class MessageTooLong(DomainError):
    """The message has more characters than the shop reads."""

    characters: int
    maximum: int


@dataclass
class AnswerInProgress(DomainError):
    """The assistant is still answering the last message of this conversation."""

    message_id: str


@dataclass
class ConversationClosed(DomainError):
    """The conversation has ended; a new one can be started."""
