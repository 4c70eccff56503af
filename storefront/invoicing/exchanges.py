"""Dearer exchanges as their invoices read them: what is paid on top, once it is asked for or paid."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from decimal import Decimal

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.money import ZERO
from storefront.invoicing.content import Content, Line
from storefront.invoicing.drawing_up import invoice_of, rate_sums
from storefront.invoicing.reading import TAKEN, InvoicedLine, InvoicedOrder
from storefront.payments.models import Payment
from storefront.returns.differences import DifferencePart, difference_parts
from storefront.returns.models import Return
from storefront.returns.queries import ReturnedLine, ReturnView, returns_of


def is_charged() -> sa.ColumnElement[bool]:
    """Whether the return's difference counts: promised to be paid later, or paid. Over returns with their payment."""
    return sa.and_(Return.price_difference > 0, sa.not_(Payment.is_for_change))


@dataclass(frozen=True, slots=True)
class InvoicedExchange:
    """A dearer exchange with the parts of its difference. ``is_paid`` when the money is here."""

    view: ReturnView
    parts: tuple[DifferencePart, ...]
    is_paid: bool

    @property
    def return_id(self) -> uuid.UUID:
        """The return that it is."""
        return self.view.id

    @property
    def item_ids(self) -> frozenset[uuid.UUID]:
        """The order's lines that something is paid for on top."""
        return frozenset(part.item_id for part in self.parts)


def charged_exchanges(order: InvoicedOrder) -> list[InvoicedExchange]:
    """The order's exchanges whose difference counts, the oldest first. One statement, three where there are any."""
    rows = session().execute(
        sa.select(Return.id, Payment.status)
        .join(Payment, Payment.id == Return.payment_id)
        .where(Return.order_id == order.id, is_charged())
    )
    statuses = dict(rows.all())
    if not statuses:
        return []
    rates = {line.item_id: line.rate for line in order.lines if line.item_id is not None}
    return [
        InvoicedExchange(
            one,
            tuple(difference_parts(one.lines, one.price_difference, rates)),
            statuses[one.id] in TAKEN,
        )
        for one in returns_of(order.id)
        if one.id in statuses
    ]


def invoice_of_exchange(order: InvoicedOrder, exchange: InvoicedExchange) -> Content:
    """What the invoice over the difference says. Cheaper lines of the exchange have lowered it, and stand as such."""
    lines = {line.item_id: line for line in exchange.view.lines}
    net = [part.amount if order.prices_include_tax else part.amount - part.tax for part in exchange.parts]
    sums = [
        InvoicedLine(amount, part.tax, part.rate) for amount, part in zip(net, exchange.parts, strict=True)
    ]
    cheaper = [
        (line.replacement_name, -line.price_difference)
        for line in exchange.view.lines
        if line.price_difference < 0
    ]
    return replace(
        invoice_of(order),
        lines=tuple(
            _line(lines[part.item_id], amount, part.rate)
            for amount, part in zip(net, exchange.parts, strict=True)
        ),
        rates=rate_sums(sums, prices_include_tax=order.prices_include_tax),
        payment_method=exchange.view.payment_method,
        gift_card=ZERO,
        reductions=tuple(cheaper),
        shipping_method="",
        exchange=exchange.view.number,
        is_paid=exchange.is_paid,
    )


def _line(line: ReturnedLine, amount: Decimal, rate: Decimal) -> Line:
    each = amount / line.quantity
    return Line(
        name=line.replacement_name,
        quantity=line.quantity,
        unit_price=each if each == round(each, 2) else ZERO,
        amount=amount,
        rate=rate,
        sku=line.replacement_sku,
        note=", ".join(
            str(value)
            for value in line.replacement_options.values()
            if str(value) not in line.replacement_name
        ),
        instead_of=line.name,
    )
