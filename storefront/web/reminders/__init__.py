"""Pages of the area: see ``views``."""

from storefront.web.reminders.views import blueprint

__all__ = ["blueprint"]
