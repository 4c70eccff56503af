"""The wish list: put on, take off, into the cart, share. The list's row is locked before its items are touched."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.cart.errors import CartMissing, SignInToShare, UnknownProduct, WishListFull
from storefront.cart.models import MOST_WISHES, Wish, WishList
from storefront.cart.queries.wishes import list_of, wishable_name
from storefront.cart.services.lines import AddedLine, add_line
from storefront.catalog.models import Product
from storefront.core.db import session, transaction, write
from storefront.core.identity import Identity
from storefront.core.ids import new_id, new_secret


@dataclass(frozen=True, slots=True)
class Wished:
    """A product whose place on the list was just changed."""

    product_id: uuid.UUID
    name: str
    is_wished: bool


def wish(identity: Identity, product_id: uuid.UUID) -> Wished:
    """Put a product, or a variant in place of its product, on this person's wish list. Twice is once.

    Raises :class:`UnknownProduct`, :class:`WishListFull`, and :class:`CartMissing` for somebody without a session.
    """
    with transaction():
        found = wishable_name(product_id)
        if found is None:
            raise UnknownProduct(str(product_id))
        list_id = _open_list(identity)
        # Who has chosen a colour does not want the undecided product beside it.
        write(sa.delete(Wish).where(Wish.wish_list_id == list_id, Wish.product_id == found.parent_id))
        others = sa.and_(Wish.wish_list_id == list_id, Wish.product_id != product_id)
        if (session().scalar(sa.select(sa.func.count()).where(others)) or 0) >= MOST_WISHES:
            raise WishListFull(MOST_WISHES)
        session().execute(
            insert(Wish)
            .values(id=new_id(), wish_list_id=list_id, product_id=product_id)
            .on_conflict_do_nothing(index_elements=[Wish.wish_list_id, Wish.product_id])
        )
    return Wished(product_id, found.name, is_wished=True)


def unwish(identity: Identity, product_id: uuid.UUID) -> Wished:
    """Take a product off the list; of one that comes in variants, all of them. What is not there is no mistake."""
    with transaction():
        name = session().scalar(sa.select(Product.name).where(Product.id == product_id))
        _take_off(identity, product_id)
    return Wished(product_id, name or "", is_wished=False)


def move_to_cart(identity: Identity, product_id: uuid.UUID) -> AddedLine:
    """Put one unit of a wish into the cart and take it off the list.

    Raises what :func:`add_line` raises; the wish then stays.
    """
    with transaction():
        added = add_line(identity, product_id)
        _take_off(identity, product_id)
    return added


def share(identity: Identity) -> str:
    """The token of the link that shows this person's list to whoever has it; the same one until it is revoked.

    Raises :class:`SignInToShare` for a guest: their list ends with their session, and the link would with it.
    """
    if identity.user_id is None:
        raise SignInToShare
    with transaction():
        list_id = _open_list(identity)
        write(
            sa.update(WishList)
            .where(WishList.id == list_id, WishList.share_token.is_(None))
            .values(share_token=new_secret())
        )
        return session().scalars(sa.select(WishList.share_token).where(WishList.id == list_id)).one() or ""


def stop_sharing(identity: Identity) -> None:
    """Revoke the link. One that is made afterwards is another one."""
    with transaction():
        write(sa.update(WishList).where(list_of(identity)).values(share_token=None))


def merge_wishes(from_session_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """At sign-in: the guest's wishes join the user's, as far as the list has room; returns how many were new."""
    guest = list_of(Identity(session_id=from_session_id))
    with transaction():
        source = session().scalar(sa.select(WishList.id).where(guest).with_for_update())
        if source is None:
            return 0
        target = _open_list(Identity(user_id=user_id))
        has = sa.select(sa.func.count()).select_from(Wish).where(Wish.wish_list_id == target)
        there = sa.select(Wish.product_id).where(Wish.wish_list_id == target)
        moved = insert(Wish).from_select(
            ["id", "wish_list_id", "product_id", "created_at"],
            sa.select(sa.func.gen_random_uuid(), sa.literal(target), Wish.product_id, Wish.created_at)
            .where(Wish.wish_list_id == source, Wish.product_id.not_in(there))
            .order_by(Wish.created_at.desc())
            .limit(max(0, MOST_WISHES - (session().scalar(has) or 0))),
        )
        new = session().scalars(moved.returning(Wish.id)).all()
        write(sa.delete(WishList).where(WishList.id == source))
        return len(new)


def _take_off(identity: Identity, product_id: uuid.UUID) -> None:
    own = sa.select(WishList.id).where(list_of(identity))
    variants = sa.select(Product.id).where(Product.parent_id == product_id)
    write(
        sa.delete(Wish).where(
            Wish.wish_list_id.in_(own), sa.or_(Wish.product_id == product_id, Wish.product_id.in_(variants))
        )
    )


def _open_list(identity: Identity) -> uuid.UUID:
    """The id of this person's list, made where there is none; its row is locked, new or found."""
    if identity.user_id is None and identity.session_id is None:
        raise CartMissing
    of_user = identity.user_id is not None
    owner = WishList.user_id if of_user else WishList.session_id
    made = insert(WishList).values({"id": new_id(), owner.key: identity.user_id or identity.session_id})
    statement = made.on_conflict_do_update(index_elements=[owner], set_={"updated_at": sa.func.now()})
    return session().scalars(statement.returning(WishList.id)).one()
