"""Discount codes and gift cards in the cart, through the same services as the cart's and the checkout's pages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from storefront.assistant.events import CartChanged
from storefront.assistant.hiding import hide_in_conversation, hint_of, may_be_gift_card
from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.assistant.tools.shop import TOOLS, amount
from storefront.cart import queries as carts
from storefront.cart import services
from storefront.cart.queries import CartView
from storefront.core.settings import current_settings
from storefront.core.tries import may_try
from storefront.promotions.errors import CouponRefused, UnknownGiftCard
from storefront.promotions.queries import GiftCardState, gift_card_id_of, gift_card_of
from storefront.promotions.reasons import UnknownCode

_EMPTY = "Your cart is empty. Put something into it first, then I can use your code."
_TRIES_IN_A_TURN = 2
_SHORTEST_SECRET = 8
_TOO_MANY = "These were many codes in a short time. Please wait a little before you try another one."


@TOOLS.tool("Trying the code", secrets=("code",))
def use_code(
    context: ToolContext,
    code: Annotated[
        str,
        Field(min_length=1, max_length=60, description="The code as the shopper wrote it; never a guess."),
    ],
) -> Outcome:
    """Use a discount code or a gift card's code in the shopper's cart. Only one that the shopper has named.

    A cart has one discount code and one gift card; a new one takes the place of the one before. `applies` false with
    a `reason` means that the code is kept in the cart and counts once the reason is gone.
    """
    if not _may_try(context):
        if len(code) >= _SHORTEST_SECRET:
            _hide(context, code)  # without asking whether it is a card: nobody learns that by trying either
        return Outcome({"error": "too_many_tries", "message": _TOO_MANY}, _TOO_MANY, ok=False)
    is_card = may_be_gift_card(code) or gift_card_id_of(code) is not None
    if not carts.cart_quantity(context.identity):
        if is_card:
            _hide(context, code)
        return Outcome({"error": "empty_cart", "message": _EMPTY}, _EMPTY, ok=False)
    try:
        view = services.enter_coupon(context.identity, code)
    except CouponRefused as refusal:
        if not isinstance(refusal.reason, UnknownCode):
            raise
        return _use_gift_card(context, code, None if is_card else refusal)
    reason = reason_of(context, view)
    data = {"code": view.coupon, "applies": not reason, "reason": reason, **reductions_of(view)}
    return Outcome(data, reason or f"The code {view.coupon} applies", (_changed(context),))


def _may_try(context: ToolContext) -> bool:
    """Count a try: for who tries, and for the network address, on the counter that the cart's page counts on.

    One turn has few: no model goes through a list.
    """
    context.calls["use_code"] += 1
    if context.calls["use_code"] > _TRIES_IN_A_TURN:
        return False
    who = str(context.identity.user_id or context.identity.session_id)
    limits = current_settings().rate_limit_lookup
    counted = [may_try("codes", one, limits) for one in (who, context.address) if one]
    return all(counted)


def _use_gift_card(context: ToolContext, code: str, refusal: CouponRefused | None) -> Outcome:
    """What is no discount code may be a gift card's; if it is neither, the shopper hears it of the code.

    A gift card's code is money: of it no more than the end stays in the conversation, and without a ``refusal`` to
    tell of, which repeats it, it is only said that no such card can be used.
    """
    if refusal is None:
        _hide(context, code)
    try:
        card = services.enter_gift_card(context.identity, code)
    except UnknownGiftCard as unknown:
        raise (refusal or unknown) from None
    summary = f"The gift card ending in {card.hint} will pay"
    return Outcome({"gift_card": facts_of_card(card)}, summary, (_changed(context),))


def _hide(context: ToolContext, code: str) -> None:
    hide_in_conversation(context.conversation_id, code, hint_of(code))


@TOOLS.tool("Taking the code out")
def remove_code(
    context: ToolContext,
    which: Annotated[
        Literal["discount", "gift_card", "both"], Field(description="What the cart is to do without.")
    ] = "discount",
) -> Outcome:
    """Take the discount code, or the gift card, out of the shopper's cart."""
    view = carts.cart_view(context.identity)
    removed: list[str] = []
    if which != "gift_card" and view.coupon:
        services.remove_coupon(context.identity)
        removed.append(view.coupon)
    if which != "discount" and view.gift_card_id is not None:
        services.remove_gift_card(context.identity)
        removed.append("gift card")
    if not removed:
        message = f"There is no {'gift card' if which == 'gift_card' else 'code'} in your cart."
        return Outcome({"error": "no_code", "message": message}, message, ok=False)
    after = carts.reduced_cart(context.identity)
    data = {"removed": removed, **reductions_of(after)}
    return Outcome(data, f"Removed: {', '.join(removed)}", (_changed(context),))


def reason_of(context: ToolContext, view: CartView) -> str:
    """Why the code in the cart takes off nothing, in words; empty where it does, or where there is none."""
    refused = view.reductions.refused_code
    if refused is None:
        return ""
    return context.explain(CouponRefused(refused.code, refused.reason, view.snapshot.currency))


def reductions_of(view: CartView) -> dict[str, Any]:
    """What the cart is reduced by, as a model reads it: before shipping, whose price depends on the address."""
    currency = view.snapshot.currency
    return {
        "subtotal": amount(view.subtotal, currency),
        "discounts": [
            {
                "name": one.name,
                "code": one.code or None,
                "amount": amount(one.amount, currency),
                "frees_shipping": one.frees_shipping,
            }
            for one in view.reductions.applied
        ],
        "after_discounts": amount(view.goods, currency),
    }


def gift_card_in(view: CartView) -> dict[str, Any] | None:
    """The card that is to pay the cart, as a model reads it; None where there is none, or it cannot pay any more."""
    card = gift_card_of(view.gift_card_id, view.cart_id)
    return facts_of_card(card) if card is not None else None


def facts_of_card(card: GiftCardState) -> dict[str, Any]:
    """The card's end and what it holds. It pays as much of the order's total as it can."""
    return {"ends_in": card.hint, "balance": amount(card.balance, card.currency)}


def _changed(context: ToolContext) -> CartChanged:
    return CartChanged(carts.cart_quantity(context.identity))
