"""Pages of the area: see ``views``."""

from storefront.web.account.views import blueprint

__all__ = ["blueprint"]
