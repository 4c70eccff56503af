"""What must hold for a promotion to apply: one small class each, asked in a fixed order, first reason first."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.promotions.reasons import (
    Ended,
    FirstOrderOnly,
    MinimumNotReached,
    NotForYou,
    NothingEligible,
    NotStarted,
    OtherCurrency,
    Reason,
    TooFewUnits,
    UsedUp,
    UsedUpForYou,
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who buys what, when. ``groups`` are the customer's; a guest whose e-mail is not known has ordered nothing."""

    snapshot: CartSnapshot
    moment: datetime
    groups: frozenset[uuid.UUID] = frozenset()
    has_ordered: bool = False


class Condition(Protocol):
    """Something that must hold."""

    def against(self, occasion: Occasion) -> Reason | None:
        """Why it does not hold, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines are meant: any of these products, categories (with those below) or brands; without any, all.

    A product is meant with its variants.
    """

    products: frozenset[uuid.UUID] = frozenset()
    categories: frozenset[uuid.UUID] = frozenset()
    brands: frozenset[uuid.UUID] = frozenset()

    def covers(self, line: LineSnapshot) -> bool:
        """Whether this line is meant."""
        if not (self.products or self.categories or self.brands):
            return True
        return (
            line.product_id in self.products
            or line.parent_id in self.products
            or line.brand_id in self.brands
            or not self.categories.isdisjoint((line.category_id, *line.category_path))
        )

    def against(self, occasion: Occasion) -> Reason | None:
        """Something that is meant must lie in the cart."""
        return None if any(map(self.covers, occasion.snapshot.lines)) else NothingEligible()


@dataclass(frozen=True, slots=True)
class Schedule:
    """From a moment on, and until another one, which does not belong to it."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def against(self, occasion: Occasion) -> Reason | None:
        """Today must lie between the two."""
        if self.starts_at is not None and occasion.moment < self.starts_at:
            return NotStarted(self.starts_at)
        if self.ends_at is not None and occasion.moment >= self.ends_at:
            return Ended(self.ends_at)
        return None


@dataclass(frozen=True, slots=True)
class Minimum:
    """The goods cost at least ``amount``, before any discount."""

    amount: Decimal

    def against(self, occasion: Occasion) -> Reason | None:
        """The subtotal must reach it."""
        missing = self.amount - occasion.snapshot.subtotal
        return MinimumNotReached(self.amount, missing) if missing > 0 else None


@dataclass(frozen=True, slots=True)
class Units:
    """At least ``least`` units of what is meant."""

    least: int
    scope: Scope

    def against(self, occasion: Occasion) -> Reason | None:
        """As many must lie in the cart."""
        meant = [line for line in occasion.snapshot.lines if self.scope.covers(line)]
        missing = self.least - sum(line.quantity for line in meant)
        product = meant[0].name if len(meant) == 1 else ""
        return TooFewUnits(self.least, missing, product) if missing > 0 else None


@dataclass(frozen=True, slots=True)
class InGroup:
    """For members of any of these groups."""

    groups: frozenset[uuid.UUID]

    def against(self, occasion: Occasion) -> Reason | None:
        """The customer must be in one."""
        return NotForYou() if self.groups.isdisjoint(occasion.groups) else None


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """For those who have not ordered before."""

    def against(self, occasion: Occasion) -> Reason | None:
        """There must be no order yet."""
        return FirstOrderOnly() if occasion.has_ordered else None


@dataclass(frozen=True, slots=True)
class Uses:
    """Fewer uses than the limits allow. Read ahead for the reason's sake; the database enforces them."""

    used: int = 0
    limit: int | None = None
    used_by_customer: int = 0
    limit_per_customer: int | None = None
    code_is_spent: bool = False

    def against(self, occasion: Occasion) -> Reason | None:
        """Neither limit must be reached, and a code of one use not spent."""
        if self.code_is_spent or (self.limit is not None and self.used >= self.limit):
            return UsedUp()
        if self.limit_per_customer is not None and self.used_by_customer >= self.limit_per_customer:
            return UsedUpForYou(self.limit_per_customer)
        return None


@dataclass(frozen=True, slots=True)
class InCurrency:
    """An amount counts in its own currency only."""

    currency: str

    def against(self, occasion: Occasion) -> Reason | None:
        """The cart's must be the same."""
        return OtherCurrency(self.currency) if occasion.snapshot.currency != self.currency else None
