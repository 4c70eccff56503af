"""Checkout and order pages: the form in ``views``, the card in ``paying``; ``orders`` and ``changes`` come after it."""

from storefront.web.checkout import changes, orders, paying, views
from storefront.web.checkout.area import blueprint

__all__ = ["blueprint", "changes", "orders", "paying", "views"]
