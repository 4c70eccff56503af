"""What an invoice or credit note says, as it is kept: everything on the paper, and nothing that is looked up later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from storefront.core.money import ZERO


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sells, out of the settings of the day."""

    name: str
    lines: tuple[str, ...]
    email: str
    vat_number: str = ""
    register: str = ""
    bank_account: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of goods, or the shipping (no ``sku``). ``amount`` is after its ``discount``, as prices are shown.

    On a credit note it is what went back of the line: without units where it was money alone, and without a
    ``unit_price`` where the units gave back something else than their price. On an exchange's invoice it is what the
    goods cost more than those that they come ``instead_of``.
    """

    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    rate: Decimal
    discount: Decimal = ZERO
    sku: str = ""
    note: str = ""
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class RateSum:
    """One rate (per cent): ``gross`` is ``net`` and ``tax``."""

    rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Content:
    """The whole document but for its number and date. Amounts are in ``currency``.

    ``prices_include_tax`` says whether the lines' amounts contain it. ``payment_method`` is its code; what a gift card
    paid (``gift_card``) is a payment, no discount. ``corrects`` is the invoice that a credit note is for, with its
    date in ISO form, ``also_corrects`` those of exchanges beside it; ``reason`` is what staff or the shopper said. Of a
    credit note, ``waived`` was not paid yet and lowers what is to pay, and ``to_gift_card`` went onto a gift card.
    ``replaces`` is the invoice whose place an invoice takes, ``exchange`` the exchange that one beside the order's is
    for; ``is_paid`` when nothing is left to pay of one that would be paid later.
    """

    seller: Seller
    billing_address: Mapping[str, str]
    shipping_address: Mapping[str, str]
    lines: tuple[Line, ...]
    rates: tuple[RateSum, ...]
    currency: str
    prices_include_tax: bool
    treatment: str
    order_number: str
    ordered_on: str
    language: str
    payment_method: str
    vat_number: str = ""
    gift_card: Decimal = ZERO
    reductions: tuple[tuple[str, Decimal], ...] = ()
    corrects: str = ""
    corrects_date: str = ""
    reason: str = ""
    waived: Decimal = ZERO
    to_gift_card: Decimal = ZERO
    shipping_method: str = ""
    replaces: str = ""
    replaces_date: str = ""
    also_corrects: tuple[tuple[str, str], ...] = ()
    exchange: str = ""
    is_paid: bool = False

    @property
    def net(self) -> Decimal:
        """Without tax."""
        return sum((one.net for one in self.rates), ZERO)

    @property
    def tax(self) -> Decimal:
        """The tax."""
        return sum((one.tax for one in self.rates), ZERO)

    @property
    def gross(self) -> Decimal:
        """With tax: what is owed, or given back."""
        return sum((one.gross for one in self.rates), ZERO)

    def stored(self) -> dict[str, Any]:
        """The content as jsonb; amounts are text, so that JSON makes no floats of them."""
        found: dict[str, Any] = _written(asdict(self))
        return found


def _written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _written(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_written(one) for one in value]
    return value


def content_from(stored: Mapping[str, Any]) -> Content:
    """The content out of its jsonb."""
    seller = stored["seller"]
    return Content(
        **{
            **stored,
            "seller": Seller(**{**seller, "lines": tuple(seller["lines"])}),
            "lines": tuple(Line(**_amounts(one, _LINE_AMOUNTS)) for one in stored["lines"]),
            "rates": tuple(RateSum(**_amounts(one, tuple(one))) for one in stored["rates"]),
            "gift_card": Decimal(stored["gift_card"]),
            **{name: Decimal(stored.get(name, 0)) for name in ("waived", "to_gift_card")},
            "reductions": tuple((name, Decimal(amount)) for name, amount in stored["reductions"]),
            "also_corrects": tuple((number, day) for number, day in stored.get("also_corrects", ())),
        }
    )


_LINE_AMOUNTS = ("unit_price", "amount", "rate", "discount")


def _amounts(stored: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {**stored, **{name: Decimal(stored[name]) for name in names}}
