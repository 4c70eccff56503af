"""The one error of this package."""

from __future__ import annotations


class EmbeddedServiceError(RuntimeError):
    """A server from a wheel cannot run here. The message says in one sentence what is wrong and what to do."""
