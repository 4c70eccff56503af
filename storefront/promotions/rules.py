"""A promotion's row as a typed rule. What is not understood is refused, never guessed at."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.promotions.benefits import Amount, Benefit, BuyXGetY, FreeShipping, Percent
from storefront.promotions.conditions import (
    Condition,
    FirstOrder,
    InCurrency,
    InGroup,
    Minimum,
    Scope,
    Units,
)

KNOWN = frozenset(("minimum", "products", "categories", "brands", "groups", "first_order", "buy", "get"))
"""The keys of ``promotions.conditions``; ``buy`` and ``get`` are for the kind ``buy_x_get_y`` alone."""
_MOST_UNITS = 99


class UnreadableRule(ValueError):
    """A key nobody knows, or a value that is none of its kind."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A promotion, ready to be asked. ``code`` is what the shopper entered, empty for an automatic one."""

    id: uuid.UUID
    name: str
    code: str
    lane: str
    priority: int
    benefit: Benefit
    scope: Scope = field(default_factory=Scope)
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What ``kind``, ``value`` and ``conditions`` come to."""

    benefit: Benefit
    scope: Scope
    conditions: tuple[Condition, ...]


def terms_from(kind: str, value: Decimal, currency: str, stored: Mapping[str, Any]) -> Terms:
    """Read the columns that say what is given to whom. Raises :class:`UnreadableRule`."""
    unknown = set(stored) - KNOWN
    if unknown:
        raise UnreadableRule(f"unknown: {', '.join(sorted(unknown))}")
    if kind != "buy_x_get_y" and not {"buy", "get"}.isdisjoint(stored):
        raise UnreadableRule("buy and get are for buy_x_get_y")
    scope = Scope(_ids(stored, "products"), _ids(stored, "categories"), _ids(stored, "brands"))
    conditions: list[Condition] = []
    groups = _ids(stored, "groups")
    if groups:
        conditions.append(InGroup(groups))
    if "first_order" in stored and not isinstance(stored["first_order"], bool):
        raise UnreadableRule("first_order is true or false")
    if stored.get("first_order"):
        conditions.append(FirstOrder())
    minimum = _amount(stored["minimum"]) if "minimum" in stored else None
    if kind == "amount" or minimum is not None or (kind == "free_shipping" and value):
        conditions.append(InCurrency(currency))
    conditions.append(scope)
    if minimum is not None:
        conditions.append(Minimum(minimum))
    benefit = _benefit(kind, value, stored)
    if isinstance(benefit, BuyXGetY):
        conditions.append(Units(benefit.buy + benefit.get, scope))
    return Terms(benefit, scope, tuple(conditions))


def _benefit(kind: str, value: Decimal, stored: Mapping[str, Any]) -> Benefit:
    match kind:
        case "percent" if 0 < value <= 100:
            return Percent(value)
        case "amount" if value > 0:
            return Amount(value)
        case "free_shipping":
            return FreeShipping(value or None)
        case "buy_x_get_y":
            return BuyXGetY(_units(stored, "buy"), _units(stored, "get"))
    raise UnreadableRule(f"{kind} of {value}")


def _ids(stored: Mapping[str, Any], key: str) -> frozenset[uuid.UUID]:
    """The keys under ``key``. An empty list would mean everything, which nobody writes down."""
    if key not in stored:
        return frozenset()
    listed = stored[key]
    if not isinstance(listed, list) or not listed:
        raise UnreadableRule(f"{key} is a list of ids")
    try:
        return frozenset(uuid.UUID(one) for one in listed)
    except (ValueError, TypeError, AttributeError):
        raise UnreadableRule(f"{key} is a list of ids") from None


def _amount(raw: object) -> Decimal:
    """An amount, written as a string so that JSON makes no float of it."""
    try:
        amount = Decimal(raw) if isinstance(raw, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise UnreadableRule("minimum is an amount")
    return amount


def _units(stored: Mapping[str, Any], key: str) -> int:
    units = stored.get(key)
    if not isinstance(units, int) or isinstance(units, bool) or not 1 <= units <= _MOST_UNITS:
        raise UnreadableRule(f"{key} is a number of units")
    return units
