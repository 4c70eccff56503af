"""A card provider in this process that keeps the interface's word, for tests that ask it thousands of times.

What ``tests/stripe_server.py`` is over HTTP, without the time that takes: payments by id, the same answer for the same
key, and, when a test asks for it, no answer: before the deed or after it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from storefront.core.db import assert_no_transaction
from storefront.providers.payment_provider import Intent, PaymentProviderFailure, ProviderRefund

Silence = Literal["before", "after"]


@dataclass
class Bank:
    """Everything it holds. ``silent`` is how the next requests fail, first one first; so many refunds it refuses."""

    intents: dict[str, Intent] = field(default_factory=dict)
    given_back: dict[str, list[ProviderRefund]] = field(default_factory=dict)
    silent: list[Silence] = field(default_factory=list)
    refuses_refunds: int = 0
    _by_hand: set[str] = field(default_factory=set)
    _answers: dict[str, object] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    # What the shop asks: see storefront.providers.stripe_client.StripePayments.

    def create(
        self, *, amount: Decimal, currency: str, key: str, metadata: dict[str, str], capture: str
    ) -> Intent:
        """Begin a payment."""
        self._listen()
        if key not in self._answers:
            number = next(self._numbers)
            intent = Intent(
                id=f"pi_{number}",
                status="open",
                amount=amount,
                captured=Decimal(0),
                currency=currency,
                client_secret=f"secret_{number}",
                order_id=metadata["order_id"],
            )
            self._answers[key] = self.intents[intent.id] = intent
            if capture == "manual":
                self._by_hand.add(intent.id)
        return self._say(self._answers[key])  # type: ignore[return-value]

    def retrieve(self, intent_id: str) -> Intent | None:
        """A payment as it is."""
        self._listen()
        return self.intents.get(intent_id)

    def find(self, order_id: str, since: datetime) -> Intent | None:
        """A payment by its order."""
        self._listen()
        return next((one for one in self.intents.values() if one.order_id == order_id), None)

    def capture(
        self, intent_id: str, amount: Decimal, currency: str, key: str, *, final: bool = True
    ) -> Intent:
        """Take a part or all; after a final part no more."""
        self._listen()
        intent = self.intents[intent_id]
        if key not in self._answers:
            taken = intent.captured + amount
            if intent.status != "authorised" or taken > intent.amount:
                raise PaymentProviderFailure("refused", "payment_intent_unexpected_state")
            is_all = final or taken == intent.amount
            self._answers[key] = self._put(
                replace(intent, status="captured" if is_all else "authorised", captured=taken)
            )
        return self._say(self._answers[key])  # type: ignore[return-value]

    def cancel(self, intent_id: str) -> None:
        """Let go of it, or of what was not taken of it."""
        self._listen()
        intent = self.intents[intent_id]
        if intent.status == "captured":
            raise PaymentProviderFailure("refused", "payment_intent_unexpected_state")
        self._put(replace(intent, status="captured" if intent.captured else "cancelled"))
        self._say(None)

    def refund(
        self, intent_id: str, amount: Decimal, currency: str, key: str, refund_id: str
    ) -> ProviderRefund:
        """Give a part or all back, never more than was taken."""
        self._listen()
        if key not in self._answers:
            if self.refuses_refunds:
                self.refuses_refunds -= 1
                raise PaymentProviderFailure("refused", "expired_or_canceled_card")
            if amount > self.held(intent_id):
                raise PaymentProviderFailure("refused", "charge_already_refunded")
            refund = ProviderRefund(f"re_{next(self._numbers)}", "succeeded", amount, refund_id)
            self.given_back.setdefault(intent_id, []).append(refund)
            self._answers[key] = refund
        return self._say(self._answers[key])  # type: ignore[return-value]

    def refunds(self, intent: Intent) -> list[ProviderRefund]:
        """What went back of a payment."""
        return list(self.given_back.get(intent.id, ()))

    # What the shopper does in their browser, and the test looks at.

    def pay(self, intent_id: str, *, approved: bool = True) -> None:
        """The shopper gives their card; the bank says yes or no. Too late it says nothing."""
        intent = self.intents[intent_id]
        if intent.status != "open":
            return
        if not approved:
            self._put(replace(intent, error="card_declined"))
        elif intent_id in self._by_hand:
            self._put(replace(intent, status="authorised", error=""))
        else:
            self._put(replace(intent, status="captured", captured=intent.amount, error=""))

    def held(self, intent_id: str) -> Decimal:
        """What it has taken and not given back."""
        back = sum((one.amount for one in self.given_back.get(intent_id, ())), Decimal(0))
        return self.intents[intent_id].captured - back

    def _put(self, intent: Intent) -> Intent:
        self.intents[intent.id] = intent
        return intent

    def _listen(self) -> None:
        assert_no_transaction()
        if self.silent and self.silent[0] == "before":
            self.silent.pop(0)
            raise PaymentProviderFailure("unreachable", "ReadTimeout")

    def _say(self, answer: object) -> object:
        if self.silent:
            self.silent.pop(0)
            raise PaymentProviderFailure("unreachable", "ReadTimeout")
        return answer
