"""What can be wrong with an order for a picture."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class UnknownArt(DomainError):
    """Nobody has drawn such a thing: ``field`` is ``kind``, ``colour``, ``scene`` or the "
    "name of a parameter."""

    kind: str
    field: str
    value: str


@dataclass
class NotRendered(DomainError):
    """The renderer refused the drawing of ``name``; ``reason`` is its own word for why."""

    name: str
    reason: str
