"""Pages of the area: see ``views``."""

from storefront.web.chat.views import blueprint

__all__ = ["blueprint"]
