"""Checkout and order pages: the form in ``views``, what comes after it in ``orders``."""

from storefront.web.checkout import orders, views
from storefront.web.checkout.area import blueprint

__all__ = ["blueprint", "orders", "views"]
