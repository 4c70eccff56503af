"""The smallest amounts that Stripe takes (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""

from __future__ import annotations

from decimal import Decimal

_LEAST = {
    "AED": "2.00",
    "AUD": "0.50",
    "BGN": "1.00",
    "BRL": "0.50",
    "CAD": "0.50",
    "CHF": "0.50",
    "CZK": "15.00",
    "DKK": "2.50",
    "EUR": "0.50",
    "GBP": "0.30",
    "HKD": "4.00",
    "HUF": "175.00",
    "INR": "0.50",
    "JPY": "50.00",
    "MXN": "10.00",
    "MYR": "2.00",
    "NOK": "3.00",
    "NZD": "0.50",
    "PLN": "2.00",
    "RON": "2.00",
    "SEK": "3.00",
    "SGD": "0.50",
    "THB": "10.00",
    "USD": "0.50",
}


def least_amount(currency: str) -> Decimal:
    """The smallest amount of ``currency``, in whole units; zero where Stripe names none: then it may still refuse."""
    return Decimal(_LEAST.get(currency.upper(), "0.00"))
