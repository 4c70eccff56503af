"""Buying the same again: what is still sold goes into the cart, and what could not is named."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

from storefront.cart import services as carts
from storefront.cart.errors import ChooseVariant, QuantityOutOfRange, UnknownProduct
from storefront.core.identity import Identity
from storefront.inventory.errors import InsufficientStock
from storefront.orders.queries import order_page

Why = Literal["gone", "sold_out", "fewer", "enough"]


@dataclass(frozen=True, slots=True)
class NotReordered:
    """A line of which not all could be put into the cart; ``added`` of ``wanted`` units were.

    ``gone``: no longer sold. ``sold_out``: nothing is there. ``fewer``: not as many are there. ``enough``: as many as
    one order may hold lie in the cart.
    """

    name: str
    wanted: int
    added: int
    why: Why


@dataclass(frozen=True, slots=True)
class Reordered:
    """How many units went into the cart, and what did not."""

    added: int
    missing: tuple[NotReordered, ...]


def reorder(identity: Identity, number: str) -> Reordered:
    """Put the lines of this person's order into their cart, at today's prices.

    Raises :class:`NotFound`, also for somebody else's order, and ``CartMissing`` for somebody without a session.
    """
    order = order_page(identity, number)
    added, missing = 0, []
    for line in order.lines:
        count, why = _put(identity, line.product_id, line.quantity)
        added += count
        if why is not None:
            missing.append(NotReordered(line.name, line.quantity, count, why))
    return Reordered(added, tuple(missing))


def _put(identity: Identity, product_id: uuid.UUID | None, wanted: int) -> tuple[int, Why | None]:
    """As many of ``wanted`` as can be; each try may find that another shopper was quicker."""
    if product_id is None:
        return 0, "gone"
    count = wanted
    why: Why | None = None
    while count > 0:
        try:
            carts.add_line(identity, product_id, count)
        except (UnknownProduct, ChooseVariant):
            return 0, "gone"
        except InsufficientStock as refusal:
            # What is wanted in all, in the cart already included, is more than there is.
            count -= max(1, refusal.wanted - refusal.available)
            why = "fewer" if refusal.available else "sold_out"
        except QuantityOutOfRange as refusal:
            count -= max(1, refusal.quantity - refusal.maximum)
            why = "enough"
        else:
            return count, why
    return 0, why
