"""What the cart's forms send, read without trust: shape only, the rules are the service's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from storefront.cart.errors import QuantityOutOfRange, UnknownProduct
from storefront.core.errors import InvalidInput
from storefront.core.texts import gettext as _

LONGEST_NUMBER = 6


@dataclass(frozen=True, slots=True)
class LineForm:
    """A product, named by its id or by its SKU, and how many. ``view`` is where the answer is shown."""

    product_id: uuid.UUID | None
    sku: str
    quantity: int
    view: Literal["page", "drawer"]


def read_line(form: Mapping[str, str], *, quantity: bool = True) -> LineForm:
    """Read a line's form. Raises :class:`UnknownProduct`, :class:`QuantityOutOfRange`, :class:`InvalidInput`."""
    raw_id, sku = form.get("product_id", ""), form.get("sku", "")[:200].replace("\0", "")
    if not raw_id and not sku:
        raise UnknownProduct("")
    return LineForm(
        product_id=_product_id(raw_id) if raw_id else None,
        sku=sku,
        quantity=_quantity(form.get("quantity", "1")) if quantity else 1,
        view="page" if form.get("view") == "page" else "drawer",
    )


def _product_id(raw: str) -> uuid.UUID:
    try:
        return uuid.UUID(raw)
    except ValueError:
        raise UnknownProduct(raw[:60]) from None


def _quantity(raw: str) -> int:
    text = raw.strip()
    if text.removeprefix("-").isdecimal() and len(text) > LONGEST_NUMBER:
        raise QuantityOutOfRange(0 if text.startswith("-") else 10**LONGEST_NUMBER)
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(
            "quantity", _("Please give the quantity as a whole number from 1 to 99.")
        ) from None
