"""Staff pages, one module per noun."""

from storefront.admin import (
    conversations,
    dashboard,
    fulfilment,
    order_changes,
    orders,
    products,
    promotions,
    searches,
    stock,
    synonyms,
)
from storefront.admin.area import blueprint

__all__ = [
    "blueprint",
    "conversations",
    "dashboard",
    "fulfilment",
    "order_changes",
    "orders",
    "products",
    "promotions",
    "searches",
    "stock",
    "synonyms",
]
