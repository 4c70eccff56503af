"""What promotions ask of orders, which lie above them: parts of a statement, handed in by ``storefront.app``."""

from __future__ import annotations

from typing import Any, Protocol

import sqlalchemy as sa

from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings

EXTENSION = "past_orders"


class PastOrders(Protocol):
    """Orders as promotions see them. All arguments are parts of the statement that the answer becomes a part of."""

    def draft_of_cart(self, cart_id: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
        """The id of the cart's unfinished order; one row at most."""
        ...

    def listed(self) -> sa.Subquery:
        """All orders, with ``id``, ``number`` and ``status``."""
        ...

    def has_ordered(
        self,
        user_id: sa.ColumnElement[Any],
        address: sa.ColumnElement[Any],
        *,
        until: sa.ColumnElement[Any],
        besides: sa.ColumnElement[Any],
    ) -> sa.ColumnElement[bool]:
        """Whether this account, or a guest with this e-mail address, had an order that counts ``until`` then.

        ``besides`` is the id of an order that is passed over, or null.
        """
        ...


def past_orders() -> PastOrders:
    """The orders of the running application."""
    return once_per_application(EXTENSION, _not_handed_in)


def _not_handed_in(_settings: Settings) -> PastOrders:
    raise RuntimeError("storefront.app hands in what promotions ask of orders")
