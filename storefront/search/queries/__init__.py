"""Finding: one listing for categories and search, suggestions while typing, a ranked list for programs.

- ``request``: what somebody asks for, made sensible
- ``reading``, ``measures``: what a text says by itself; ``narrowing``: the filters that it names
- ``guesses``: colours, sizes and measures that it may name; ``holding``: whether it does
- ``words``, ``synonyms``, ``understanding``: its words beside the shop's vocabulary and what staff taught
- ``meaning``, ``neighbours``: what it is like
- ``engine``: what finds; ``postgresql`` does by ``filters``, ``text_search``, ``ranking``,
  ``answer_statement``, ``list_statement``
- ``facets``, ``price_ranges``: the engine's counts as ways to narrow a list
- ``listing``: the page of products
- ``suggest``: the box under the search field
"""

from __future__ import annotations

from storefront.search.queries.facet_numbers import forget_facet_numbers
from storefront.search.queries.facets import Facet, FacetOption
from storefront.search.queries.listing import (
    AppliedFilter,
    ListingPage,
    RankedProduct,
    popular_products,
    ranked_products,
    search_listing,
)
from storefront.search.queries.meaning import forget_meanings
from storefront.search.queries.named_values import forget_named_values
from storefront.search.queries.neighbours import VECTORS
from storefront.search.queries.request import LONGEST_TEXT, SORTS, ListingRequest, clean_text
from storefront.search.queries.suggest import BrandSuggestion, CategorySuggestion, Suggestions, suggest
from storefront.search.queries.synonyms import forget_synonyms, synonyms

__all__ = [
    "LONGEST_TEXT",
    "SORTS",
    "VECTORS",
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
    "forget_what_is_kept",
    "popular_products",
    "ranked_products",
    "search_listing",
    "suggest",
    "synonyms",
]


def forget_what_is_kept() -> None:
    """Nothing of the catalog is at hand in this process any more: another database answers from now on."""
    forget_synonyms()
    forget_named_values()
    forget_facet_numbers()
    forget_meanings()
