"""Pages of the area: see ``views``."""

from storefront.web.catalog.views import blueprint

__all__ = ["blueprint"]
