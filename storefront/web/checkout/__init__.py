"""Checkout and order pages: the form in ``views``, the card in ``paying``, what comes after it in the others."""

from storefront.web.checkout import changes, exchanges, orders, paying, returns, views
from storefront.web.checkout.area import blueprint

__all__ = ["blueprint", "changes", "exchanges", "orders", "paying", "returns", "views"]
