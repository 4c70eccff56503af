"""Which promotions apply to a cart, what each takes off which line, and why the others do not. No database.

Of each lane the best one counts, and lanes add up. Each is computed on today's prices; where two of them together
would take off more than a line costs, the later lane (by name) gets what is left. The result does not depend on the
order of the rules.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.core.money import ZERO
from storefront.pricing.snapshot import CartSnapshot
from storefront.promotions.benefits import FreeShipping
from storefront.promotions.conditions import Occasion
from storefront.promotions.reasons import (
    BetterOneApplies,
    MinimumNotReached,
    NothingEligible,
    Reason,
    TooFewUnits,
)
from storefront.promotions.rules import Rule


@dataclass(frozen=True, slots=True)
class AppliedPromotion:
    """A promotion that counts: ``parts`` off each line of the snapshot, ``shipping`` off the shipping."""

    id: uuid.UUID
    name: str
    code: str
    lane: str
    parts: tuple[Decimal, ...]
    shipping: Decimal = ZERO
    frees_shipping: bool = False

    @property
    def amount(self) -> Decimal:
        """What the goods cost less."""
        return sum(self.parts, ZERO)


@dataclass(frozen=True, slots=True)
class RefusedPromotion:
    """A promotion that does not count, and why. ``id`` is None for a code that nobody knows."""

    id: uuid.UUID | None
    name: str
    code: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Reductions:
    """What a cart is reduced by. ``parts`` are per line of the snapshot, all promotions together.

    ``within_reach`` are the automatic ones of the refused that a little more in the cart (as much again at the most)
    would make count, and that would give more than what counts already; the nearest first.
    """

    applied: tuple[AppliedPromotion, ...] = ()
    refused: tuple[RefusedPromotion, ...] = ()
    parts: tuple[Decimal, ...] = ()
    within_reach: tuple[RefusedPromotion, ...] = ()

    @property
    def amount(self) -> Decimal:
        """What the goods cost less."""
        return sum(self.parts, ZERO)

    @property
    def shipping(self) -> Decimal:
        """What the shipping costs less."""
        return sum((one.shipping for one in self.applied), ZERO)

    @property
    def refused_code(self) -> RefusedPromotion | None:
        """The code that was entered, where it does not count."""
        return next((one for one in self.refused if one.code), None)


NOTHING = Reductions()
"""What a cart is reduced by that nobody has asked about."""


@dataclass(frozen=True, slots=True)
class _Offer:
    rule: Rule
    parts: tuple[Decimal, ...]
    shipping: Decimal

    @property
    def money(self) -> Decimal:
        """What it takes off."""
        return sum(self.parts, ZERO) + self.shipping

    @property
    def rank(self) -> tuple[Decimal, int, int]:
        """The best one has the highest: by money, then by priority; the key decides the rest, so that it is one."""
        return self.money, self.rule.priority, -self.rule.id.int


def evaluate(
    rules: Iterable[Rule],
    occasion: Occasion,
    shipping: Decimal | None = None,
    unusable: Sequence[RefusedPromotion] = (),
) -> Reductions:
    """Apply ``rules``. ``shipping`` is its price, None while it is not known; ``unusable`` are refused already."""
    refused = list(unusable)
    missed: list[tuple[Rule, RefusedPromotion]] = []
    lanes: dict[str, list[_Offer]] = {}
    for rule in rules:
        outcome = _offer(rule, occasion, shipping)
        if isinstance(outcome, _Offer):
            lanes.setdefault(rule.lane, []).append(outcome)
        else:
            refused.append(_refusal(rule, outcome))
            missed.append((rule, refused[-1]))
    best_of_lane = {lane: max(offers, key=lambda offer: offer.rank) for lane, offers in lanes.items()}
    applied: list[AppliedPromotion] = []
    left = [line.total for line in occasion.snapshot.lines]
    shipping_left = shipping or ZERO
    for lane, offers in sorted(lanes.items()):
        best = best_of_lane[lane]
        refused.extend(
            _refusal(offer.rule, BetterOneApplies(best.rule.name)) for offer in offers if offer is not best
        )
        parts = tuple(min(part, rest) for part, rest in zip(best.parts, left, strict=True))
        off_shipping = min(best.shipping, shipping_left)
        frees_shipping = isinstance(best.rule.benefit, FreeShipping)
        if not any(parts) and not frees_shipping:
            refused.append(_refusal(best.rule, NothingEligible()))
            continue
        left = [rest - part for part, rest in zip(parts, left, strict=True)]
        shipping_left -= off_shipping
        rule = best.rule
        applied.append(
            AppliedPromotion(rule.id, rule.name, rule.code, rule.lane, parts, off_shipping, frees_shipping)
        )
    refused.sort(key=lambda one: (not one.code, one.name, str(one.id)))
    near = tuple(_within_reach(missed, best_of_lane, occasion, shipping))
    return Reductions(tuple(applied), tuple(refused), _together(occasion.snapshot, left), near)


def _within_reach(
    missed: Iterable[tuple[Rule, RefusedPromotion]],
    best_of_lane: Mapping[str, _Offer],
    occasion: Occasion,
    shipping: Decimal | None,
) -> list[RefusedPromotion]:
    found: list[tuple[Decimal, RefusedPromotion]] = []
    for rule, refusal in missed:
        if rule.code or not isinstance(refusal.reason, MinimumNotReached | TooFewUnits):
            continue
        if (
            isinstance(refusal.reason, MinimumNotReached)
            and refusal.reason.missing > occasion.snapshot.subtotal
        ):
            continue  # another cart than this one
        given = _given(rule, occasion, shipping)
        best = best_of_lane.get(rule.lane)
        if isinstance(rule.benefit, FreeShipping) and shipping is not None and not given.shipping:
            continue  # it is sent for nothing already
        if best is None or given.money > best.money:
            found.append((Decimal(refusal.reason.missing), refusal))
    found.sort(key=lambda one: (isinstance(one[1].reason, TooFewUnits), one[0], one[1].name, str(one[1].id)))
    return [refusal for _missing, refusal in found]


def _offer(rule: Rule, occasion: Occasion, shipping: Decimal | None) -> _Offer | Reason:
    """What the rule would take off, or the first reason why it takes off nothing."""
    for condition in rule.conditions:
        reason = condition.against(occasion)
        if reason is not None:
            return reason
    given = _given(rule, occasion, shipping)
    if not any(given.parts) and not isinstance(rule.benefit, FreeShipping):
        return NothingEligible()
    return given


def _given(rule: Rule, occasion: Occasion, shipping: Decimal | None) -> _Offer:
    """What the rule takes off these goods, whatever its conditions say."""
    lines = occasion.snapshot.lines
    meant = [place for place, line in enumerate(lines) if rule.scope.covers(line)]
    parts = [ZERO for _ in lines]
    for place, part in zip(meant, rule.benefit.parts([lines[place] for place in meant]), strict=True):
        parts[place] = part
    return _Offer(rule, tuple(parts), rule.benefit.off_shipping(shipping or ZERO))


def _refusal(rule: Rule, reason: Reason) -> RefusedPromotion:
    return RefusedPromotion(rule.id, rule.name, rule.code, reason)


def _together(snapshot: CartSnapshot, left: Sequence[Decimal]) -> tuple[Decimal, ...]:
    return tuple(line.total - rest for line, rest in zip(snapshot.lines, left, strict=True))
