"""The cart, through the same services as the cart's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from storefront.assistant.events import CartChanged, Choice
from storefront.assistant.tools.codes import gift_card_in, reason_of, reductions_of
from storefront.assistant.tools.registry import Outcome, ToolContext
from storefront.assistant.tools.shop import TOOLS, amount
from storefront.cart import queries as carts
from storefront.cart import services
from storefront.cart.errors import ChooseVariant, UnknownProduct
from storefront.catalog.queries import Variant, product_page

_LONGEST_CHOICE = 12

Sku = Annotated[str, Field(max_length=100, description="The SKU of a product or variant.")]


@TOOLS.tool("Looking into your cart")
def view_cart(context: ToolContext) -> Outcome:
    """What lies in the shopper's cart, with prices, discounts, code and gift card, all before shipping."""
    view = carts.reduced_cart(context.identity)
    data = {
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "options": dict(line.options),
                "quantity": line.quantity,
                "unit_price": amount(line.unit_price, view.snapshot.currency),
            }
            for line in view.snapshot.lines
        ],
        **reductions_of(view),
        "code": view.coupon or None,
        "why_the_code_takes_off_nothing": reason_of(context, view) or None,
        "gift_card": gift_card_in(view),
        "no_longer_sold": [line.name for line in view.gone],
    }
    return Outcome(data, "Your cart is empty" if view.is_empty else f"{view.quantity} in your cart")


@TOOLS.tool("Putting it into your cart")
def add_to_cart(
    context: ToolContext,
    sku: Sku,
    quantity: Annotated[int, Field(ge=1, le=99)] = 1,
) -> Outcome:
    """Put a product into the shopper's cart. Only when the shopper asked for it.

    A product that comes in variants is not added: the shopper is asked which one.
    """
    try:
        added = services.add_by_sku(context.identity, sku, quantity)
    except ChooseVariant as choice:
        return _ask_which(choice)
    data = {"added": added.name, "sku": added.sku, "quantity_in_cart": added.quantity}
    return Outcome(data, f"{added.name} is in your cart", (_changed(context),))


@TOOLS.tool("Changing the quantity")
def set_cart_quantity(
    context: ToolContext, sku: Sku, quantity: Annotated[int, Field(ge=1, le=99)]
) -> Outcome:
    """Change how many units of a product lie in the cart."""
    line = _line(context, sku)
    changed = services.set_quantity(context.identity, line.product_id, quantity)
    return Outcome(
        {"sku": changed.sku, "quantity_in_cart": quantity},
        f"{changed.name}: {quantity}",
        (_changed(context),),
    )


@TOOLS.tool("Taking it out of your cart")
def remove_from_cart(context: ToolContext, sku: Sku) -> Outcome:
    """Take a product out of the cart."""
    line = _line(context, sku)
    services.remove_line(context.identity, line.product_id)
    return Outcome({"removed": line.sku}, f"{line.name} is out of your cart", (_changed(context),))


def _line(context: ToolContext, sku: str) -> Any:
    view = carts.cart_view(context.identity)
    for line in (*view.snapshot.lines, *view.gone):
        if line.sku.lower() == sku.strip().lower():
            return line
    raise UnknownProduct(sku)


def _changed(context: ToolContext) -> CartChanged:
    return CartChanged(carts.cart_quantity(context.identity))


def _ask_which(choice: ChooseVariant) -> Outcome:
    page = product_page(choice.slug)
    variants = [variant for variant in page.variants if variant.in_stock] if page else []
    options = [
        {"label": described(variant.options), "message": f"Add {variant.sku} to my cart"}
        for variant in variants[:_LONGEST_CHOICE]
    ]
    data = {
        "error": "choose_variant",
        "message": f"{choice.name} comes in variants. Ask the shopper which one.",
        "variants": [_variant(variant) for variant in variants],
        "page": f"/p/{choice.slug}",
    }
    question = f"Which {choice.name} would you like?"
    events = (Choice(question, options),) if options else ()
    return Outcome(data, "It comes in several variants" if options else "It is sold out", events, ok=False)


def _variant(variant: Variant) -> dict[str, Any]:
    return {"sku": variant.sku, "options": dict(variant.options), "available": variant.available}


def described(options: Mapping[str, str]) -> str:
    """Options in words: ``Night, M``."""
    return ", ".join(str(value) for value in options.values())
