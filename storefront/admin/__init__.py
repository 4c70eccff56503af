"""Staff pages, one module per noun."""

from storefront.admin import (
    conversations,
    dashboard,
    orders,
    products,
    promotions,
    refunds,
    returns,
    searches,
    stock,
    synonyms,
)
from storefront.admin.area import blueprint

__all__ = [
    "blueprint",
    "conversations",
    "dashboard",
    "orders",
    "products",
    "promotions",
    "refunds",
    "returns",
    "searches",
    "stock",
    "synonyms",
]
