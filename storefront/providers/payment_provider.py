"""What a card provider is asked and answers, whoever it is: small typed answers, and failures with stable codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from storefront.core.errors import DomainError

IntentStatus = Literal["open", "processing", "authorised", "captured", "cancelled"]
SubscriptionStatus = Literal["incomplete", "trialing", "active", "past_due", "cancelled", "expired"]
RefundStatus = Literal["pending", "succeeded", "failed"]
UNDECIDED = frozenset({"unreachable", "busy", "broken"})
"""After these nobody knows whether the provider did what it was asked: ask again, under the same key."""


@dataclass
class PaymentProviderFailure(DomainError):
    """The provider did not do what it was asked.

    ``code`` is one of ``unreachable`` (no answer in time), ``busy`` (asked too often), ``broken`` (its own failure),
    ``refused`` (not possible in this state), ``declined`` (the bank said no), ``key`` (our key is not accepted) and
    ``not_configured``. ``reason`` is the provider's word, for staff.
    """

    code: str
    reason: str = ""

    @property
    def is_undecided(self) -> bool:
        """Whether it may have happened all the same."""
        return self.code in UNDECIDED


@dataclass(frozen=True, slots=True)
class Intent:
    """One payment at the provider. Amounts are in whole units of ``currency`` (ISO 4217), not in cents.

    ``client_secret`` lets the shopper's browser, and nobody else, complete it; it is never stored. ``error`` is why
    the last attempt failed, in the provider's word. What is ``authorised`` may be ``captured`` in part already.
    ``card`` is the provider's name for the card that pays it.
    """

    id: str
    status: IntentStatus
    amount: Decimal
    captured: Decimal
    currency: str
    client_secret: str
    order_id: str
    error: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """Money that went back. ``refund_id`` is our own row's id; empty when somebody gave it back at the provider."""

    id: str
    status: RefundStatus
    amount: Decimal
    refund_id: str


@dataclass(frozen=True, slots=True)
class ProviderCard:
    """A card that a customer has left with the provider. ``fingerprint`` is the same for the same card, kept twice."""

    id: str
    brand: str
    last_four: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CardSetup:
    """A card that is about to be left with the provider, by the shopper's browser with ``client_secret``.

    ``customer`` is whose card it will be; once it ``is_done`` it is there.
    """

    id: str
    client_secret: str
    customer: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """What follows on a payment with a kept card: nothing, or the shopper's bank at ``redirect_to``."""

    status: IntentStatus
    redirect_to: str = ""


@dataclass(frozen=True, slots=True)
class ProviderSubscription:
    """A subscription at the provider. ``attempt`` is our row's id, ``created`` in seconds since 1970.

    ``price`` is what it costs, by the provider's name for that; ``plan`` our id of the plan that it was changed to.
    """

    id: str
    status: SubscriptionStatus
    period_start: datetime | None
    period_end: datetime | None
    ends_with_period: bool
    attempt: str
    created: int
    price: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change of a subscription would cost. Amounts are in whole units of its currency, not in cents.

    ``price`` is for the time that begins with it, ``credit`` for what is unused of the time that was paid, and ``due``
    is what would be charged at once: never below zero, and less where the customer has credit from before.
    """

    price: Decimal
    credit: Decimal
    due: Decimal


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Something the provider told us of, its signature checked. The ids are empty where it names none."""

    id: str
    kind: str
    intent_id: str
    order_id: str
    customer_id: str = ""


class SignatureRefused(Exception):
    """Not from the provider, or not from now."""
