"""Stripe's subscriptions and their prices. Each call raises :class:`PaymentProviderFailure`.

What falls due is charged by Stripe, to the customer's default card; what became of it is read here, never assumed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings
from storefront.providers.payment_provider import (
    ChangePreview,
    PaymentProviderFailure,
    ProviderSubscription,
    SubscriptionStatus,
)
from storefront.providers.stripe_client import StripePayments, minor_units, whole_units

_STATUS: dict[str, SubscriptionStatus] = {
    "incomplete": "incomplete",
    "incomplete_expired": "expired",
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "canceled": "cancelled",
    # Stripe has given up asking for the money: nothing is charged any more, and nothing is given.
    "unpaid": "expired",
    "paused": "expired",
}


class StripeSubscriptions(StripePayments):
    """Subscriptions of one Stripe account."""

    def create_price(self, *, name: str, amount: Decimal, currency: str, interval: str, key: str) -> str:
        """A price per ``interval`` (``month`` or ``year``); returns its id. Prices never change at Stripe."""
        params: Any = {
            "unit_amount": minor_units(amount, currency),
            "currency": currency.lower(),
            "recurring": {"interval": interval},
            "product_data": {"name": name},
        }
        return str(self._ask(lambda: self._client.v1.prices.create(params, {"idempotency_key": key})).id)

    def subscribe(self, customer_id: str, price_id: str, card_id: str, *, attempt: str) -> None:
        """Begin a subscription that this card pays, now and whenever it falls due.

        A card that is declined or whose bank wants to be asked leaves it ``incomplete``. ``attempt`` is our row's id:
        asked again within a day, it is the same subscription.
        """
        self.pay_by(customer_id, card_id)
        params: Any = {
            "customer": customer_id,
            "items": [{"price": price_id}],
            "payment_behavior": "allow_incomplete",
            "metadata": {"attempt": attempt},
        }
        options: Any = {"idempotency_key": f"subscription-{attempt}"}
        self._ask(lambda: self._client.v1.subscriptions.create(params, options))

    def pay_by(self, customer_id: str, card_id: str) -> None:
        """What falls due is paid by this card of the customer's from now on."""
        default: Any = {"invoice_settings": {"default_payment_method": card_id}}
        self._ask(lambda: self._client.v1.customers.update(customer_id, default))

    def paying_card(self, customer_id: str) -> str:
        """The card that pays what falls due; empty where none does."""
        found = self._ask(lambda: self._client.v1.customers.retrieve(customer_id)).to_dict()
        return str((found.get("invoice_settings") or {}).get("default_payment_method") or "")

    def change_price(
        self, subscription_id: str, price_id: str, *, plan: str, at: datetime
    ) -> tuple[Decimal, str] | None:
        """Let it cost another price from now on. The rest of the period as of ``at`` is charged, or counted, at once.

        A price of another interval begins a new period now: it is charged whole, less what is left of the former one.
        Where the card does not pay, nothing is changed. ``plan`` is our id of what is had for it. Returns what was
        charged for the change, with its currency; None where no invoice says it.
        """
        found = self._subscription(subscription_id)
        params: Any = {
            "items": [{"id": _item(found).get("id"), "price": price_id}],
            "proration_behavior": "always_invoice",
            "proration_date": int(at.timestamp()),
            "payment_behavior": "error_if_incomplete",
            "metadata": {"plan": plan},
            "expand": ["latest_invoice"],
        }
        changed = self._ask(lambda: self._client.v1.subscriptions.update(subscription_id, params)).to_dict()
        invoice = changed.get("latest_invoice")
        if not isinstance(invoice, dict) or invoice.get("id") == found.get("latest_invoice"):
            return None
        currency = str(invoice["currency"]).upper()
        return whole_units(int(invoice.get("amount_paid") or 0), currency), currency

    def preview_change(self, subscription_id: str, price_id: str, *, at: datetime) -> ChangePreview:
        """What :meth:`change_price` would charge, counted as of ``at`` (https://docs.stripe.com/api/invoices/create_preview)."""
        found = self._subscription(subscription_id)
        params: Any = {
            "customer": found["customer"],
            "subscription": subscription_id,
            "subscription_details": {
                "items": [{"id": _item(found).get("id"), "price": price_id}],
                "proration_behavior": "always_invoice",
                "proration_date": int(at.timestamp()),
            },
        }
        invoice = self._ask(lambda: self._client.v1.invoices.create_preview(params)).to_dict()
        currency = str(invoice["currency"]).upper()
        amounts = [int(line["amount"]) for line in invoice["lines"]["data"]]
        return ChangePreview(
            price=whole_units(sum(one for one in amounts if one > 0), currency),
            credit=whole_units(-sum(one for one in amounts if one < 0), currency),
            due=whole_units(max(0, int(invoice["amount_due"])), currency),
        )

    def price_of(self, subscription_id: str) -> Decimal:
        """What it costs each period by now."""
        item = _item(self._subscription(subscription_id))
        price = item.get("price") or item.get("plan") or {}
        amount = price.get("unit_amount", price.get("amount"))
        return whole_units(int(amount or 0), str(price.get("currency") or "eur"))

    def _subscription(self, subscription_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(
            lambda: self._client.v1.subscriptions.retrieve(subscription_id)
        ).to_dict()
        return found

    def subscriptions_of(self, customer_id: str) -> list[ProviderSubscription]:
        """All of a customer's, ended ones included."""
        params: Any = {"customer": customer_id, "status": "all", "limit": 100}
        found = self._ask(lambda: list(self._client.v1.subscriptions.list(params).auto_paging_iter()))
        return [_subscription(one.to_dict()) for one in found]

    def end_with_period(self, subscription_id: str, *, ends: bool) -> None:
        """Let it end with what is paid, or go on after all."""
        params: Any = {"cancel_at_period_end": ends}
        self._ask(lambda: self._client.v1.subscriptions.update(subscription_id, params))

    def end(self, subscription_id: str) -> None:
        """End it now. One that has ended is no mistake."""
        try:
            self._ask(lambda: self._client.v1.subscriptions.cancel(subscription_id))
        except PaymentProviderFailure as failure:
            if failure.code not in ("unknown", "refused"):
                raise

    def payment_page(self, subscription_id: str) -> str:
        """Stripe's own page for the last invoice, where it is still open; empty otherwise."""
        params: Any = {"expand": ["latest_invoice"]}
        found = self._ask(lambda: self._client.v1.subscriptions.retrieve(subscription_id, params)).to_dict()
        invoice = found.get("latest_invoice")
        if not isinstance(invoice, dict) or invoice.get("status") != "open":
            return ""
        return str(invoice.get("hosted_invoice_url") or "")


def _item(data: dict[str, Any]) -> dict[str, Any]:
    """What is subscribed to: one thing at a time."""
    found: dict[str, Any] = next(iter((data.get("items") or {}).get("data") or ()), {})
    return found


def _subscription(data: dict[str, Any]) -> ProviderSubscription:
    # Newer versions of Stripe's interface say the period with the item, older ones with the subscription.
    item = _item(data)
    metadata = data.get("metadata") or {}
    start = item.get("current_period_start") or data.get("current_period_start")
    end = item.get("current_period_end") or data.get("current_period_end")
    return ProviderSubscription(
        id=str(data["id"]),
        status=_STATUS.get(str(data["status"]), "incomplete"),
        period_start=_moment(start),
        period_end=_moment(end),
        ends_with_period=bool(data.get("cancel_at_period_end")),
        attempt=str(metadata.get("attempt", "")),
        created=int(data.get("created") or 0),
        price=str((item.get("price") or item.get("plan") or {}).get("id") or ""),
        plan=str(metadata.get("plan", "")),
    )


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def stripe_subscriptions() -> StripeSubscriptions:
    """The running application's account. Raises :class:`PaymentProviderFailure` where no key is set."""

    def make(settings: Settings) -> StripeSubscriptions:
        if settings.stripe_secret_key is None:
            raise PaymentProviderFailure("not_configured")
        return StripeSubscriptions(
            settings.stripe_secret_key.get_secret_value(),
            settings.stripe_api_base,
            settings.stripe_timeout_seconds,
        )

    return once_per_application("stripe_subscriptions", make)
