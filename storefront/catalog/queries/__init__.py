"""Reads of the catalog: frozen read models, each page in a bounded number of statements.

- ``tree``: the category tree, kept in the process for a short time
- ``cards``: what a listing shows of a product
- ``product``: everything a product page shows of a product and its variants
- ``choice``: which variant is chosen, what is missing, what is left
- ``home``: the lists of the first page
"""

from __future__ import annotations

from storefront.catalog.queries.cards import (
    CARD_COLUMNS,
    Image,
    ProductCard,
    card_from,
    image_from,
    listed,
    product_cards,
    visible,
)
from storefront.catalog.queries.choice import OptionAxis, OptionValue, Selection, Variant
from storefront.catalog.queries.home import CategoryTile, Feature, HomePage, home_page
from storefront.catalog.queries.product import ProductPage, product_page
from storefront.catalog.queries.related import related_products
from storefront.catalog.queries.sitemap import SitemapEntry, sitemap_entries, sitemap_portions
from storefront.catalog.queries.tree import (
    Breadcrumb,
    CategoryNode,
    CategoryPage,
    category_by_id,
    category_by_slug,
    category_tree,
    forget_category_tree,
)

__all__ = [
    "CARD_COLUMNS",
    "Breadcrumb",
    "CategoryNode",
    "CategoryPage",
    "CategoryTile",
    "Feature",
    "HomePage",
    "Image",
    "OptionAxis",
    "OptionValue",
    "ProductCard",
    "ProductPage",
    "Selection",
    "SitemapEntry",
    "Variant",
    "card_from",
    "category_by_id",
    "category_by_slug",
    "category_tree",
    "forget_category_tree",
    "home_page",
    "image_from",
    "listed",
    "product_cards",
    "product_page",
    "related_products",
    "sitemap_entries",
    "sitemap_portions",
    "visible",
]
