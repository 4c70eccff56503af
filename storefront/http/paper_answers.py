"""A document as an answer: for the person whose order it is, and for nobody's cache."""

from __future__ import annotations

from flask import Response

from storefront.core.db import release
from storefront.http.invoice_paper import file_name, paper_of
from storefront.invoicing.queries import Issued


def pdf_of(document: Issued) -> Response:
    """The document's PDF, under its number's name."""
    release()
    return Response(
        paper_of(document),
        mimetype="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{file_name(document)}"',
            "Cache-Control": "private, no-store",
        },
    )
