"""Who asks for a page: session, user, badge of the cart and wishes, in one statement."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from storefront.accounts.models import User, UserSession
from storefront.accounts.queries import SignedInUser, may_sign_in, signed_in_columns, signed_in_user
from storefront.cart.models import Cart, CartItem, Wish, WishList
from storefront.cart.queries.lines import moment
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.statements import first


@dataclass(frozen=True, slots=True)
class VisitorRow:
    """A live session: whose it is, what it keeps, how many units lie in the open cart, what is on the wish list.

    ``wished`` holds each wish and, of a variant, its product, too: pages show hearts for both.
    """

    session_id: uuid.UUID
    user: SignedInUser | None
    cart_quantity: int
    data: dict[str, Any]
    last_activity_at: datetime
    wished: frozenset[uuid.UUID] = frozenset()


def visitor(token_hash: str) -> VisitorRow | None:
    """The session with this token hash, its user with permissions, the cart's badge and the wishes: one statement.

    None for an unknown or expired session, and for one whose user was deleted or blocked.
    """

    row = first(_visitor_statement(), {"token_hash": token_hash, "moment": now()})
    if row is None or row.owner_id != row.user_id:
        return None
    return VisitorRow(
        row.id,
        signed_in_user(row),
        int(row.cart_quantity),
        row.data,
        row.last_activity_at,
        frozenset(row.wished or ()) - {None},
    )


@cache
def _visitor_statement() -> sa.Select[Any]:
    # Built once: every request of everybody with a session runs it.
    def units(owner: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        total = sa.select(sa.func.coalesce(sa.func.sum(CartItem.quantity), 0))
        in_cart = total.join(Cart, Cart.id == CartItem.cart_id).where(Cart.status == "open", owner)
        return in_cart.correlate(UserSession).scalar_subquery()

    badge = sa.case(
        (UserSession.user_id.is_(None), units(Cart.session_id == UserSession.id)),
        else_=units(Cart.user_id == UserSession.user_id),
    )

    def wishes(owner: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        of_product = aliased(Product)
        both = sa.func.array_agg(Wish.product_id).op("||")(sa.func.array_agg(of_product.parent_id))
        listed = sa.select(sa.type_coerce(both, ARRAY(sa.Uuid()))).join(
            WishList, WishList.id == Wish.wish_list_id
        )
        of_owner = listed.join(of_product, of_product.id == Wish.product_id).where(owner)
        return of_owner.correlate(UserSession).scalar_subquery()

    hearts = sa.case(
        (UserSession.user_id.is_(None), wishes(WishList.session_id == UserSession.id)),
        else_=wishes(WishList.user_id == UserSession.user_id),
    )
    columns: tuple[Any, ...] = (
        UserSession.id,
        UserSession.data,
        UserSession.last_activity_at,
        UserSession.user_id.label("owner_id"),
        badge.label("cart_quantity"),
        hearts.label("wished"),
        *signed_in_columns(),
    )
    return (
        sa.select(*columns)
        .join(User, sa.and_(User.id == UserSession.user_id, may_sign_in()), isouter=True)
        .where(
            UserSession.session_token_hash == sa.bindparam("token_hash"),
            UserSession.expires_at > moment(),
        )
    )
