"""Why a promotion did not apply: facts, worded where they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """No promotion answers to this code, or it is switched off."""


@dataclass(frozen=True, slots=True)
class NotStarted:
    """It begins later."""

    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over."""

    ended_at: datetime


@dataclass(frozen=True, slots=True)
class UsedUp:
    """It was used as often as it may be, or this code of one use is spent."""


@dataclass(frozen=True, slots=True)
class UsedUpForYou:
    """This customer has used it as often as one may."""

    limit: int


@dataclass(frozen=True, slots=True)
class MinimumNotReached:
    """The goods cost less than ``minimum``; ``missing`` more would do."""

    minimum: Decimal
    missing: Decimal


@dataclass(frozen=True, slots=True)
class NothingEligible:
    """Nothing in the cart is meant by it, or nothing is left to take off."""


@dataclass(frozen=True, slots=True)
class TooFewUnits:
    """Of what it is meant for there are ``missing`` units less than ``needed``.

    ``product`` is its name where one line alone is meant.
    """

    needed: int
    missing: int
    product: str = ""


@dataclass(frozen=True, slots=True)
class NotForYou:
    """It is for a group of customers that this one is not in."""


@dataclass(frozen=True, slots=True)
class FirstOrderOnly:
    """It is for a first order, and this customer has ordered before."""


@dataclass(frozen=True, slots=True)
class BetterOneApplies:
    """Another promotion of the same lane takes more off."""

    name: str


@dataclass(frozen=True, slots=True)
class OtherCurrency:
    """It is an amount of another currency than the cart's."""

    currency: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Its row holds what this version of the shop does not understand. Staff find it in the log."""


Reason = (
    UnknownCode
    | NotStarted
    | Ended
    | UsedUp
    | UsedUpForYou
    | MinimumNotReached
    | NothingEligible
    | TooFewUnits
    | NotForYou
    | FirstOrderOnly
    | BetterOneApplies
    | OtherCurrency
    | Unreadable
)

MAY_PASS = (MinimumNotReached, NothingEligible, TooFewUnits, NotForYou, BetterOneApplies)
"""What another cart or a sign-in changes: such a code is kept in the cart, with its reason beside it."""
