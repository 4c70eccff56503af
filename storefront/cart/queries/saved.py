"""Reads of what is saved for later."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from storefront.cart.models import SavedLine
from storefront.cart.queries.lines import Parent, is_sold, line_columns, line_from
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.core.statements import rows
from storefront.inventory.queries import sellable
from storefront.pricing.snapshot import LineSnapshot


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved line as its list shows it: with today's price and stock. ``is_sold``: it can go back into the cart."""

    line: LineSnapshot
    is_sold: bool

    @property
    def can_return(self) -> bool:
        """At least one of it could be bought now."""
        return self.is_sold and self.line.available > 0


def saved_by(identity: Identity) -> sa.ColumnElement[bool]:
    """The condition that a saved line is this person's; nobody's for somebody without a session."""
    if identity.user_id is not None:
        return SavedLine.user_id == identity.user_id
    if identity.session_id is not None:
        return SavedLine.session_id == identity.session_id
    return sa.false()


def saved_lines(identity: Identity) -> list[SavedView]:
    """What this person has saved, the last first. One statement; none for somebody without a session."""
    owner = identity.user_id or identity.session_id
    if owner is None:
        return []
    statement = _saved_statement(of_user=identity.user_id is not None)
    found = rows(statement, {"owner": owner, "moment": now(), "currency": current_settings().shop_currency})
    return [SavedView(line_from(row), row.is_sold) for row in found]


@cache
def _saved_statement(*, of_user: bool) -> sa.Select[Any]:
    owner = SavedLine.user_id if of_user else SavedLine.session_id
    columns: tuple[Any, ...] = (
        SavedLine.quantity,
        SavedLine.unit_price.label("seen_price"),
        *line_columns(),
        sa.and_(is_sold(), Product.currency == sa.bindparam("currency")).label("is_sold"),
    )
    return (
        sa.select(*columns)
        .join(Product, Product.id == SavedLine.product_id)
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .where(owner == sa.bindparam("owner", type_=sa.Uuid()))
        .order_by(SavedLine.created_at.desc(), SavedLine.id.desc())
    )


def available_of(product_id: uuid.UUID) -> int:
    """How many units of a product could be sold now; 0 for an unknown one."""
    return session().scalar(sa.select(sellable()).where(Product.id == product_id)) or 0
