"""From an order to its invoice, and from an invoice to its credit note: the content, before it has a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.core.shop_time import shop_day
from storefront.invoicing.content import Content, Line, RateSum, Seller
from storefront.invoicing.crediting import GivenBack, credited, left_of
from storefront.invoicing.reading import PAID, InvoicedLine, InvoicedOrder
from storefront.payments.cards import CARDS


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
        ordered_on=shop_day(order.placed_at).isoformat(),
        language=order.language,
        payment_method=order.payment_method,
        vat_number=order.vat_number,
        gift_card=order.gift_card,
        reductions=tuple(order.reductions),
        shipping_method=order.shipping_method,
        is_paid=order.payment_status in PAID and order.payment_method != CARDS.code,
    )


def still_holds(invoice: Content, order: InvoicedOrder) -> bool:
    """Whether all that an invoice says is true of the order as it is now.

    Where the goods go is on it only where that is not the buyer's address; which state gets the tax always counts.
    What has nothing to do with a change of the order, like the seller's address, is as it was that day.
    """
    wanted = invoice_of(order)
    if not invoice.shipping_method:  # it was not kept from the beginning
        invoice = replace(invoice, shipping_method=wanted.shipping_method)
    if _named(invoice) != _named(wanted) or invoice.rates != wanted.rates:
        return False
    shows_where = invoice.shipping_address != invoice.billing_address
    if shows_where and invoice.shipping_address != wanted.shipping_address:
        return False
    destination, now = invoice.shipping_address, wanted.shipping_address
    return all(destination.get(part, "") == now.get(part, "") for part in ("country", "region"))


def _named(content: Content) -> tuple[object, ...]:
    """All of an invoice that a change of its order may make untrue, but for amounts by rate and where the goods go."""
    # The way of shipping is called as the shop calls it that day.
    lines = tuple(line if line.sku else replace(line, name="") for line in content.lines)
    return (
        content.billing_address,
        lines,
        content.shipping_method,
        content.treatment,
        content.vat_number,
        content.payment_method,
        content.gift_card,
        content.reductions,
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
    left: Sequence[RateSum],
    amount: Decimal,
    lines: Sequence[GivenBack] = (),
    shown: Sequence[Line] = (),
    reason: str = "",
) -> Content | None:
    """What the credit note over ``amount`` says; None when nothing is left.

    ``left`` is what all credit notes before it left of the invoice and of those of exchanges. It bears the seller of
    today and the buyer of the invoice, and the lines that were ``shown`` where ``lines``, their money, are what it
    credits.
    """
    rates = credited(left, amount, lines)
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


def taking_back(invoice: Content, number: str, issued_on: str, earlier: Sequence[RateSum]) -> Content:
    """What the credit note says by which an invoice no longer holds: all that ``earlier`` credit notes left of it."""
    return replace(
        invoice,
        seller=seller(),
        lines=() if earlier else invoice.lines,
        rates=tuple(one for one in left_of(invoice.rates, earlier) if one.gross)
        or (RateSum(invoice.rates[-1].rate, ZERO, ZERO, ZERO),),
        gift_card=ZERO,
        reductions=() if earlier else invoice.reductions,
        corrects=number,
        corrects_date=issued_on,
    )


def _are_credited(lines: Sequence[GivenBack], rates: Sequence[RateSum]) -> bool:
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.amount:
            sums[line.rate] = sums.get(line.rate, ZERO) + line.amount
    return sums == {one.rate: one.gross for one in rates}
