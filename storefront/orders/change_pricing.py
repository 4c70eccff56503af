"""What an order would cost if it were changed: by the same rules as the checkout, at the prices it was bought at.

A line that stays keeps its price; another variant has the price of today. The promotions that were in force when the
order was placed count, so that nobody loses one by correcting a street.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.accounts.models import User
from storefront.cart.queries import Parent, is_sold, line_columns, line_from
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.orders.addresses import PostalAddress, address_from
from storefront.orders.errors import OrderNotChangeable, ProductNotSold
from storefront.orders.models import Order, OrderItem
from storefront.orders.queries import normal_number, visible_to
from storefront.orders.taxing import charged, taxation_of
from storefront.payments.methods import GIFT_CARD
from storefront.payments.queries import payment_method
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.totals import LineTotals, Totals
from storefront.promotions.evaluation import Reductions
from storefront.promotions.queries import Customer, candidates_for
from storefront.shipping.errors import MethodUnavailable
from storefront.shipping.queries import ShippingOption, methods_for


@dataclass(frozen=True, slots=True)
class LineChange:
    """What becomes of a line: so many units (0: none any more) of this product, the same or another variant."""

    product_id: uuid.UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class WantedChange:
    """An order as it is to be. Lines that are not named stay; a shipping method that does not go there is replaced."""

    shipping_address: PostalAddress
    shipping_method: str
    payment_method: str
    lines: Mapping[uuid.UUID, LineChange] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As jsonb."""
        return {
            "shipping_address": self.shipping_address.stored(),
            "shipping_method": self.shipping_method,
            "payment_method": self.payment_method,
            "lines": {
                str(key): {"product_id": str(one.product_id), "quantity": one.quantity}
                for key, one in self.lines.items()
            },
        }


def wanted_from(stored: Mapping[str, Any]) -> WantedChange:
    """The change in a stored value."""
    return WantedChange(
        address_from(stored["shipping_address"]),
        stored["shipping_method"],
        stored["payment_method"],
        {
            uuid.UUID(key): LineChange(uuid.UUID(one["product_id"]), int(one["quantity"]))
            for key, one in stored["lines"].items()
        },
    )


@dataclass(frozen=True, slots=True)
class CurrentLine:
    """A line as it is."""

    id: uuid.UUID
    product_id: uuid.UUID | None
    name: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class CurrentOrder:
    """An order as it is. ``email`` is a guest's."""

    id: uuid.UUID
    number: str
    user_id: uuid.UUID | None
    email: str
    status: str
    payment_status: str
    fulfilment_status: str
    currency: str
    subtotal: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    gift_card: Decimal
    shipping_address: PostalAddress
    shipping_method: str
    payment_method: str
    code: str
    vat_number: str
    refunded: Decimal
    placed_at: datetime
    is_imported: bool
    lines: tuple[CurrentLine, ...]

    @property
    def units(self) -> dict[uuid.UUID, int]:
        """Units by product."""
        return _units((line.product_id, line.quantity) for line in self.lines)


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
        return _units((line.product_id, line.quantity) for line in self.snapshot.lines)

    @property
    def lines(self) -> list[tuple[uuid.UUID, LineSnapshot, LineTotals]]:
        """Each line's id with what it is and comes to."""
        return list(zip(self.kept, self.snapshot.lines, self.totals.lines, strict=True))


def _units(pairs: Any) -> dict[uuid.UUID, int]:
    found: dict[uuid.UUID, int] = {}
    for product_id, quantity in pairs:
        if product_id is not None:
            found[product_id] = found.get(product_id, 0) + quantity
    return found


def current_order(which: sa.ColumnElement[bool], *, lock: bool = False) -> CurrentOrder | None:
    """The order as it is, with ``lock`` its row locked until the transaction ends. Two statements."""
    query = (
        sa.select(Order, User.email)
        .join(User, User.id == Order.user_id, isouter=True)
        .where(which, Order.placed_at.is_not(None))
    )
    if lock:
        query = query.with_for_update(key_share=True, of=Order)
    row = session().execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    order = row[0]
    lines = session().execute(
        sa.select(
            OrderItem.id, OrderItem.product_id, OrderItem.name, OrderItem.quantity, OrderItem.unit_price
        )
        .where(OrderItem.order_id == order.id)
        .order_by(OrderItem.position, OrderItem.id)
    )
    assert order.placed_at is not None
    return CurrentOrder(
        id=order.id,
        number=order.order_number,
        user_id=order.user_id,
        email=order.guest_email or "",
        status=order.status,
        payment_status=order.payment_status,
        fulfilment_status=order.fulfilment_status,
        currency=order.currency,
        subtotal=order.subtotal,
        discount=order.discount_amount,
        shipping=order.shipping_amount,
        tax=order.tax_amount,
        total=order.total_amount,
        gift_card=order.gift_card_amount,
        shipping_address=address_from(order.shipping_address),
        shipping_method=order.shipping_method or "",
        payment_method=order.payment_method or "",
        code=next((one["code"] for one in order.reductions if one["code"]), ""),
        vat_number=order.vat_number or "",
        refunded=order.refunded_amount,
        placed_at=order.placed_at,
        is_imported=order.external_id is not None,
        lines=tuple(CurrentLine(*line) for line in lines),
    )


def reprice(order: CurrentOrder, wanted: WantedChange) -> Repriced:
    """Price the order as it is to be.

    Raises :class:`OrderNotChangeable` (``empty``, ``line``, ``tax``), :class:`ProductNotSold`,
    :class:`MethodUnavailable` where nothing goes to that address, and ``UnknownPaymentMethod``.
    """
    kept, lines = _lines(order, wanted)
    address = wanted.shipping_address
    if wanted.payment_method != GIFT_CARD.code:
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


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant that a line may become, as people choose it, at the price of today."""

    product_id: uuid.UUID
    label: str
    price: Decimal


def choices_for(order: CurrentOrder) -> dict[uuid.UUID, list[Choice]]:
    """The variants that each line may become, its own included; nothing for lines without variants. One statement."""
    own = aliased(Product, name="own")
    ids = [line.product_id for line in order.lines if line.product_id is not None]
    columns: tuple[Any, ...] = (own.id, Product.id, Product.options, Product.price)
    rows = session().execute(
        sa.select(*columns)
        .join(own, sa.and_(own.parent_id == Product.parent_id, own.id.in_(ids)))
        .join(Parent, Parent.id == Product.parent_id)
        .where(sa.or_(Product.id == own.id, sa.and_(is_sold(), Product.currency == order.currency)))
        .order_by(Product.created_at, Product.id),
        {"moment": now()},
    )
    of_product: dict[uuid.UUID, list[Choice]] = {}
    for own_id, product_id, options, price in rows:
        label = ", ".join(str(value) for value in options.values())
        of_product.setdefault(own_id, []).append(Choice(product_id, label, price))
    return {line.id: of_product.get(line.product_id, []) for line in order.lines if line.product_id}


def order_to_change(identity: Identity | None, number: str) -> CurrentOrder:
    """This person's order, or anybody's for staff (None), as it is. Raises :class:`NotFound`."""
    which = Order.order_number == normal_number(number)
    order = current_order(which if identity is None else sa.and_(which, visible_to(identity)))
    if order is None:
        raise NotFound("order", number)
    return order
