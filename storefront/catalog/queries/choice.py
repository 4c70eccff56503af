"""Choosing a variant: what is chosen so far, what is still missing, which values are left."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.catalog.queries.cards import Image

LOOK_AXES = frozenset({"colour", "color", "pattern", "finish"})
"""Options that change only the look: the page chooses the first one itself and shows it in the pictures."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be put into the cart: a variant, or the product itself when it has none.

    ``available`` is how many can be ordered now, on back-order included, ``on_shelf`` how many of them are there;
    ``price`` is per unit, tax included.
    """

    id: uuid.UUID
    sku: str
    slug: str
    name: str
    options: Mapping[str, str]
    price: Decimal
    compare_at_price: Decimal | None
    available: int
    weight: Decimal | None
    images: tuple[Image, ...]
    on_shelf: int

    @property
    def in_stock(self) -> bool:
        """Whether at least one can be ordered now."""
        return self.available > 0


@dataclass(frozen=True, slots=True)
class OptionValue:
    """One choice of an option. ``available``: some variant with it, and with the rest as chosen, is in stock."""

    value: str
    label: str
    selected: bool
    available: bool


@dataclass(frozen=True, slots=True)
class OptionAxis:
    """An option of the product (size, colour) with its values in the order staff gave the variants."""

    name: str
    values: tuple[OptionValue, ...]
    is_look: bool

    @property
    def chosen(self) -> str | None:
        """The chosen value, or None."""
        return next((value.value for value in self.values if value.selected), None)


@dataclass(frozen=True, slots=True)
class Selection:
    """What the shopper has chosen so far: the variant once all options are chosen, and the pictures that fit."""

    axes: tuple[OptionAxis, ...]
    variant: Variant | None
    images: tuple[Image, ...]
    missing: tuple[str, ...]


def look_first(name: str) -> tuple[bool, str]:
    """The order of options: jsonb keeps none. The look comes first, because it changes the pictures."""
    return (name.lower() not in LOOK_AXES, name)


def select_variant(
    variants: Sequence[Variant],
    option_names: Sequence[str],
    *,
    sku: str | None = None,
    options: Mapping[str, str] | None = None,
) -> Selection:
    """The state of the choice: a variant's ``sku``, with ``options`` chosen on top of it.

    Unknown SKUs, options and values count as not chosen. An option with one value, and the look of the first
    variant in stock, are chosen by themselves; a size is not, because nobody should get a wrong one.
    """
    if not option_names:
        return Selection((), variants[0], variants[0].images, ())
    chosen = _chosen(variants, option_names, sku, options or {})
    fitting = _fitting(variants, chosen)
    missing = tuple(name for name in option_names if name not in chosen)
    variant = fitting[0] if fitting and not missing else None
    shown = next((one.images for one in (*fitting, *variants) if one.images), ())
    axes = tuple(_axis(variants, name, chosen) for name in option_names)
    return Selection(axes, variant, shown, missing)


def _chosen(
    variants: Sequence[Variant], option_names: Sequence[str], sku: str | None, options: Mapping[str, str]
) -> dict[str, str]:
    asked = next((variant for variant in variants if sku and variant.sku == sku), None)
    chosen = dict(asked.options) if asked else {}
    known = {name: _values(variants, name) for name in option_names}
    chosen.update((name, value) for name, value in options.items() if value in known.get(name, ()))
    for name, values in known.items():
        if len(values) == 1:
            chosen[name] = values[0]
    fitting = _fitting(variants, chosen) or variants
    first = next((variant for variant in fitting if variant.in_stock), fitting[0])
    for name in option_names:
        if name.lower() in LOOK_AXES and name in first.options:
            chosen.setdefault(name, first.options[name])
    return chosen


def _axis(variants: Sequence[Variant], name: str, chosen: Mapping[str, str]) -> OptionAxis:
    others = {key: value for key, value in chosen.items() if key != name}
    values = []
    for value in _values(variants, name):
        fitting = _fitting(variants, {**others, name: value})
        in_stock = any(variant.in_stock for variant in fitting)
        values.append(OptionValue(value, value, chosen.get(name) == value, in_stock))
    return OptionAxis(name, tuple(values), name.lower() in LOOK_AXES)


def _fitting(variants: Iterable[Variant], chosen: Mapping[str, str]) -> list[Variant]:
    return [one for one in variants if all(one.options.get(name) == value for name, value in chosen.items())]


def _values(variants: Iterable[Variant], name: str) -> list[str]:
    found = (variant.options.get(name) for variant in variants)
    return list(dict.fromkeys(value for value in found if value is not None))
