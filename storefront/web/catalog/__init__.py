"""Browsing and finding: home, categories, search, suggestions, product pages and their reviews."""

from storefront.web.catalog import products, reviews, views
from storefront.web.catalog.area import blueprint

__all__ = ["blueprint", "products", "reviews", "views"]
