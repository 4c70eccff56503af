"""An order's papers in words: as its page lists them, and as the letter says that brings them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.formats import format_money
from storefront.http.invoice_paper import kind_name, listed
from storefront.invoicing.queries import Issued, Papers
from storefront.payments.cards import CARDS


@dataclass(frozen=True, slots=True)
class PaperWords:
    """A document in a list: its ``name``, and what there is to know of it (may be empty)."""

    document: Issued
    name: str
    note: str


def paper_list(documents: Sequence[Issued]) -> list[PaperWords]:
    """The order's documents, in the page's language."""
    no_longer = Papers(tuple(documents)).taken_back
    return [
        PaperWords(one, f"{kind_name(one.kind)} {one.number}", _note(one, holds=one.id not in no_longer))
        for one in documents
    ]


def _note(one: Issued, *, holds: bool) -> str:
    content = one.content
    if one.takes_back:
        return _("takes back %(number)s", number=content.corrects)
    if one.is_credit_note:
        return _("corrects %(numbers)s", numbers=corrected_by(one))
    said = [
        _("for the exchange %(number)s", number=content.exchange) if content.exchange else "",
        _("takes the place of %(number)s", number=content.replaces) if content.replaces else "",
        "" if holds else _("does not hold any more"),
    ]
    return ", ".join(part for part in said if part)


def corrected_by(note: Issued) -> str:
    """The numbers of the invoices that a credit note corrects, inside a sentence."""
    return listed([note.content.corrects, *(number for number, _day in note.content.also_corrects)])


def letter_words(documents: Sequence[Issued], order_number: str) -> tuple[str, str]:
    """The heading and the sentence of the letter that brings these documents, the one it is about first."""
    one = documents[0]
    content, names = one.content, {"document": one.number, "number": order_number}
    if one.takes_back:
        return _("Your invoice does not hold any more"), _(
            "Your order %(number)s was changed. The credit note %(document)s is attached: it takes back the invoice "
            "%(invoice)s, which you need not pay any more. The next invoice comes with the payment.",
            invoice=content.corrects,
            **names,
        )
    if one.is_credit_note:
        amount = format_money(one.gross, one.currency)
        return _("We credited you %(amount)s", amount=amount), ngettext(
            "The credit note %(document)s for your order %(order)s is attached. It corrects the invoice %(invoices)s.",
            "The credit note %(document)s for your order %(order)s is attached. It corrects the invoices %(invoices)s.",
            1 + len(content.also_corrects),
            document=one.number,
            order=order_number,
            invoices=corrected_by(one),
        )
    if len(documents) > 1:
        return _("Your corrected invoice"), _(
            "Your order %(number)s was changed, so its invoice changes too. The invoice %(document)s over %(amount)s "
            "is attached, with the credit note %(note)s that takes back the former invoice %(invoice)s. Only the new "
            "one counts; whatever you have paid counts for it.",
            amount=format_money(one.gross, one.currency),
            note=documents[1].number,
            invoice=content.replaces,
            **names,
        )
    if content.exchange:
        return _("The invoice for your exchange"), _(
            "The invoice %(document)s over what the new goods of your exchange %(exchange)s cost more is attached.",
            exchange=content.exchange,
            **names,
        )
    if content.payment_method == CARDS.code and not content.replaces:
        return _("Your payment and your invoice"), _(
            "Your card has paid for your order %(number)s. The invoice %(document)s is attached.", **names
        )
    return _("Your invoice"), _("The invoice %(document)s for your order %(number)s is attached.", **names)
