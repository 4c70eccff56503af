"""Pages of the area: the talk, sending to it, and the stream of an answer."""

from storefront.web.chat import messages, streaming, views
from storefront.web.chat.area import blueprint

__all__ = ["blueprint", "messages", "streaming", "views"]
