"""Amounts that are too small for a way to pay."""

from __future__ import annotations

from decimal import Decimal

from storefront.payments.errors import AmountTooSmall
from storefront.payments.methods import PaymentMethod
from storefront.payments.queries import known_method, providers


def too_small_for(country: str, amount: Decimal, currency: str) -> list[PaymentMethod]:
    """The ways to pay that are not offered because ``amount`` of ``currency`` is too little for them."""
    return [method for method in providers(country) if amount < method.least(currency)]


def check_amount(code: str, amount: Decimal, currency: str, *, is_on_top: bool = False) -> None:
    """Raise :class:`AmountTooSmall` where ``code`` takes more than ``amount`` at the least."""
    method = known_method(code)
    if method is not None and amount < method.least(currency):
        raise AmountTooSmall(code, amount, method.least(currency), currency, is_on_top)
