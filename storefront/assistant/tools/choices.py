"""Ordinary words for colours and sizes, matched to the values that the products really come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.search.queries import Facet, FacetOption

_COLOUR_NAMES = frozenset({"colour", "color"})

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


@dataclass(frozen=True, slots=True)
class Choice:
    """Values of one facet, an ``option`` or a ``specification``."""

    kind: str
    name: str
    values: tuple[str, ...]


def colour_choice(facets: Sequence[Facet], wanted: str) -> Choice | None:
    """What ``wanted`` means among ``facets``: values of an option, else of the specification that most have it in."""
    word = wanted.strip().lower()
    family = COLOUR_FAMILIES.get(SPELLINGS.get(word, word), frozenset()) | {word}

    def fit(facet: Facet) -> list[FacetOption]:
        return [one for one in facet.options if family & set(one.value.lower().split())]

    named = [(facet, fit(facet)) for facet in facets if _is_colour(facet)]
    found = [(facet, values) for facet, values in named if values]
    if not found:
        return None
    facet, values = max(
        found, key=lambda one: (one[0].kind == "option", sum(value.count for value in one[1]))
    )
    return Choice(facet.kind, facet.name, tuple(one.value for one in values))


def size_choice(facets: Sequence[Facet], wanted: str) -> Choice | None:
    """The option that has the value ``wanted`` (``M``, ``43``), whatever the shop calls it; None where none has."""
    word = wanted.strip().lower()
    for facet in facets:
        if facet.kind == "option" and not _is_colour(facet):
            values = tuple(one.value for one in facet.options if one.value.lower() == word)
            if values:
                return Choice(facet.kind, facet.name, values)
    return None


def _is_colour(facet: Facet) -> bool:
    """Options are called "Colour", specifications also "Product colour" or "Cable colour"."""
    name = facet.name.lower()
    if facet.kind == "specification":
        name = name.rpartition(" ")[2]
    return facet.kind in ("option", "specification") and name in _COLOUR_NAMES
