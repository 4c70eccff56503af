"""What the shop says about itself, and what it says to search engines."""

from storefront.web.pages import language
from storefront.web.pages.views import blueprint

__all__ = ["blueprint", "language"]
