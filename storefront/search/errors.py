"""What the search refuses. It refuses almost nothing: any text gives a page."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class UnknownSearchType(DomainError):
    """A search was to be logged as a kind of search that there is not."""

    search_type: str
