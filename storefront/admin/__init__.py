"""Staff pages, one module per noun."""

from storefront.admin import (
    conversations,
    dashboard,
    fulfilment,
    order_changes,
    orders,
    plans,
    products,
    promotions,
    refunds,
    returns,
    searches,
    stock,
    synonyms,
    tax_report,
)
from storefront.admin.area import blueprint

__all__ = [
    "blueprint",
    "conversations",
    "dashboard",
    "fulfilment",
    "order_changes",
    "orders",
    "plans",
    "products",
    "promotions",
    "refunds",
    "returns",
    "searches",
    "stock",
    "synonyms",
    "tax_report",
]
