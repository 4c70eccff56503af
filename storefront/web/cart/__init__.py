"""The cart (``views``) and what is saved for later (``saved``)."""

from storefront.web.cart import saved
from storefront.web.cart.views import blueprint

__all__ = ["blueprint", "saved"]
