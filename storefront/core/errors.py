"""The root of all domain errors. They carry data; each deliverer words them its own way."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class DomainError(Exception):
    """Something the shop refuses or cannot do, with the facts a person needs to understand it."""

    @property
    def error_code(self) -> str:
        """The stable machine-readable name, for example ``insufficient_stock``."""
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")

    def data(self) -> dict[str, Any]:
        """The error's fields."""
        return asdict(self)

    def __str__(self) -> str:
        fields = ", ".join(f"{key}={value!r}" for key, value in self.data().items())
        return f"{self.error_code}({fields})"


@dataclass
class NotFound(DomainError):
    """There is no such thing, or it is not this person's: both answer alike."""

    kind: str
    key: str = ""


@dataclass
class NotAllowed(DomainError):
    """The person is known and lacks the permission ``resource``:``action``."""

    resource: str
    action: str


@dataclass
class InvalidInput(DomainError):
    """A value that no form or validator upstream should have let through."""

    field: str
    reason: str
