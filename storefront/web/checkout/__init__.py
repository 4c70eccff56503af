"""Pages of the area: see ``views``."""

from storefront.web.checkout.views import blueprint

__all__ = ["blueprint"]
