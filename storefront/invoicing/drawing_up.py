"""From an order to its invoice, and from an invoice to its credit note: the content, before it has a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.invoicing.content import Content, Line, RateSum, Seller
from storefront.invoicing.crediting import GivenBack, credited, left_of
from storefront.invoicing.reading import InvoicedLine, InvoicedOrder


def seller() -> Seller:
    """The shop as its settings name it today."""
    settings = current_settings()
    return Seller(
        name=settings.shop_legal_name or settings.shop_name,
        lines=tuple(part.strip() for part in settings.shop_address.split(",") if part.strip()),
        email=settings.shop_email,
        vat_number=settings.shop_vat_number or "",
        register=settings.shop_register or "",
        bank_account=settings.shop_bank_account or "",
    )


def invoice_of(order: InvoicedOrder) -> Content:
    """What the order's invoice says."""
    lines = tuple(
        Line(
            name=line.name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            amount=line.amount,
            rate=line.rate,
            discount=line.discount,
            sku=line.sku,
            note=line.note,
        )
        for line in order.lines
    )
    if order.shipping.amount or order.shipping_name:
        shipping = order.shipping
        lines += (Line(order.shipping_name, 1, shipping.amount, shipping.amount, shipping.rate),)
    return Content(
        seller=seller(),
        billing_address=order.billing_address,
        shipping_address=order.shipping_address,
        lines=lines,
        rates=rate_sums([*order.lines, order.shipping], prices_include_tax=order.prices_include_tax),
        currency=order.currency,
        prices_include_tax=order.prices_include_tax,
        treatment=order.treatment,
        order_number=order.number,
        ordered_on=order.placed_at.date().isoformat(),
        language=order.language,
        payment_method=order.payment_method,
        vat_number=order.vat_number,
        gift_card=order.gift_card,
        reductions=tuple(order.reductions),
    )


def rate_sums(lines: Sequence[InvoicedLine], *, prices_include_tax: bool) -> tuple[RateSum, ...]:
    """The sums of each rate, the highest first; what costs nothing has no rate of its own."""
    sums: dict[Decimal, list[Decimal]] = {}
    for line in lines:
        if line.amount or line.tax:
            amount, tax = sums.setdefault(line.rate, [ZERO, ZERO])
            sums[line.rate] = [amount + line.amount, tax + line.tax]
    if not sums:
        return (RateSum(Decimal(0), ZERO, ZERO, ZERO),)
    return tuple(
        RateSum(rate, amount - tax, tax, amount)
        if prices_include_tax
        else RateSum(rate, amount, tax, amount + tax)
        for rate, (amount, tax) in sorted(sums.items(), reverse=True)
    )


def credit_note_of(
    invoice: Content,
    number: str,
    issued_on: str,
    earlier: Sequence[RateSum],
    amount: Decimal,
    lines: Sequence[GivenBack] = (),
    shown: Sequence[Line] = (),
    reason: str = "",
) -> Content | None:
    """What the credit note over ``amount`` says; None when nothing is left of the invoice.

    ``earlier`` are the rates of all credit notes before it. It bears the seller of today and the buyer of the invoice,
    and the lines that were ``shown`` where ``lines``, their money, are what it credits.
    """
    rates = credited(left_of(invoice.rates, earlier), amount, lines)
    if not rates:
        return None
    return replace(
        invoice,
        seller=seller(),
        lines=tuple(shown) if _are_credited(lines, rates) else (),
        rates=rates,
        gift_card=ZERO,
        reductions=(),
        corrects=number,
        corrects_date=issued_on,
        reason=reason,
    )


def _are_credited(lines: Sequence[GivenBack], rates: Sequence[RateSum]) -> bool:
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.amount:
            sums[line.rate] = sums.get(line.rate, ZERO) + line.amount
    return sums == {one.rate: one.gross for one in rates}
