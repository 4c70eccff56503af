"""Pages of the area: see ``views``."""

from storefront.web.wishes.views import blueprint

__all__ = ["blueprint"]
