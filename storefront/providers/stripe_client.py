"""Stripe over its official client: the one module that imports ``stripe``.

Every write carries an idempotency key, so that the client may repeat a request that got no answer. Amounts go out and
come in as Stripe counts them, in the currency's smallest unit (https://docs.stripe.com/currencies).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import stripe

from storefront.core.clock import now
from storefront.core.db import assert_no_transaction
from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings
from storefront.providers.payment_provider import (
    Intent,
    IntentStatus,
    PaymentProviderFailure,
    ProviderEvent,
    ProviderRefund,
    SignatureRefused,
)

T = TypeVar("T")
NAME = "stripe"
TOLERANCE = timedelta(minutes=5)
"""How far an event's time stamp may be from ours, in either direction."""
_CONNECT_SECONDS = 3.05
_REPEATS = 2
_WITHOUT_DECIMALS = frozenset(
    (
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
        *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
    )
)
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
_STATUS: dict[str, IntentStatus] = {
    "requires_payment_method": "open",
    "requires_confirmation": "open",
    "requires_action": "open",
    "processing": "processing",
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "cancelled",
}


def minor_units(amount: Decimal, currency: str) -> int:
    """``amount`` in the smallest unit of ``currency``. Raises ValueError for a part of it that cannot be paid."""
    scaled = amount.scaleb(_exponent(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} {currency}")
    return int(scaled)


def whole_units(amount: int, currency: str) -> Decimal:
    """An amount in the smallest unit of ``currency``, as we write it: with two places."""
    return Decimal(amount).scaleb(-_exponent(currency)).quantize(Decimal("0.01"))


def _exponent(currency: str) -> int:
    code = currency.upper()
    return 0 if code in _WITHOUT_DECIMALS else 3 if code in _THREE_DECIMALS else 2


class StripePayments:
    """Payments of one Stripe account. Each call raises :class:`PaymentProviderFailure`.

    ``read_seconds`` is the longest wait for one answer; a request without an answer is repeated twice.
    """

    def __init__(self, secret_key: str, api_base: str | None, read_seconds: float) -> None:
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base.rstrip("/")} if api_base else None,
            http_client=stripe.RequestsClient(timeout=(_CONNECT_SECONDS, read_seconds)),
            max_network_retries=_REPEATS,
        )

    def create(
        self,
        *,
        amount: Decimal,
        currency: str,
        key: str,
        metadata: dict[str, str],
        capture: str,
    ) -> Intent:
        """Begin a payment that the shopper completes in their browser."""
        params: Any = {
            "amount": minor_units(amount, currency),
            "currency": currency.lower(),
            "metadata": metadata,
            "capture_method": capture,
            "payment_method_types": ["card"],
        }
        if capture == "manual":  # several parcels, several captures, where the card's bank allows it
            params["payment_method_options"] = {"card": {"request_multicapture": "if_available"}}
        return _intent(
            self._ask(lambda: self._client.v1.payment_intents.create(params, {"idempotency_key": key}))
        )

    def retrieve(self, intent_id: str) -> Intent | None:
        """The payment as it is now; None when there is none of that id."""
        try:
            return _intent(self._ask(lambda: self._client.v1.payment_intents.retrieve(intent_id)))
        except PaymentProviderFailure as failure:
            if failure.code == "unknown":
                return None
            raise

    def find(self, order_id: str, since: datetime) -> Intent | None:
        """The payment begun for an order since then, by what we wrote beside it: we never heard its id."""
        params: Any = {"limit": 100, "created": {"gte": int(since.timestamp())}}

        def look() -> Any:
            for one in self._client.v1.payment_intents.list(params).auto_paging_iter():
                if (one.to_dict().get("metadata") or {}).get("order_id") == order_id:
                    return one
            return None

        found = self._ask(look)
        return _intent(found) if found is not None else None

    def capture(
        self, intent_id: str, amount: Decimal, currency: str, key: str, *, final: bool = True
    ) -> Intent:
        """Take ``amount`` of what was authorised. If it is ``final``, the rest is let go of.

        Otherwise the rest stays reserved (https://docs.stripe.com/payments/multicapture), which not every card allows.
        """
        params: Any = {"amount_to_capture": minor_units(amount, currency)}
        if not final:
            params["final_capture"] = False
        options: Any = {"idempotency_key": key}
        return _intent(self._ask(lambda: self._client.v1.payment_intents.capture(intent_id, params, options)))

    def cancel(self, intent_id: str) -> None:
        """Let go of a payment, or of what it did not take yet: it can never take anything afterwards.

        Under a key of the client's own, for its repeats: Stripe answers a known key as it did first for a day, and what
        cannot be let go of at this moment may be a minute later. Twice does no harm.
        """
        self._ask(lambda: self._client.v1.payment_intents.cancel(intent_id))

    def refund(
        self, intent_id: str, amount: Decimal, currency: str, key: str, refund_id: str
    ) -> ProviderRefund:
        """Give ``amount`` back."""
        params: Any = {
            "payment_intent": intent_id,
            "amount": minor_units(amount, currency),
            "metadata": {"refund_id": refund_id},
        }
        options: Any = {"idempotency_key": key}
        return _refund(self._ask(lambda: self._client.v1.refunds.create(params, options)), currency)

    def refunds(self, intent: Intent) -> list[ProviderRefund]:
        """What went back so far. What a capture in part let go of was never ours, and is left out.

        Stripe lists it once, as a refund of just that amount. What somebody gives back there later may be as much.
        """
        params: Any = {"payment_intent": intent.id, "limit": 100}
        found = self._ask(lambda: list(self._client.v1.refunds.list(params).auto_paging_iter()))
        found.sort(key=lambda one: (one.created, one.id))
        rows = [_refund(one, intent.currency) for one in found]
        released = intent.amount - intent.captured
        of_capture = next((row for row in rows if not row.refund_id and row.amount == released), None)
        return [row for row in rows if row is not of_capture]

    def _ask(self, call: Callable[[], T]) -> T:
        assert_no_transaction()
        try:
            return call()
        except stripe.CardError as error:
            raise PaymentProviderFailure("declined", _reason(error)) from error
        except stripe.StripeError as error:
            raise PaymentProviderFailure(_code(error), _reason(error)) from error


def _code(error: stripe.StripeError) -> str:
    if isinstance(error, stripe.APIConnectionError):
        return "unreachable"
    if isinstance(error, stripe.RateLimitError):
        return "busy"
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return "key"
    if error.http_status == 404:
        return "unknown"
    # A key that is in use at this moment, or that was used for something else, says nothing of what became of it.
    if isinstance(error, stripe.IdempotencyError) or error.http_status == 409:
        return "busy"
    if isinstance(error, stripe.InvalidRequestError):
        return "refused"
    return "broken"


def _reason(error: stripe.StripeError) -> str:
    if isinstance(error, stripe.APIConnectionError):
        return type(error.__cause__ or error).__name__  # the message names addresses
    return str(error.code or error.user_message or type(error).__name__)[:200]


def intent_status(word: str) -> IntentStatus:
    """Stripe's word for how a payment stands, as we know it."""
    return _STATUS.get(word, "processing")


def _intent(found: Any) -> Intent:
    data: dict[str, Any] = found.to_dict()
    currency = str(data["currency"]).upper()
    status = intent_status(data["status"])
    received = data.get("amount_received")
    captured = (data["amount"] if status == "captured" else 0) if received is None else received
    if status == "cancelled" and captured:  # the rest was let go of, what was taken before stays taken
        status = "captured"
    failed = data.get("last_payment_error") or {}
    return Intent(
        id=data["id"],
        status=status,
        amount=whole_units(int(data["amount"]), currency),
        captured=whole_units(int(captured), currency),
        currency=currency,
        client_secret=data.get("client_secret") or "",
        order_id=(data.get("metadata") or {}).get("order_id", ""),
        error=str(failed.get("decline_code") or failed.get("code") or ""),
        card=str(data.get("payment_method") or ""),
    )


def _refund(found: Any, currency: str) -> ProviderRefund:
    data: dict[str, Any] = found.to_dict()
    status = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}.get(
        data["status"], "pending"
    )
    return ProviderRefund(
        id=data["id"],
        status=status,  # type: ignore[arg-type]  # one of the three by the line above
        amount=whole_units(int(data["amount"]), currency),
        refund_id=(data.get("metadata") or {}).get("refund_id", ""),
    )


def read_event(body: bytes, signature: str, secrets: Sequence[str]) -> ProviderEvent:
    """The event in a webhook's body. Raises :class:`SignatureRefused`: signed with none of ``secrets``, or not of now.

    Several secrets are accepted while one is being replaced. The time stamp is part of what is signed.
    """
    for secret in secrets:
        try:
            # Its own check of the time knows no future, and not our clock.
            stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        break
    else:
        raise SignatureRefused("signature")
    stamp = next(part[2:] for part in signature.split(",") if part.startswith("t="))
    if abs(int(now().timestamp()) - int(stamp)) > TOLERANCE.total_seconds():
        raise SignatureRefused("time")
    try:
        return _event(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SignatureRefused("body") from None


def _event(data: dict[str, Any]) -> ProviderEvent:
    about: dict[str, Any] = data["data"]["object"]
    is_intent = about.get("object") == "payment_intent"
    intent = about["id"] if is_intent else about.get("payment_intent")
    customer = about.get("customer")
    return ProviderEvent(
        id=str(data["id"]),
        kind=str(data["type"]),
        intent_id=intent if isinstance(intent, str) else "",
        order_id=str((about.get("metadata") or {}).get("order_id", "")) if is_intent else "",
        customer_id=customer if isinstance(customer, str) else "",
    )


def stripe_payments() -> StripePayments:
    """The running application's account. Raises :class:`PaymentProviderFailure` where no key is set."""

    def make(settings: Settings) -> StripePayments:
        if settings.stripe_secret_key is None:
            raise PaymentProviderFailure("not_configured")
        return StripePayments(
            settings.stripe_secret_key.get_secret_value(),
            settings.stripe_api_base,
            settings.stripe_timeout_seconds,
        )

    return once_per_application("stripe_payments", make)
