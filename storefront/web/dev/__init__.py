"""Pages for developers, registered only outside production."""

from storefront.web.dev.views import blueprint

__all__ = ["blueprint"]
