"""Cards, by Stripe. No card data ever reaches the shop: the shopper's browser gives it to Stripe."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from storefront.core.settings import current_settings
from storefront.core.texts import N_
from storefront.payments.errors import PaymentDeclined
from storefront.payments.methods import (
    Asked,
    Authorisation,
    Charge,
    GivenBack,
    NeedsShopper,
    PaymentState,
)
from storefront.providers.payment_provider import Intent, PaymentProviderFailure, ProviderRefund
from storefront.providers.stripe_client import NAME, stripe_payments
from storefront.providers.stripe_minimums import least_amount

_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CardPayments:
    """Debit and credit cards. ``code`` names the provider: money goes back where it came from."""

    code: str = NAME
    label: str = N_("Card")
    description: str = N_(
        "Credit or debit card. You enter its number on the next page, with our payment provider Stripe."
    )
    needs_shopper: bool = True
    answers_at_once: bool = False
    gives_back: bool = True

    def offered_to(self, country: str) -> bool:
        """Everywhere."""
        return True

    def least(self, currency: str) -> Decimal:
        """What the provider takes at the least."""
        return least_amount(currency)

    def authorise(self, charge: Charge) -> Authorisation | NeedsShopper:
        """Begin the payment. Raises :class:`PaymentDeclined` and :class:`PaymentProviderFailure`."""
        try:
            intent = stripe_payments().create(
                amount=charge.amount,
                currency=charge.currency,
                key=charge.idempotency_key,
                metadata={"order_id": str(charge.order_id), "order_number": charge.order_number},
                capture="automatic" if charge.at_once else current_settings().stripe_capture,
            )
        except PaymentProviderFailure as failure:
            if failure.code in ("refused", "declined"):
                raise PaymentDeclined(self.code, failure.reason) from failure
            raise
        return NeedsShopper(intent.id, intent.client_secret)

    def capture(
        self, asked: Asked, amount: Decimal, idempotency_key: str, *, final: bool = True
    ) -> PaymentState:
        """Take ``amount``. Raises :class:`PaymentProviderFailure`: ``refused`` also where only one is allowed."""
        assert asked.reference
        intent = stripe_payments().capture(
            asked.reference, amount, asked.currency, idempotency_key, final=final
        )
        return PaymentState(intent.id, intent.status, intent.captured)

    def refund(self, asked: Asked, amount: Decimal, idempotency_key: str, refund_id: uuid.UUID) -> GivenBack:
        """Give ``amount`` back. Raises :class:`PaymentProviderFailure`."""
        assert asked.reference
        return _given_back(
            stripe_payments().refund(asked.reference, amount, asked.currency, idempotency_key, str(refund_id))
        )

    def void(self, reference: str, idempotency_key: str) -> None:
        """Let go of it. Raises :class:`PaymentProviderFailure`, ``refused`` when it has taken money already."""
        stripe_payments().cancel(reference)

    def status(self, asked: Asked) -> PaymentState | None:
        """How it stands, read anew. Raises :class:`PaymentProviderFailure`."""
        stripe = stripe_payments()
        intent: Intent | None = None
        if asked.reference:
            intent = stripe.retrieve(asked.reference)
        else:
            intent = stripe.find(str(asked.order_id), asked.created_at - _CLOCKS_DIFFER)
        if intent is None:
            return None
        back = stripe.refunds(intent) if intent.status == "captured" else []
        return PaymentState(
            intent.id,
            intent.status,
            intent.captured,
            intent.client_secret,
            intent.error,
            tuple(_given_back(one) for one in back),
            intent.amount,
            intent.currency,
            intent.card,
        )


def _given_back(one: ProviderRefund) -> GivenBack:
    return GivenBack(one.id, one.status, one.amount, one.refund_id)


CARDS = CardPayments()


def cards_are_configured() -> bool:
    """Whether the shop takes cards."""
    return current_settings().stripe_secret_key is not None
