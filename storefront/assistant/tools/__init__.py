"""What the assistant can do. Importing this package fills the one registry."""

from storefront.assistant.tools import codes, orders, people, policies, products, shopping
from storefront.assistant.tools.shop import TOOLS

__all__ = ["TOOLS", "codes", "orders", "people", "policies", "products", "shopping"]
