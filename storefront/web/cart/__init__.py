"""Pages of the area: see ``views``."""

from storefront.web.cart.views import blueprint

__all__ = ["blueprint"]
