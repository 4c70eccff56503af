"""What an order would cost if it were changed.

A change that touches nothing which the price is made of (lines, way to ship, country and region) leaves every amount as
it is written. Any other is priced by the rules of the checkout, with what the order was bought with: a line that stays
keeps its price, a promotion that the order uses goes on counting whoever its buyer is today and whether it still runs,
others count as of the moment the order was placed, and shipping keeps its price unless the change itself makes it
another one. Another variant has the price of today; so has another way to ship, or to another country.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.cart.queries.lines import Parent, is_sold, line_columns, line_from
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session
from storefront.orders.changeable import CurrentLine, CurrentOrder, LineChange, WantedChange, units_by_product
from storefront.orders.errors import OrderNotChangeable, ProductNotSold
from storefront.orders.quoting import Ways, quote
from storefront.orders.taxing import taxation_of
from storefront.payments.methods import FREE, GIFT_CARD
from storefront.payments.queries import payment_method
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.taxation import Taxation
from storefront.pricing.totals import LineTotals, Totals
from storefront.promotions.evaluation import Reductions
from storefront.promotions.queries import Candidates, Customer, candidates_for
from storefront.shipping.errors import MethodUnavailable
from storefront.shipping.queries import ShippingOption, ShippingTable, shipping_table


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of the order as it would be."""

    id: uuid.UUID
    product_id: uuid.UUID | None
    quantity: int


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What is written anew: each line's id with what it is and comes to, what reduces them, how they are sent."""

    lines: tuple[tuple[uuid.UUID, LineSnapshot, LineTotals], ...]
    reductions: Reductions
    customer: Customer
    option: ShippingOption


@dataclass(frozen=True, slots=True)
class Repriced:
    """The order as it would be. ``price`` is None where all amounts stay as they are written."""

    wanted: WantedChange
    lines: tuple[ChangedLine, ...]
    totals: Totals
    price: NewPrice | None = None

    @property
    def units(self) -> dict[uuid.UUID, int]:
        """Units by product."""
        return units_by_product((line.product_id, line.quantity) for line in self.lines)


def reprice(order: CurrentOrder, wanted: WantedChange) -> Repriced:
    """Price the order as it is to be.

    Raises :class:`OrderNotChangeable` (``empty``, ``line``), :class:`ProductNotSold`, :class:`MethodUnavailable` where
    nothing goes to that address, and ``UnknownPaymentMethod``.
    """
    address = wanted.shipping_address
    if wanted.payment_method not in (GIFT_CARD.code, FREE.code):
        payment_method(wanted.payment_method, address.country)
    if order.keeps_its_price(wanted):
        same = tuple(ChangedLine(line.id, line.product_id, line.quantity) for line in order.lines)
        return Repriced(wanted, same, order.totals)
    was = order.taxation()
    stays = order.goes_to(address)
    taxing = was if stays else taxation_of(address.country, address.region, order.vat_number)
    kept, before, after = _lines(order, wanted, was)
    customer = Customer(order.user_id, order.email)
    candidates = candidates_for(after, customer, order.code, order_id=order.id, moment=order.placed_at)
    table = shipping_table()
    ways: Ways = (
        _ways_as_bought(order, table, candidates, before, after, was)
        if stays
        else lambda goods: table.options(address.country, address.region, goods, after.weight)
    )
    quotation = quote(after, candidates, ways, wanted.shipping_method, taxing)
    if quotation.option is None:
        raise MethodUnavailable(wanted.shipping_method, address.country)
    lines = tuple(zip(kept, quotation.snapshot.lines, quotation.totals.lines, strict=True))
    return Repriced(
        replace(wanted, shipping_method=quotation.option.code),
        tuple(ChangedLine(key, line.product_id, line.quantity) for key, line, _totals in lines),
        quotation.totals,
        NewPrice(lines, quotation.reductions, customer, quotation.option),
    )


def _ways_as_bought(
    order: CurrentOrder,
    table: ShippingTable,
    candidates: Candidates,
    before: CartSnapshot,
    after: CartSnapshot,
    was: Taxation,
) -> Ways:
    """The ways to ship to where the order goes. The one it takes costs what it did, also when it is offered no more.

    Unless the other goods make it another price: then it is the one of today.
    """
    address = order.shipping_address
    paid = was.catalog_shipping(order.full_shipping)
    earlier = before.subtotal - candidates.of(before).at().amount

    def ways(goods: Decimal) -> Sequence[ShippingOption]:
        today = table.options(address.country, address.region, goods, after.weight)
        then = table.options(address.country, address.region, earlier, before.weight)
        price_then = next((one.amount for one in then if one.code == order.shipping_method), None)
        own = next((one for one in today if one.code == order.shipping_method), None)
        if own is None:
            return [*today, ShippingOption(order.shipping_method, order.shipping_method, "", paid, 0, 0)]
        if own.amount != price_then:
            return today
        return [replace(one, amount=paid) if one is own else one for one in today]

    return ways


def _lines(
    order: CurrentOrder, wanted: WantedChange, was: Taxation
) -> tuple[tuple[uuid.UUID, ...], CartSnapshot, CartSnapshot]:
    """The ids of the lines that stay, and the goods as they are and as they will be, at the catalog's prices."""
    changes = dict(wanted.lines)
    known = _products({one.product_id for one in order.lines} | {one.product_id for one in changes.values()})
    kept: list[uuid.UUID] = []
    before: list[LineSnapshot] = []
    after: list[LineSnapshot] = []
    for line in order.lines:
        if line.product_id is None or line.product_id not in known:
            raise OrderNotChangeable(order.number, "line")
        change = changes.pop(line.id, LineChange(line.product_id, line.quantity))
        if not line.may_become(change):
            raise OrderNotChangeable(order.number, "line")
        product, _sold = known[line.product_id]
        price = was.catalog_price(line.unit_price, product.category_id)
        bought = replace(product, name=line.name, quantity=line.quantity, unit_price=price)
        before.append(bought)
        if change.quantity:
            kept.append(line.id)
            after.append(_changed(order, line, bought, change, known))
    products = [line.product_id for line in after]
    if changes or len(products) != len(set(products)):
        raise OrderNotChangeable(order.number, "line")
    if not after:
        raise OrderNotChangeable(order.number, "empty")
    return (
        tuple(kept),
        CartSnapshot(tuple(before), order.currency),
        CartSnapshot(tuple(after), order.currency),
    )


def _changed(
    order: CurrentOrder,
    line: CurrentLine,
    bought: LineSnapshot,
    change: LineChange,
    known: Mapping[uuid.UUID, tuple[LineSnapshot, bool]],
) -> LineSnapshot:
    product, is_on_sale = known.get(change.product_id, (bought, False))
    if not 1 <= change.quantity <= 99 and change.quantity != line.quantity:
        raise OrderNotChangeable(order.number, "line")
    if change.product_id == bought.product_id:
        if change.quantity > line.quantity and not is_on_sale:
            raise ProductNotSold(bought.product_id, line.name)
        return replace(bought, quantity=change.quantity)
    # Another variant of the same product: nothing else can take a line's place.
    if product.parent_id is None or product.parent_id != bought.parent_id:
        raise OrderNotChangeable(order.number, "line")
    if not is_on_sale:
        raise ProductNotSold(product.product_id, product.name)
    return replace(product, quantity=change.quantity)


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
