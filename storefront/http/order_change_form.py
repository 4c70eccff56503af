"""The form in which an order is changed, by its shopper or by staff: filled with what is, read as what is to be."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.address_form import AddressFields, tidy
from storefront.http.address_words import written_address
from storefront.http.formats import format_money
from storefront.http.order_words import payment_name
from storefront.orders.change_quotes import Quote
from storefront.orders.changeable import Choice, CurrentOrder, LineChange, WantedChange
from storefront.orders.services import PostalAddress
from storefront.payments.methods import PaymentMethod
from storefront.payments.queries import providers
from storefront.shipping.queries import shipping_table

ADDRESS = ("full_name", "company", "line1", "line2", "postal_code", "city", "region", "country", "phone")


@dataclass(frozen=True, slots=True)
class LineField:
    """A line in the form: what it is called, how many, and which variant of ``choices`` (none: it has none)."""

    id: uuid.UUID
    name: str
    quantity: int
    product_id: uuid.UUID
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ChangeForm:
    """The whole form. ``methods`` are the ways to pay that its country allows."""

    order: CurrentOrder
    address: AddressFields
    lines: tuple[LineField, ...]
    methods: tuple[PaymentMethod, ...]
    payment_method: str
    shipping_method: str
    expected_total: str = ""

    def wanted(self) -> WantedChange:
        """The order as it is to be."""
        parts = {name: str(self.address[name].data or "") for name in ADDRESS}
        return WantedChange(
            PostalAddress(**parts),
            self.shipping_method,
            self.payment_method,
            {line.id: LineChange(line.product_id, line.quantity) for line in self.lines},
        )

    def agreed(self) -> Decimal:
        """The total that the confirmation showed; what fits no order when it was tampered with."""
        try:
            amount = Decimal(self.expected_total)
        except InvalidOperation:
            return Decimal(-1)
        return amount if amount.is_finite() and abs(amount) < 10**10 else Decimal(-1)


def change_form(
    order: CurrentOrder, choices: Mapping[uuid.UUID, list[Choice]], sent: Mapping[str, str] | None
) -> ChangeForm:
    """The form as it is opened, or as it was ``sent``; nothing is checked yet."""
    address = AddressFields(formdata=sent, prefix="shipping-", meta={"csrf": False})
    if sent is None:
        for name in ADDRESS:
            address[name].data = getattr(order.shipping_address, name)
    countries = shipping_table().countries()
    if countries is not None:
        address.country.limit(set(countries))
    given = sent or {}
    lines = tuple(
        LineField(
            line.id,
            line.name,
            _number(given.get(f"quantity-{line.id}"), line.quantity),
            _key(given.get(f"product-{line.id}"), line.product_id),
            tuple(choices.get(line.id, ())),
        )
        for line in order.lines
        if line.product_id is not None
    )
    return ChangeForm(
        order,
        address,
        lines,
        tuple(providers(tidy(address.country.data) or "")),
        (given.get("payment_method") or order.payment_method)[:100],
        (given.get("shipping_method") or order.shipping_method)[:100],
        (given.get("expected_total") or "")[:30],
    )


def _number(text: str | None, otherwise: int) -> int:
    try:
        number = int(text) if text is not None else otherwise
    except ValueError:
        return -1
    return number if abs(number) < 10_000 else -1


def _key(text: str | None, otherwise: uuid.UUID) -> uuid.UUID:
    try:
        return uuid.UUID(text) if text else otherwise
    except ValueError:
        return otherwise


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changes: what, from, to. ``is_amount`` for the sums below the line."""

    what: str
    was: str
    now: str
    is_amount: bool = False


def differences(
    quote: Quote, choices: Mapping[uuid.UUID, list[Choice]], shipping_name: str
) -> list[Difference]:
    """What a change changes, in words: the parts first, then the amounts."""
    before, after = quote.before, quote.after
    found: list[Difference] = []
    wanted = after.wanted
    if before.shipping_address != wanted.shipping_address:
        was, to = written_address(before.shipping_address), written_address(wanted.shipping_address)
        found.append(Difference(_("Delivery to"), ", ".join(was), ", ".join(to)))
    if after.price is not None and before.shipping_method != wanted.shipping_method:
        now = after.price.option.name
        found.append(Difference(_("Shipping"), shipping_name or before.shipping_method, now))
    if before.payment_method != wanted.payment_method:
        was_paid, to_be_paid = payment_name(before.payment_method), payment_name(wanted.payment_method)
        found.append(Difference(_("Payment"), was_paid, to_be_paid))
    found += _lines(quote, choices)
    return found + _amounts(quote)


def _lines(quote: Quote, choices: Mapping[uuid.UUID, list[Choice]]) -> list[Difference]:
    kept = {line.id: line for line in quote.after.lines}
    found = []
    for line in quote.before.lines:
        new = kept.get(line.id)
        labels = {one.product_id: one.label for one in choices.get(line.id, [])}
        was = _said(line.quantity, labels.get(line.product_id, "") if line.product_id else "")
        label = labels.get(new.product_id, "") if new and new.product_id else ""
        now = _said(new.quantity, label) if new else _("not any more")
        if was != now:
            found.append(Difference(line.name, was, now))
    return found


def _said(units: int, label: str) -> str:
    said = ngettext("%(num)s unit", "%(num)s units", units)
    return f"{said}, {label}" if label else said


def _amounts(quote: Quote) -> list[Difference]:
    before, totals, currency = quote.before, quote.after.totals, quote.before.currency
    rows = (
        (_("Goods"), before.subtotal, totals.subtotal),
        (_("Discount"), -before.discount, -totals.discount),
        (_("Shipping"), before.shipping, totals.shipping),
        (_("Tax"), before.tax, totals.tax),
        (_("Total"), before.total, totals.total),
    )
    return [
        Difference(what, format_money(was, currency), format_money(now, currency), is_amount=True)
        for what, was, now in rows
        if was != now or what == _("Total")
    ]
