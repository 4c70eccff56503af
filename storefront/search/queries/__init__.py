"""Finding: one listing for categories and search, suggestions while typing, a ranked list for programs.

- ``request``: what somebody asks for, made sensible
- ``matching``: how a text is understood (operators, half words, typing mistakes)
- ``facets``: the counts beside the list and the price ranges, in one statement
- ``listing``: the page of products
- ``suggest``: the box under the search field
- ``synonyms``: what staff say words mean
"""

from __future__ import annotations

from storefront.search.queries.facets import Facet, FacetOption
from storefront.search.queries.listing import (
    AppliedFilter,
    ListingPage,
    RankedProduct,
    popular_products,
    ranked_products,
    search_listing,
)
from storefront.search.queries.request import SORTS, ListingRequest, clean_text
from storefront.search.queries.suggest import BrandSuggestion, CategorySuggestion, Suggestions, suggest
from storefront.search.queries.synonyms import forget_synonyms, synonyms

__all__ = [
    "SORTS",
    "AppliedFilter",
    "BrandSuggestion",
    "CategorySuggestion",
    "Facet",
    "FacetOption",
    "ListingPage",
    "ListingRequest",
    "RankedProduct",
    "Suggestions",
    "clean_text",
    "forget_synonyms",
    "popular_products",
    "ranked_products",
    "search_listing",
    "suggest",
    "synonyms",
]
