"""What a search server is to the rest of the shop: documents go in, searches are answered, in its query language.

Every way in which a server can fail is a :class:`SearchServerFailure` with a stable code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class SearchServerFailure(Exception):
    """The server did not answer as it should.

    ``code`` is one of unreachable, timeout, overloaded, not_authorised, not_found, conflict, refused, server_error,
    not_elasticsearch. ``detail`` is the server's own words, for the log.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Change:
    """One document to write, or with ``document`` None to remove, in the index behind ``alias``.

    ``version`` says how new the truth in it is: an older one never replaces a newer one.
    """

    alias: str
    key: str
    version: int
    document: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that the server did not take. ``status`` is the HTTP status of this one item."""

    alias: str
    key: str
    status: int
    reason: str


class SearchServer(Protocol):
    """A server that keeps documents. Its methods raise :class:`SearchServerFailure`; no transaction may be open."""

    def search(self, alias: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The server's answer to a search, within the seconds that a page may wait; never a partial one."""

    def write(self, changes: Iterable[Change]) -> list[Refusal]:
        """Write in batches as they come; what the server is too busy for is sent again.

        Changes that are older than what the server has are no refusals.
        """

    def create(self, index: str, body: Mapping[str, Any]) -> None:
        """Make an index."""

    def indexes(self, pattern: str) -> Mapping[str, frozenset[str]]:
        """The indexes whose names match ``pattern`` (``*`` for anything), each with its aliases."""

    def has_alias(self, alias: str) -> bool:
        """Whether some index answers to ``alias``."""

    def switch(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Change aliases and remove indexes, all at once or not at all."""

    def delete(self, index: str) -> None:
        """Remove an index; a missing one is no error."""

    def settle(self, index: str, settings: Mapping[str, Any]) -> None:
        """Change an index's settings and make everything that was written visible."""

    def count(self, alias: str, query: Mapping[str, Any] | None = None) -> int:
        """How many documents there are."""
