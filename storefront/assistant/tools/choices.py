"""Ordinary words for colours and sizes, matched to the values that the products really come in."""

from __future__ import annotations

from collections.abc import Sequence

from storefront.search.queries import Facet

COLOUR_OPTIONS = frozenset({"colour", "color"})

COLOUR_FAMILIES: dict[str, frozenset[str]] = {
    "blue": frozenset({"night", "glacier", "navy", "azure", "sky", "indigo", "cobalt", "ocean", "teal"}),
    "green": frozenset({"fir", "moss", "olive", "forest", "sage", "mint", "lime", "pine"}),
    "red": frozenset({"berry", "crimson", "ruby", "scarlet", "burgundy", "wine"}),
    "pink": frozenset({"berry", "rose", "fuchsia", "coral", "magenta"}),
    "purple": frozenset({"berry", "plum", "violet", "lilac", "lavender", "mauve"}),
    "orange": frozenset({"ember", "rust", "tangerine", "terracotta"}),
    "yellow": frozenset({"ochre", "mustard", "lemon", "gold", "sun"}),
    "brown": frozenset({"ochre", "tan", "chocolate", "chestnut", "bark", "coffee"}),
    "beige": frozenset({"sand", "cream", "khaki", "stone", "oat"}),
    "grey": frozenset({"slate", "charcoal", "ash", "silver", "graphite", "stone"}),
    "black": frozenset({"charcoal", "coal", "jet", "onyx"}),
    "white": frozenset({"snow", "ivory", "cream", "chalk"}),
}
"""What a shopper's word may mean among makers' names for colours."""

SPELLINGS = {"gray": "grey", "navy": "blue", "turquoise": "blue", "violet": "purple", "crimson": "red"}
COLOUR_WORDS = frozenset(COLOUR_FAMILIES) | frozenset(SPELLINGS)


def colour_values(facets: Sequence[Facet], wanted: str) -> dict[str, tuple[str, ...]]:
    """The option and its values that ``wanted`` means among ``facets``; empty where none fits."""
    word = wanted.strip().lower()
    family = COLOUR_FAMILIES.get(SPELLINGS.get(word, word), frozenset()) | {word}
    for facet in _options(facets):
        if facet.name.lower() in COLOUR_OPTIONS:
            values = [one.value for one in facet.options if family & set(one.value.lower().split())]
            if values:
                return {facet.name: tuple(values)}
    return {}


def size_values(facets: Sequence[Facet], wanted: str) -> dict[str, tuple[str, ...]]:
    """The option that has the value ``wanted`` (``M``, ``43``), whatever the shop calls it; empty where none has."""
    word = wanted.strip().lower()
    for facet in _options(facets):
        if facet.name.lower() not in COLOUR_OPTIONS:
            values = [one.value for one in facet.options if one.value.lower() == word]
            if values:
                return {facet.name: tuple(values)}
    return {}


def _options(facets: Sequence[Facet]) -> list[Facet]:
    return [facet for facet in facets if facet.kind == "option"]
