"""Pages of the area: see ``views``."""

from storefront.web.pages.views import blueprint

__all__ = ["blueprint"]
