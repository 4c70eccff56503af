"""The ways to pay, behind one interface.

A method decides and remembers outside this database; the order's rows are written by ``orders``. It is
called with no transaction open, always with an idempotency key: the same key must never take money twice.
On invoice and on delivery there is nobody to ask: they say yes at once, in the transaction that asks. Cards are in
``cards``.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from storefront.core.texts import N_


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The provider's yes: under which reference, and whether the money is promised or already here.

    ``captured`` is how much is here, all of it unless said otherwise. ``card`` is the provider's name for what paid.
    """

    reference: str
    status: Literal["authorised", "captured"] = "authorised"
    captured: Decimal | None = None
    card: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NeedsShopper:
    """Nobody has paid yet: the shopper completes it in their browser, with ``client_secret``, which is not stored."""

    reference: str
    client_secret: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid: for which order, how much, and the key that makes a repetition harmless.

    ``at_once``: the money is taken when the shopper pays, whatever the shop does with orders.
    """

    order_id: uuid.UUID
    amount: Decimal
    currency: str
    idempotency_key: str
    order_number: str = ""
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The payment that somebody is asked about. Without a ``reference`` it is found by its order.

    ``captured`` is what was taken of it so far, as we know.
    """

    order_id: uuid.UUID
    reference: str | None
    currency: str
    created_at: datetime
    captured: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money that went back at the provider. ``refund_id`` is our row's id; empty when it was not us."""

    reference: str
    status: Literal["pending", "succeeded", "failed"]
    amount: Decimal
    refund_id: str = ""


@dataclass(frozen=True, slots=True)
class PaymentState:
    """How a payment stands at the provider. ``error`` is why the last attempt failed, in the provider's word.

    ``open`` waits for the shopper, ``processing`` for the bank. ``captured`` is all that was taken so far, also
    of what is still ``authorised``. ``given_back`` is only asked for once no more can be taken.
    ``amount`` (None: what was asked for) and ``currency`` are what the shopper is to pay, or has paid, there;
    ``card`` is the provider's name for what they pay it with.
    """

    reference: str
    status: Literal["open", "processing", "authorised", "captured", "cancelled"]
    captured: Decimal = Decimal(0)
    client_secret: str = ""
    error: str = ""
    given_back: tuple[GivenBack, ...] = ()
    amount: Decimal | None = None
    currency: str = ""
    card: str = ""

    @property
    def is_unpaid(self) -> bool:
        """Whether it still waits for somebody; :func:`unpaid` says for whom."""
        return self.status in ("open", "processing")

    def is_for(self, amount: Decimal, currency: str) -> bool:
        """Whether what is paid there is what was asked for."""
        return self.amount is None or (self.amount, self.currency) == (amount, currency)


Unpaid = Literal["unknown", "waiting", "processing", "declined"]


def unpaid(state: PaymentState | None) -> Unpaid:
    """How a payment that is not made yet stands.

    ``unknown`` where it was never begun at the provider, ``waiting`` for the shopper, ``declined`` at their last
    attempt, ``processing`` at the bank.
    """
    if state is None:
        return "unknown"
    if state.status == "processing":
        return "processing"
    return "declined" if state.error else "waiting"


class PaymentMethod(Protocol):
    """One way to pay."""

    @property
    def code(self) -> str:
        """The stable name, as orders keep it."""
        ...

    @property
    def label(self) -> str:
        """What shoppers choose, in English; translated where it is shown."""
        ...

    @property
    def description(self) -> str:
        """One sentence under the label."""
        ...

    @property
    def needs_shopper(self) -> bool:
        """True when an unfinished payment cannot be completed without them (a card's 3-D Secure)."""
        ...

    @property
    def answers_at_once(self) -> bool:
        """True when ``authorise`` asks nobody: it may then be part of a transaction."""
        ...

    @property
    def gives_back(self) -> bool:
        """True when money that was taken goes back the same way, without anybody's hands."""
        ...

    def offered_to(self, country: str) -> bool:
        """Whether an order that goes to this country can be paid this way."""
        ...

    def least(self, currency: str) -> Decimal:
        """The smallest amount that can be paid this way, in whole units of ``currency``; zero where any can."""
        ...

    def authorise(self, charge: Charge) -> Authorisation | NeedsShopper:
        """Ask for the money. Raises :class:`PaymentDeclined`."""
        ...

    def capture(
        self, asked: Asked, amount: Decimal, idempotency_key: str, *, final: bool = True
    ) -> PaymentState:
        """Take ``amount`` of what was authorised. After a ``final`` one the rest is let go of."""
        ...

    def refund(self, asked: Asked, amount: Decimal, idempotency_key: str, refund_id: uuid.UUID) -> GivenBack:
        """Give ``amount`` of what was taken back."""
        ...

    def void(self, reference: str, idempotency_key: str) -> None:
        """Let go of an authorisation whose order did not come about."""
        ...

    def status(self, asked: Asked) -> PaymentState | None:
        """How the payment stands. None when it was never begun."""
        ...


EUROPEAN_UNION = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
"""ISO 3166 codes. Greece is GR here, not the EL of its VAT numbers."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """A way to pay later, with nobody to ask now: by invoice after delivery, or to the carrier.

    ``countries`` limits it to destinations; None means all. ``is_paid``: there is nothing left to be paid later.
    """

    code: str
    label: str
    description: str
    countries: frozenset[str] | None = None
    needs_shopper: bool = False
    answers_at_once: bool = True
    gives_back: bool = False
    is_paid: bool = False

    def offered_to(self, country: str) -> bool:
        """Whether an order that goes to this country can be paid this way."""
        return self.countries is None or country in self.countries

    def least(self, currency: str) -> Decimal:
        """Any amount."""
        return Decimal(0)

    def authorise(self, charge: Charge) -> Authorisation:
        """Say yes, under the order's own id."""
        return Authorisation(str(charge.order_id), "captured" if self.is_paid else "authorised")

    def capture(
        self, asked: Asked, amount: Decimal, idempotency_key: str, *, final: bool = True
    ) -> PaymentState:
        """The money has come in on another way, and somebody says so."""
        return PaymentState(
            str(asked.order_id), "captured" if final else "authorised", asked.captured + amount
        )

    def refund(self, asked: Asked, amount: Decimal, idempotency_key: str, refund_id: uuid.UUID) -> GivenBack:
        """Somebody has sent the money back, and says so."""
        return GivenBack(str(refund_id), "succeeded", amount, str(refund_id))

    def void(self, reference: str, idempotency_key: str) -> None:
        """There is nothing to let go of."""

    def status(self, asked: Asked) -> PaymentState | None:
        """Promised from the beginning."""
        return PaymentState(str(asked.order_id), "authorised")


METHODS: Sequence[PaymentMethod] = (
    Deferred(
        "invoice",
        N_("On invoice"),
        N_("The invoice comes by e-mail. Pay by bank transfer within 14 days."),
        countries=EUROPEAN_UNION,
    ),
    Deferred("on_delivery", N_("On delivery"), N_("Pay the person who brings the parcel. No extra charge.")),
)


def is_paid_later(code: str) -> bool:
    """Whether the shopper of an order with this way to pay still pays it themselves, after it was placed."""
    return any(method.code == code for method in METHODS)


INVOICES_DUE = "invoices.issue"
"""The outbox entry for an order whose money has moved: whatever it lacks of invoice and credit notes is issued."""

GIFT_CARD: PaymentMethod = Deferred(
    "gift_card", N_("Gift card"), N_("Your gift card covers the whole order.")
)
"""How an order is paid of which a gift card leaves nothing to pay. Nobody chooses it, so it is none of ``METHODS``."""

FREE: PaymentMethod = Deferred(
    "free", N_("Free of charge"), N_("There is nothing to pay."), gives_back=True, is_paid=True
)
"""How an order is paid that costs nothing: it is paid at once. Nobody chooses it either."""
