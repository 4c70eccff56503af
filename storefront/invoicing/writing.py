"""Writing a document down: its row, its rates, and the number that the database draws for it."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from storefront.core.db import session
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.core.shop_time import today
from storefront.invoicing.content import Content
from storefront.invoicing.models import Invoice, InvoiceTax


@dataclass(frozen=True, slots=True)
class Names:
    """What a document is about beside its order. With ``corrects_id``, an invoice, it is a credit note.

    ``replaces_id`` is the invoice whose place it takes, ``return_id`` the exchange that it is for.
    """

    corrects_id: uuid.UUID | None = None
    replaces_id: uuid.UUID | None = None
    return_id: uuid.UUID | None = None
    refund_id: uuid.UUID | None = None
    order_refund_id: uuid.UUID | None = None


def write_document(order_id: uuid.UUID, content: Content, cause: str, names: Names) -> str:
    """Write the document down and return its number, which waits for nobody but other documents.

    The state that gets the tax is the one where the goods of this document went, whatever became of the order since.
    """
    settings, invoice_id = current_settings(), new_id()
    kind, prefix = (
        ("credit_note", settings.credit_note_prefix)
        if names.corrects_id
        else ("invoice", settings.invoice_prefix)
    )
    number = session().scalar(
        sa.insert(Invoice)
        .values(
            id=invoice_id,
            kind=kind,
            prefix=prefix,
            issued_on=today(),
            order_id=order_id,
            cause=cause,
            **asdict(names),
            country=content.shipping_address.get("country", ""),
            region=content.shipping_address.get("region", ""),
            treatment=content.treatment,
            vat_number=content.vat_number or None,
            currency=content.currency,
            net=content.net,
            tax=content.tax,
            gross=content.gross,
            content=content.stored(),
        )
        .returning(Invoice.document_number)
    )
    session().execute(
        sa.insert(InvoiceTax),
        [
            {"invoice_id": invoice_id, "rate": one.rate, "net": one.net, "tax": one.tax, "gross": one.gross}
            for one in content.rates
        ],
    )
    return str(number)
