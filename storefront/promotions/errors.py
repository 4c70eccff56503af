"""What promotions and gift cards refuse. Each leaves everything as it was."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from storefront.core.errors import DomainError
from storefront.promotions.reasons import Reason


@dataclass
class CouponRefused(DomainError):
    """The code that was entered does not apply, and no other cart would change that."""

    code: str
    reason: Reason
    currency: str


@dataclass
class PromotionUsedUp(DomainError):
    """Somebody else took the last use meanwhile. Nothing was ordered. ``code`` is empty for an automatic one."""

    promotion_id: uuid.UUID
    name: str
    code: str


@dataclass
class UnknownGiftCard(DomainError):
    """No gift card has this code, or it is empty, blocked or expired: all answer alike."""


@dataclass
class GiftCardBalanceChanged(DomainError):
    """The gift card covers another amount than the page said. Nothing was ordered."""

    was: Decimal
    now: Decimal
    currency: str


@dataclass
class PromotionRefused(DomainError):
    """Staff asked for a promotion that cannot be; ``field`` is what does not fit, ``reason`` a word for it."""

    field: str
    reason: str


@dataclass
class PromotionChangedMeanwhile(DomainError):
    """Somebody else has saved the promotion since the form was opened."""

    promotion_id: uuid.UUID
    version: int
    current: int
