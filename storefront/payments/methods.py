"""The ways to pay, behind one interface.

A method decides and remembers outside this database; the order's rows are written by ``orders``. It is
called with no transaction open, always with an idempotency key: the same key must never take money twice.
On invoice and on delivery there is nobody to ask: they say yes at once. A card provider joins by
implementing :class:`PaymentMethod`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The provider's yes: under which reference, and whether the money is promised or already here."""

    reference: str
    status: Literal["authorised", "captured"] = "authorised"
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid: for which order, how much, and the key that makes a repetition harmless."""

    order_id: uuid.UUID
    amount: Decimal
    currency: str
    idempotency_key: str


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

    def offered_to(self, country: str) -> bool:
        """Whether an order that goes to this country can be paid this way."""
        ...

    def authorise(self, charge: Charge) -> Authorisation:
        """Ask for the money. Raises :class:`PaymentDeclined`."""
        ...

    def void(self, reference: str, idempotency_key: str) -> None:
        """Let go of an authorisation whose order did not come about."""
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

    ``countries`` limits it to destinations; None means all.
    """

    code: str
    label: str
    description: str
    countries: frozenset[str] | None = None
    needs_shopper: bool = False

    def offered_to(self, country: str) -> bool:
        """Whether an order that goes to this country can be paid this way."""
        return self.countries is None or country in self.countries

    def authorise(self, charge: Charge) -> Authorisation:
        """Say yes, under the order's own id."""
        return Authorisation(reference=str(charge.order_id))

    def void(self, reference: str, idempotency_key: str) -> None:
        """There is nothing to let go of."""


METHODS: Sequence[PaymentMethod] = (
    Deferred(
        "invoice",
        "On invoice",
        "The invoice comes by e-mail. Pay by bank transfer within 14 days.",
        countries=EUROPEAN_UNION,
    ),
    Deferred("on_delivery", "On delivery", "Pay the person who brings the parcel. No extra charge."),
)

GIFT_CARD: PaymentMethod = Deferred("gift_card", "Gift card", "Your gift card covers the whole order.")
"""How an order is paid of which nothing is left to pay. Nobody chooses it, so it is none of ``METHODS``."""
