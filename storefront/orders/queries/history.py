"""Orders as promotions see them (``storefront.promotions.queries.past_orders``): parts of a statement of theirs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from storefront.orders.models import Order


class OrderHistory:
    """What promotions ask: whether somebody has ordered before, and which order is about to come of a cart."""

    def draft_of_cart(self, cart_id: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
        """The id of the cart's unfinished order; one row at most, by the partial index on drafts."""
        # Written out, so that the planner of a prepared statement sees that the index will do.
        is_draft = Order.status == sa.literal_column("'draft'")
        return sa.select(Order.id).where(Order.cart_id == cart_id, is_draft).scalar_subquery()

    def listed(self) -> sa.Subquery:
        """All orders, with ``id``, ``number`` and ``status``."""
        return sa.select(Order.id, Order.order_number.label("number"), Order.status).subquery("listed")

    def has_ordered(
        self,
        user_id: sa.ColumnElement[Any],
        address: sa.ColumnElement[Any],
        *,
        until: sa.ColumnElement[Any],
        besides: sa.ColumnElement[Any],
    ) -> sa.ColumnElement[bool]:
        """Whether this account, or a guest with this e-mail address, had an order that counts ``until`` then."""
        found = sa.select(Order.id).where(
            sa.or_(Order.user_id == user_id, Order.guest_email == address),
            Order.placed_at <= until,
            Order.status != "cancelled",
            Order.id.is_distinct_from(besides),
        )
        return found.exists()
