"""An invoice or credit note on paper: its content in the buyer's language, set in the shop's look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel.lists import format_list
from babel.numbers import format_decimal

from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import in_language, language
from storefront.http.address_words import written_address
from storefront.http.formats import format_date, format_money
from storefront.http.order_words import payment_name
from storefront.invoicing.content import Content, Line
from storefront.invoicing.queries import Issued
from storefront.orders.addresses import address_from
from storefront.payments.methods import FREE, GIFT_CARD
from storefront.providers.typesetting import typeset

_DAYS_TO_PAY = 14


def paper_of(document: Issued) -> bytes:
    """The document as a PDF. The same document makes the same paper, in the language of its order."""
    with in_language(document.content.language):
        return typeset("document", _data(document), document.issued_on)


def file_name(document: Issued) -> str:
    """What the PDF is called when it is saved."""
    return f"{document.number}.pdf"


def kind_name(kind: str) -> str:
    """What a document is called."""
    return _("Credit note") if kind == "credit_note" else _("Invoice")


def _data(document: Issued) -> dict[str, Any]:
    content = document.content
    title = f"{kind_name(document.kind)} {document.number}"
    seller = content.seller
    return {
        "title": title,
        "heading": title,
        "language": content.language,
        "shop": current_settings().shop_name,
        "seller": {"name": seller.name},
        "sender": " · ".join((seller.name, *seller.lines)),
        "buyer": list(written_address(address_from(content.billing_address))),
        "facts": _facts(document),
        "intro": _intro(content),
        "columns": [_("Item"), _("Quantity"), _("Price each"), _("Tax"), _("Amount")],
        "lines": [_line(line, content.currency) for line in content.lines],
        "sums": _sums(document),
        "rates": _rates(content),
        "notes": _notes(document),
        "footer": _footer(content),
        "page": _("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
    }


def _facts(document: Issued) -> list[tuple[str, str]]:
    content = document.content
    facts = [
        (_("Number"), document.number),
        (_("Date"), _day(document.issued_on)),
        (_("Order"), content.order_number),
        (_("Ordered on"), _day(date.fromisoformat(content.ordered_on))),
    ]
    if content.exchange and document.kind == "invoice":
        facts.append((_("Exchange"), content.exchange))
    if content.vat_number:
        facts.append((_("Your VAT number"), content.vat_number))
    if content.shipping_address != content.billing_address:
        goes_to = written_address(address_from(content.shipping_address))
        facts.append((_("Delivered to"), "\n".join(goes_to)))
    return facts


def _intro(content: Content) -> str:
    if content.also_corrects:
        named = [(content.corrects, content.corrects_date), *content.also_corrects]
        return _("This corrects our invoices %(invoices)s.", invoices=listed([_named(*one) for one in named]))
    if content.corrects:
        return _(
            "This corrects our invoice %(number)s of %(date)s.",
            number=content.corrects,
            date=_day(date.fromisoformat(content.corrects_date)),
        )
    if content.exchange:
        return _("Your exchange: this is what the new goods cost more than those that you send back.")
    thanks = _(
        "Thank you for your order. The day of supply is the day on which the goods leave us, as your order says."
    )
    if content.replaces:
        instead = _(
            "Your order was changed: this invoice takes the place of our invoice %(number)s of %(date)s.",
            number=content.replaces,
            date=_day(date.fromisoformat(content.replaces_date)),
        )
        return f"{instead} {thanks}"
    return thanks


def listed(parts: Sequence[str]) -> str:
    """Several things in a sentence: "a, b, and c"."""
    return format_list(parts, locale=language())


def _named(number: str, day: str) -> str:
    return _("%(number)s of %(date)s", number=number, date=_day(date.fromisoformat(day)))


def _line(line: Line, currency: str) -> dict[str, str]:
    is_money_only = not line.unit_price and line.amount
    off = _("%(amount)s discount", amount=format_money(-line.discount, currency)) if line.discount else ""
    instead = _("instead of: %(name)s", name=line.instead_of) if line.instead_of else ""
    return {
        "name": line.name if line.sku else _("Shipping: %(name)s", name=line.name),
        "note": " · ".join(part for part in (line.note, line.sku, instead, off) if part),
        "quantity": str(line.quantity) if line.quantity else "",
        "price": "" if is_money_only else format_money(line.unit_price, currency),
        "rate": percent(line.rate),
        "amount": format_money(line.amount, currency),
    }


def _sums(document: Issued) -> list[dict[str, Any]]:
    content = document.content
    money = content.currency
    rows: list[tuple[str, Decimal, bool]] = [(_("Net amount"), content.net, False)]
    for one in content.rates:
        if one.tax or content.treatment == "taxed":
            rows.append((_("Tax %(rate)s", rate=percent(one.rate)), one.tax, False))
    total = _("Taken back") if document.takes_back else _("Credited to you")
    rows.append((total if document.is_credit_note else _("Total"), content.gross, True))
    if content.gift_card:
        rows.append((_("Paid by gift card"), -content.gift_card, False))
        rows.append((_("Rest"), content.gross - content.gift_card, True))
    return [
        {"label": label, "amount": format_money(amount, money), "strong": strong}
        for label, amount, strong in rows
    ]


def _rates(content: Content) -> dict[str, Any]:
    money = content.currency
    return {
        "heading": _("By tax rate"),
        "columns": [_("Rate"), _("Net"), _("Tax"), _("Gross")],
        "rows": [
            [
                percent(one.rate),
                *(format_money(amount, money) for amount in (one.net, one.tax, one.gross)),
            ]
            for one in content.rates
        ],
    }


def _notes(document: Issued) -> list[str]:
    content = document.content
    notes = []
    if content.treatment == "reverse_charge":
        notes.append(
            _(
                "Reverse charge: tax-free supply within the European Union. The recipient of the goods accounts for "
                "the value added tax."
            )
        )
    elif content.treatment == "untaxed":
        notes.append(_("No tax is charged: the goods leave for a country where we are not liable for it."))
    elif content.prices_include_tax and content.lines:
        notes.append(_("The prices of the items include the tax."))
    if content.reductions:
        named = ", ".join(
            f"{name}: {format_money(-amount, content.currency)}" for name, amount in content.reductions
        )
        notes.append(_("Discounts, in the amounts above: %(discounts)s.", discounts=named))
    notes.append(_credit_note_text(document) if document.kind == "credit_note" else payment_text(content))
    return [note for note in notes if note]


def payment_text(content: Content) -> str:
    """How an invoice is paid, or that it is."""
    if content.is_paid and content.payment_method in ("invoice", "on_delivery"):
        return _("It is paid already: there is nothing left to pay.")
    if content.payment_method == FREE.code:
        return _("There is nothing to pay.")
    if content.payment_method == GIFT_CARD.code:
        return _("Paid by gift card. There is nothing left to pay.")
    if content.payment_method == "invoice":
        account = content.seller.bank_account
        return _(
            "Please pay within %(days)s days to %(account)s, naming the number of this invoice.",
            days=_DAYS_TO_PAY,
            account=account or _("the account that we named to you"),
        )
    if content.payment_method == "on_delivery":
        return _("You pay the carrier when the parcel arrives.")
    return _("Paid: %(method)s.", method=payment_name(content.payment_method))


def _credit_note_text(document: Issued) -> str:
    cause = {
        "refund": _refund_text(document.content),
        "cancellation": _("The order was cancelled. Whatever was paid goes back the way it came."),
        "not_charged": _("This part of the amount was not charged."),
        "change": _(
            "Your order was changed, so the invoice does not hold any more. Another one takes its place and says what "
            "is to be paid. Whatever you have paid counts for that one."
        ),
    }.get(document.cause, "")
    reason = document.content.reason
    return f"{cause} {_('Reason: %(reason)s', reason=reason)}" if reason else cause


def _refund_text(content: Content) -> str:
    """Where the money went; the refund's letter says it in the same words."""
    if not content.waived and not content.to_gift_card:
        return _("The amount has been given back to you.")
    ways = {
        _("%(amount)s of it was not paid yet: please pay that much less."): content.waived,
        _("%(amount)s of it lies on a gift card."): content.to_gift_card,
        _("%(amount)s goes back the way you paid. Your bank may need a few days for it."): content.gross
        - content.waived
        - content.to_gift_card,
    }
    return " ".join(
        text % {"amount": format_money(amount, content.currency)} for text, amount in ways.items() if amount
    )


def _footer(content: Content) -> list[list[str]]:
    seller = content.seller
    tax = [_("VAT number: %(number)s", number=seller.vat_number)] if seller.vat_number else []
    bank = [_("Bank account"), seller.bank_account] if seller.bank_account else []
    register = [seller.register] if seller.register else []
    return [[seller.name, *seller.lines], [seller.email, *tax], [*register, *bank] or [""]]


def percent(rate: Decimal) -> str:
    """``25.5 %`` as the page's language writes it."""
    return _("%(rate)s %%", rate=format_decimal(rate.normalize(), locale=language()))


def _day(day: date) -> str:
    return format_date(day)
