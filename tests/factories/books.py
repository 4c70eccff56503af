"""Another shop's books, small: a shirt in two variants, one customer with three ways to pay, and their orders."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from storefront.journeys.orders_import import Books, BooksReport, import_books

ADDRESS = {
    "address1": "986 Sunset Drive",
    "address2": "Suite 259",
    "city": "Denver",
    "country": "USA",
    "state": "CO",
    "zip": "80279",
}
SHIRT = {
    "name": "T-Shirt",
    "product_id": "952",
    "variants": {
        "961": {
            "item_id": "961",
            "options": {"color": "blue", "size": "M"},
            "available": True,
            "price": 50.88,
        },
        "812": {
            "item_id": "812",
            "options": {"color": "red", "size": "XL"},
            "available": False,
            "price": 49.6,
        },
    },
}
NOAH = {
    "name": {"first_name": "Noah", "last_name": "Brown"},
    "address": ADDRESS,
    "email": "Noah.Brown@example.com",
    "payment_methods": {
        "paypal_1": {"source": "paypal", "id": "paypal_1"},
        "credit_card_2": {
            "source": "credit_card", "brand": "visa", "last_four": "0212", "id": "credit_card_2",
        },
        "gift_card_3": {"source": "gift_card", "balance": 60, "id": "gift_card_3"},
    },
    "orders": ["#W200", "#W100"],
}  # fmt: skip


def order(number: str, status: str = "pending", *skus: str, **values: Any) -> dict[str, Any]:
    """An order of Noah's, paid by card (and given back where it is cancelled); the blue shirt unless said."""
    items = [
        {
            "name": "T-Shirt",
            "product_id": "952",
            "item_id": sku,
            "price": SHIRT["variants"][sku]["price"],  # type: ignore[index]
            "options": SHIRT["variants"][sku]["options"],  # type: ignore[index]
        }
        for sku in skus or ("961",)
    ]
    total = float(sum(Decimal(str(item["price"])) for item in items))
    paid = {"transaction_type": "payment", "amount": total, "payment_method_id": "credit_card_2"}
    sent = [{"tracking_id": [f"T{number[1:]}"], "item_ids": [item["item_id"] for item in items]}]
    return {
        "order_id": number,
        "user_id": "noah_brown_1",
        "address": ADDRESS,
        "items": items,
        "fulfillments": [] if status == "pending" else sent,
        "status": status,
        "payment_history": [paid, {**paid, "transaction_type": "refund"}]
        if status == "cancelled"
        else [paid],
        **values,
    }


def books() -> dict[str, dict[str, Any]]:
    """Fresh books, to be changed at will: an order on its way to nobody yet, and one that arrived."""
    content = {
        "products": {"952": SHIRT},
        "users": {"noah_brown_1": NOAH},
        "orders": {"#W100": order("#W100"), "#W200": order("#W200", "delivered", "961", "812", "961")},
    }
    fresh: dict[str, dict[str, Any]] = json.loads(json.dumps(content))  # a deep copy would share the address
    return fresh


def written(folder: Path, content: dict[str, dict[str, Any]]) -> Path:
    """The books as files in ``folder``."""
    for name, records in content.items():
        (folder / f"{name}.json").write_text(json.dumps(records))
    return folder


def imported(folder: Path, content: dict[str, dict[str, Any]] | None = None, **options: Any) -> BooksReport:
    """What the import of ``content`` (or the small books) reports."""
    return import_books(Books.in_folder(written(folder, content or books())), **options)
