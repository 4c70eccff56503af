"""Stripe's customers: the cards they left there. Each call raises :class:`PaymentProviderFailure`."""

from __future__ import annotations

from typing import Any

from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings
from storefront.providers.payment_provider import (
    CardSetup,
    NextStep,
    PaymentProviderFailure,
    ProviderCard,
)
from storefront.providers.stripe_client import StripePayments, intent_status

_GONE = frozenset({"unknown", "refused"})


class StripeCustomers(StripePayments):
    """What one Stripe account knows of people, beside their payments."""

    def create_customer(self, email: str, user_id: str) -> str:
        """A new customer's id. Asked again within a day it is the same one."""
        params: Any = {"email": email, "metadata": {"user_id": user_id}}
        options: Any = {"idempotency_key": f"customer-{user_id}"}
        return str(self._ask(lambda: self._client.v1.customers.create(params, options)).id)

    def forget(self, customer_id: str) -> None:
        """Delete a customer with all their cards and subscriptions. One that is gone is no mistake."""
        self._end(lambda: self._client.v1.customers.delete(customer_id))

    def cards(self, customer_id: str) -> list[ProviderCard]:
        """The customer's cards, the last first."""
        params: Any = {"customer": customer_id, "type": "card", "limit": 100}
        found = self._ask(lambda: list(self._client.v1.payment_methods.list(params).auto_paging_iter()))
        return [_card(one.to_dict()) for one in found]

    def detach(self, card_id: str) -> None:
        """Let go of a card: it can never be charged again. One that is gone is no mistake."""
        self._end(lambda: self._client.v1.payment_methods.detach(card_id))

    def keep_from(self, intent_id: str, customer_id: str) -> None:
        """Have the card that pays this be left with the customer, for payments that they make themselves."""
        params: Any = {"customer": customer_id, "setup_future_usage": "on_session"}
        self._ask(lambda: self._client.v1.payment_intents.update(intent_id, params))

    def keep_nothing_from(self, intent_id: str) -> None:
        """Have the card that pays this not be left with anybody."""
        params: Any = {"setup_future_usage": ""}
        self._ask(lambda: self._client.v1.payment_intents.update(intent_id, params))

    def pay_with(self, intent_id: str, customer_id: str, card_id: str, back: str) -> NextStep:
        """Pay with a card that was left there. ``back`` is where the bank sends the shopper afterwards.

        Whoever has left the bank's page and presses again is led there once more.
        """
        params: Any = {"customer": customer_id, "payment_method": card_id}
        confirmation: Any = {"return_url": back}
        try:
            self._ask(lambda: self._client.v1.payment_intents.update(intent_id, params))
            done = self._ask(lambda: self._client.v1.payment_intents.confirm(intent_id, confirmation))
        except PaymentProviderFailure as failure:
            if failure.code != "refused":
                raise
            done = self._ask(lambda: self._client.v1.payment_intents.retrieve(intent_id))
            if not _bank_of(done.to_dict()) or done.to_dict().get("payment_method") != card_id:
                raise
        data: dict[str, Any] = done.to_dict()
        return NextStep(intent_status(data["status"]), _bank_of(data))

    def begin_setup(self, customer_id: str) -> CardSetup:
        """A card is about to be left there, also for payments that fall due by themselves."""
        params: Any = {
            "customer": customer_id,
            "usage": "off_session",
            "payment_method_types": ["card"],
        }
        return _setup(self._ask(lambda: self._client.v1.setup_intents.create(params)))

    def setup(self, setup_id: str) -> CardSetup:
        """How such a card stands."""
        return _setup(self._ask(lambda: self._client.v1.setup_intents.retrieve(setup_id)))

    def _end(self, act: Any) -> None:
        try:
            self._ask(act)
        except PaymentProviderFailure as failure:
            if failure.code not in _GONE:
                raise


def _bank_of(intent: dict[str, Any]) -> str:
    """Where the bank waits for the shopper; empty where it does not."""
    if intent.get("status") != "requires_action":
        return ""
    bank = (intent.get("next_action") or {}).get("redirect_to_url") or {}
    return str(bank.get("url") or "")


def _setup(found: Any) -> CardSetup:
    data: dict[str, Any] = found.to_dict()
    return CardSetup(
        str(data["id"]),
        str(data["client_secret"]),
        str(data.get("customer") or ""),
        data["status"] == "succeeded",
    )


def _card(data: dict[str, Any]) -> ProviderCard:
    card = data.get("card") or {}
    return ProviderCard(
        str(data["id"]),
        str(card.get("brand") or "card"),
        str(card.get("last4") or "")[-4:],
        str(card.get("fingerprint") or data["id"]),
    )


def stripe_customers() -> StripeCustomers:
    """The running application's account. Raises :class:`PaymentProviderFailure` where no key is set."""

    def make(settings: Settings) -> StripeCustomers:
        if settings.stripe_secret_key is None:
            raise PaymentProviderFailure("not_configured")
        return StripeCustomers(
            settings.stripe_secret_key.get_secret_value(),
            settings.stripe_api_base,
            settings.stripe_timeout_seconds,
        )

    return once_per_application("stripe_customers", make)
