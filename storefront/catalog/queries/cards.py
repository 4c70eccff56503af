"""Product cards: what every list in the shop shows of a product, read from ``product_search``.

The read model's class belongs to ``search``, a layer above; its columns are named here, because a card is
the catalog's own answer and lists of all kinds (search, related, home, assistant) show the same one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from storefront.core.cache import CacheKind, remembered_each
from storefront.core.clock import now
from storefront.core.statements import rows

listed = sa.table(
    "product_search",
    sa.column("product_id", sa.Uuid()),
    sa.column("slug", sa.Text()),
    sa.column("name", sa.Text()),
    sa.column("sku", sa.Text()),
    sa.column("brand_name", sa.Text()),
    sa.column("category_id", sa.Uuid()),
    sa.column("category_path", ARRAY(sa.Uuid())),
    sa.column("currency", sa.Text()),
    sa.column("price_min", sa.Numeric(12, 2)),
    sa.column("price_max", sa.Numeric(12, 2)),
    sa.column("compare_at_price", sa.Numeric(12, 2)),
    sa.column("rating_average", sa.Numeric(3, 2)),
    sa.column("rating_count", sa.Integer()),
    sa.column("available", sa.Boolean()),
    sa.column("has_variants", sa.Boolean()),
    sa.column("is_featured", sa.Boolean()),
    sa.column("tags", ARRAY(sa.Text())),
    sa.column("image", JSONB()),
    sa.column("standing", sa.Float()),
    sa.column("published_at", sa.TIMESTAMP(timezone=True)),
    sa.column("updated_at", sa.TIMESTAMP(timezone=True)),
)
"""The listing's read model, one row per parent or single product, written by triggers only.

``standing`` is the recommended order: what is in stock first, then what is featured, sold and well rated.
"""

in_category = sa.table(
    "category_listing",
    sa.column("category_id", sa.Uuid()),
    sa.column("standing", sa.Float()),
    sa.column("product_id", sa.Uuid()),
)
"""Each category's products, those of the categories below it too, in the recommended order (an index is the order)."""

CARD_COLUMNS: tuple[Any, ...] = (
    listed.c.product_id,
    listed.c.slug,
    listed.c.name,
    listed.c.sku,
    listed.c.brand_name,
    listed.c.price_min,
    listed.c.price_max,
    listed.c.compare_at_price,
    listed.c.currency,
    listed.c.image,
    listed.c.rating_average,
    listed.c.rating_count,
    listed.c.available,
    listed.c.has_variants,
)
"""What a statement over ``product_search`` selects to build cards."""


class Image(msgspec.Struct, frozen=True):
    """A stored picture: its storage key, what it shows, and its largest size in pixels."""

    key: str
    alt: str
    width: int
    height: int


class ProductCard(msgspec.Struct, frozen=True):
    """A product in a list. Prices span the living variants; ``rating`` is None before the first review."""

    id: uuid.UUID
    slug: str
    name: str
    sku: str
    brand: str | None
    price_from: Decimal
    price_to: Decimal
    compare_at_price: Decimal | None
    currency: str
    image: Image | None
    rating: Decimal | None
    review_count: int
    in_stock: bool
    has_variants: bool


def image_from(stored: Mapping[str, Any] | None, name: str) -> Image | None:
    """An image as stored in jsonb; the product's ``name`` stands in where it has no description."""
    if not stored or not stored.get("key"):
        return None
    width, height = int(stored.get("width") or 0), int(stored.get("height") or 0)
    return Image(str(stored["key"]), str(stored.get("alt") or name), width or 1440, height or 1440)


def card_from(row: Any) -> ProductCard:
    """The card of a row of :data:`CARD_COLUMNS`."""
    return ProductCard(
        id=row.product_id,
        slug=row.slug,
        name=row.name,
        sku=row.sku,
        brand=row.brand_name,
        price_from=row.price_min,
        price_to=row.price_max,
        compare_at_price=row.compare_at_price,
        currency=row.currency,
        image=image_from(row.image, row.name),
        rating=row.rating_average if row.rating_count else None,
        review_count=row.rating_count,
        in_stock=row.available,
        has_variants=row.has_variants,
    )


def visible() -> sa.ColumnElement[bool]:
    """Rows whose day of publication has come when the statement runs; triggers keep unlisted products out."""
    moment = sa.bindparam("moment", callable_=now, type_=sa.TIMESTAMP(timezone=True), unique=True)
    return listed.c.published_at <= moment


def product_cards(ids: Sequence[uuid.UUID]) -> list[ProductCard]:
    """The cards of the products ``ids`` in that order; unknown and unlisted ones are left out. One statement."""
    keys = [str(product_id) for product_id in dict.fromkeys(ids)]
    cards = remembered_each(CacheKind.PRODUCT_CARD, keys, ProductCard, _cards, tags=_card_tags)
    return [cards[key] for key in keys if key in cards]


def _cards(keys: list[str]) -> dict[str, ProductCard]:
    wanted = [uuid.UUID(key) for key in keys]
    found = rows(_cards_statement(), {"product_ids": wanted})
    return {str(row.product_id): card_from(row) for row in found}


@cache
def _cards_statement() -> sa.Select[Any]:
    wanted = sa.bindparam("product_ids", type_=ARRAY(sa.Uuid()))
    return sa.select(*CARD_COLUMNS).where(listed.c.product_id == sa.any_(wanted), visible())


def _card_tags(key: str) -> tuple[str, str]:
    return ("catalog", f"product:{key}")
