"""The codes in a cart: a coupon that takes something off, a gift card that pays."""

from __future__ import annotations

import uuid
from dataclasses import replace

import sqlalchemy as sa

from storefront.cart.models import Cart
from storefront.cart.queries import CartView, cart_view
from storefront.cart.services.opening import lock_cart_row
from storefront.core.db import session, transaction, write
from storefront.core.identity import Identity
from storefront.core.settings import current_settings
from storefront.promotions.errors import CouponRefused, UnknownGiftCard
from storefront.promotions.queries import (
    Customer,
    GiftCardState,
    gift_card_id_of,
    gift_card_of,
    normal_code,
    reductions_for,
)
from storefront.promotions.reasons import MAY_PASS, UnknownCode


def enter_coupon(identity: Identity, raw: str) -> CartView:
    """Keep a code in this person's cart, in place of an earlier one; returns the cart with what it takes off.

    A code that another cart would make apply is kept, too, with its reason. Raises :class:`CouponRefused` for any
    other that does not apply; the cart is then as it was.
    """
    code = normal_code(raw)
    with transaction():
        cart_id = lock_cart_row(identity)
        if not code or cart_id is None:
            raise CouponRefused(raw.strip()[:60], UnknownCode(), current_settings().shop_currency)
        # First, since the shopper's login sees the promotion of its own cart's code and no other.
        _change(cart_id, coupon=code)
        view = cart_view(identity)
        reductions = reductions_for(view.snapshot, Customer(identity.user_id), code, cart_id)
        refused = reductions.refused_code
        if refused is not None and not isinstance(refused.reason, MAY_PASS):
            raise CouponRefused(code, refused.reason, view.snapshot.currency)
    return replace(view, coupon=code, reductions=reductions)


def remove_coupon(identity: Identity) -> None:
    """Forget the cart's code."""
    with transaction():
        cart_id = lock_cart_row(identity)
        if cart_id is not None:
            _change(cart_id, coupon=None)


def enter_gift_card(identity: Identity, raw: str) -> GiftCardState:
    """Let this person's cart be paid with a gift card; returns the card. Only its id is kept, never its code.

    Raises :class:`UnknownGiftCard`, also for an empty, blocked or expired one, and for one of another currency.
    """
    with transaction():
        cart_id, card_id = lock_cart_row(identity), gift_card_id_of(raw)
        if card_id is None or cart_id is None:
            raise UnknownGiftCard
        _change(cart_id, gift_card_id=card_id)  # first, as above
        card = gift_card_of(card_id, cart_id)
        if card is None or card.currency != current_settings().shop_currency:
            raise UnknownGiftCard
    return card


def remove_gift_card(identity: Identity) -> None:
    """Let the cart be paid without a gift card."""
    with transaction():
        cart_id = lock_cart_row(identity)
        if cart_id is not None:
            _change(cart_id, gift_card_id=None)


def take_over_codes(source: uuid.UUID, target: uuid.UUID | None) -> None:
    """At sign-in the guest's codes come along; where both carts have one, the guest's is the newer wish."""
    guest = session().execute(sa.select(Cart.coupon, Cart.gift_card_id).where(Cart.id == source)).one()
    kept = {name: value for name, value in guest._mapping.items() if value is not None}
    if kept and target is not None:
        _change(target, **kept)


def _change(cart_id: uuid.UUID, **values: object) -> None:
    write(sa.update(Cart).where(Cart.id == cart_id).values(**values))
