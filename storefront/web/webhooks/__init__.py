"""Where providers tell us what happened."""

from storefront.web.webhooks.views import blueprint

__all__ = ["blueprint"]
