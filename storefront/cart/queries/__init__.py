"""Reads of carts: the visitor with the badge in one statement, the whole cart in another.

- ``visitor``: whose session it is, with the badge and the wishes
- ``open_cart``: the cart with today's prices and stock
- ``saved``: what is saved for later
- ``wishes``: wish lists
- ``lines``: what all of these read of a product
"""

from __future__ import annotations

from storefront.cart.queries.open_cart import (
    CartView,
    LessStock,
    PriceChanged,
    ProductGone,
    cart_quantity,
    cart_view,
    owned_by,
    owner_of_open_cart,
    reduced_cart,
)
from storefront.cart.queries.visitor import VisitorRow, visitor

__all__ = [
    "CartView",
    "LessStock",
    "PriceChanged",
    "ProductGone",
    "VisitorRow",
    "cart_quantity",
    "cart_view",
    "owned_by",
    "owner_of_open_cart",
    "reduced_cart",
    "visitor",
]
