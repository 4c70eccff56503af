"""What memberships refuse."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class AlreadyMember(DomainError):
    """The person has a membership; ``plan`` is what it is called."""

    plan: str


@dataclass
class JoiningAlready(DomainError):
    """The person's last click is still being worked on."""


@dataclass
class PlanNotOffered(DomainError):
    """The plan cannot be had, or not yet."""

    plan_id: uuid.UUID


@dataclass
class NoMembership(DomainError):
    """The person has no membership to change."""


@dataclass
class MembershipEnds(DomainError):
    """The membership ends with its period: there is nothing to change about ``plan`` any more."""

    plan: str


@dataclass
class CardPaysMembership(DomainError):
    """The card pays the membership ``plan``: another one has to, or it has to end, before the card can go."""

    plan: str


@dataclass
class NoCardPays(DomainError):
    """There is no card (any more) that could pay the membership ``plan``."""

    plan: str


@dataclass
class PriceSeenOtherwise(DomainError):
    """The plan costs something else than the page said."""

    plan_id: uuid.UUID


@dataclass
class PlanNameTaken(DomainError):
    """Another plan is called so."""

    name: str


@dataclass
class PlanChangedMeanwhile(DomainError):
    """Somebody else saved the plan since the form was opened."""

    plan_id: uuid.UUID
