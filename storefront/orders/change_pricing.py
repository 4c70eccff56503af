"""What an order would cost if it were changed: by the same rules as the checkout, at the prices it was bought at.

A line that stays keeps its price; another variant has the price of today. The promotions that were in force when the
order was placed count, so that nobody loses one by correcting a street.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from storefront.cart.queries.lines import Parent, is_sold, line_columns, line_from
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session
from storefront.orders.changeable import CurrentLine, CurrentOrder, LineChange, WantedChange, units_by_product
from storefront.orders.errors import OrderNotChangeable, ProductNotSold
from storefront.orders.taxing import charged, taxation_of
from storefront.payments.methods import FREE, GIFT_CARD
from storefront.payments.queries import payment_method
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.totals import LineTotals, Totals
from storefront.promotions.evaluation import Reductions
from storefront.promotions.queries import Customer, candidates_for
from storefront.shipping.errors import MethodUnavailable
from storefront.shipping.queries import ShippingOption, methods_for


@dataclass(frozen=True, slots=True)
class Repriced:
    """The order as it would be. ``kept`` are the ids of the lines, in the order of ``snapshot`` and ``totals``."""

    wanted: WantedChange
    kept: tuple[uuid.UUID, ...]
    snapshot: CartSnapshot
    totals: Totals
    reductions: Reductions
    customer: Customer
    option: ShippingOption

    @property
    def units(self) -> dict[uuid.UUID, int]:
        """Units by product."""
        return units_by_product((line.product_id, line.quantity) for line in self.snapshot.lines)

    @property
    def lines(self) -> list[tuple[uuid.UUID, LineSnapshot, LineTotals]]:
        """Each line's id with what it is and comes to."""
        return list(zip(self.kept, self.snapshot.lines, self.totals.lines, strict=True))


def reprice(order: CurrentOrder, wanted: WantedChange) -> Repriced:
    """Price the order as it is to be.

    Raises :class:`OrderNotChangeable` (``empty``, ``line``, ``tax``), :class:`ProductNotSold`,
    :class:`MethodUnavailable` where nothing goes to that address, and ``UnknownPaymentMethod``.
    """
    kept, lines = _lines(order, wanted)
    address = wanted.shipping_address
    if wanted.payment_method not in (GIFT_CARD.code, FREE.code):
        payment_method(wanted.payment_method, address.country)
    snapshot = CartSnapshot(tuple(lines), order.currency)
    customer = Customer(order.user_id, order.email)
    candidates = candidates_for(snapshot, customer, order.code, order_id=order.id, moment=order.placed_at)
    goods = snapshot.subtotal - candidates.at().amount
    options = methods_for(address.country, address.region, goods, snapshot.weight)
    if not options:
        raise MethodUnavailable(wanted.shipping_method, address.country)
    option = next((one for one in options if one.code == wanted.shipping_method), options[0])
    was = taxation_of(order.shipping_address.country, order.shipping_address.region, order.vat_number)
    if was.snapshot(snapshot) != snapshot:
        # It was bought at other prices than the catalog's: what they would be here nobody can tell.
        raise OrderNotChangeable(order.number, "tax")
    taxing = taxation_of(address.country, address.region, order.vat_number)
    priced = charged(taxing, snapshot, option.amount, candidates.at(option.amount))
    return Repriced(
        replace(wanted, shipping_method=option.code),
        kept,
        priced.snapshot,
        priced.totals,
        priced.reductions,
        customer,
        option,
    )


def _lines(order: CurrentOrder, wanted: WantedChange) -> tuple[tuple[uuid.UUID, ...], Sequence[LineSnapshot]]:
    changes = dict(wanted.lines)
    known = _products({one.product_id for one in order.lines} | {one.product_id for one in changes.values()})
    kept: list[uuid.UUID] = []
    found: list[LineSnapshot] = []
    for line in order.lines:
        if line.product_id is None or line.product_id not in known:
            raise OrderNotChangeable(order.number, "line")
        change = changes.pop(line.id, LineChange(line.product_id, line.quantity))
        if not line.may_become(change):
            raise OrderNotChangeable(order.number, "line")
        if change.quantity == 0:
            continue
        kept.append(line.id)
        found.append(_changed(order, line, change, known))
    products = [line.product_id for line in found]
    if changes or len(products) != len(set(products)):
        raise OrderNotChangeable(order.number, "line")
    if not found:
        raise OrderNotChangeable(order.number, "empty")
    return tuple(kept), found


def _changed(
    order: CurrentOrder,
    line: CurrentLine,
    change: LineChange,
    known: Mapping[uuid.UUID, tuple[LineSnapshot, bool]],
) -> LineSnapshot:
    assert line.product_id is not None
    before, _sold = known[line.product_id]
    snapshot, is_on_sale = known.get(change.product_id, (before, False))
    if not 1 <= change.quantity <= 99 and change.quantity != line.quantity:
        raise OrderNotChangeable(order.number, "line")
    if change.product_id == line.product_id:
        if change.quantity > line.quantity and not is_on_sale:
            raise ProductNotSold(line.product_id, line.name)
        return replace(before, name=line.name, quantity=change.quantity, unit_price=line.unit_price)
    # Another variant of the same product: nothing else can take a line's place.
    if snapshot.parent_id is None or snapshot.parent_id != before.parent_id:
        raise OrderNotChangeable(order.number, "line")
    if not is_on_sale:
        raise ProductNotSold(snapshot.product_id, snapshot.name)
    return replace(snapshot, quantity=change.quantity)


def _products(ids: set[uuid.UUID | None]) -> dict[uuid.UUID, tuple[LineSnapshot, bool]]:
    """The products as they are today, and whether each is on sale. One statement."""
    columns: tuple[Any, ...] = (
        *line_columns(),
        sa.literal(1).label("quantity"),
        sa.null().label("seen_price"),
        is_sold().label("is_sold"),
    )
    rows = session().execute(
        sa.select(*columns)
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .where(Product.id.in_([one for one in ids if one is not None])),
        {"moment": now()},
    )
    return {row.product_id: (line_from(row), bool(row.is_sold)) for row in rows}
