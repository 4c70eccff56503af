"""An order that somebody wants to change: as it is, as they want it, and what its lines may become."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from storefront.accounts.models import User
from storefront.cart.queries.lines import Parent, is_sold
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.money import ZERO
from storefront.orders.addresses import PostalAddress, address_from
from storefront.orders.models import Order, OrderItem, RefundItem
from storefront.orders.queries import OrderReduction, normal_number, reductions_from, visible_to
from storefront.orders.taxing import taxation_as_bought
from storefront.pricing.taxation import Taxation
from storefront.pricing.totals import Totals


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
    """A line as it is. ``cancelled`` units will not be sent; a refund that failed may name it all the same."""

    id: uuid.UUID
    product_id: uuid.UUID | None
    name: str
    quantity: int
    unit_price: Decimal
    cancelled: int = 0
    is_named: bool = False

    def may_become(self, change: LineChange) -> bool:
        """Whether the books allow it: they keep a line that they name, and its units that are not sent."""
        same = change.product_id == self.product_id and change.quantity == self.quantity
        return same or not (self.cancelled or (self.is_named and not change.quantity))


@dataclass(frozen=True, slots=True)
class CurrentOrder:
    """An order as it is. ``email`` is a guest's; ``reductions`` are what its promotions took off."""

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
    prices_include_tax: bool
    tax_treatment: str
    reductions: tuple[OrderReduction, ...]
    lines: tuple[CurrentLine, ...]

    @property
    def totals(self) -> Totals:
        """What it comes to, as it is written; what each line does is not read."""
        return Totals(
            self.subtotal, self.discount, self.shipping, self.tax, self.total, self.prices_include_tax
        )

    def taxation(self) -> Taxation:
        """How it is taxed where it goes, as it was bought. One statement."""
        to = self.shipping_address
        return taxation_as_bought(
            to.country, to.region, self.tax_treatment, prices_include_tax=self.prices_include_tax
        )

    @property
    def full_shipping(self) -> Decimal:
        """What the shipping cost before promotions."""
        return self.shipping + sum((one.shipping for one in self.reductions), ZERO)

    def goes_to(self, address: PostalAddress) -> bool:
        """Whether ``address`` is where shipping and tax are those of the order: its country and region."""
        own = self.shipping_address
        return (own.country, own.region) == (address.country, address.region)

    def keeps_its_price(self, wanted: WantedChange) -> bool:
        """Whether the change touches nothing that the price is made of: it stays to the cent then."""
        lines = {
            line.id: LineChange(line.product_id, line.quantity) for line in self.lines if line.product_id
        }
        return (
            self.goes_to(wanted.shipping_address)
            and wanted.shipping_method == self.shipping_method
            and all(lines.get(key) == one for key, one in wanted.lines.items())
        )

    @property
    def units(self) -> dict[uuid.UUID, int]:
        """Units by product."""
        return units_by_product((line.product_id, line.quantity) for line in self.lines)


def units_by_product(pairs: Any) -> dict[uuid.UUID, int]:
    """Units by product, of pairs of both; lines whose product is gone are left out."""
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
        prices_include_tax=order.prices_include_tax,
        tax_treatment=order.tax_treatment,
        reductions=reductions_from(order.reductions),
        lines=_current_lines(order.id),
    )


def _current_lines(order_id: uuid.UUID) -> tuple[CurrentLine, ...]:
    columns: tuple[Any, ...] = (
        OrderItem.id,
        OrderItem.product_id,
        OrderItem.name,
        OrderItem.quantity,
        OrderItem.unit_price,
        OrderItem.cancelled_quantity,
        sa.exists().where(RefundItem.order_item_id == OrderItem.id),
    )
    lines = sa.select(*columns).where(OrderItem.order_id == order_id)
    return tuple(
        CurrentLine(*line) for line in session().execute(lines.order_by(OrderItem.position, OrderItem.id))
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant that a line may become, as people choose it, at what its buyer would pay today."""

    product_id: uuid.UUID
    label: str
    price: Decimal


def choices_for(order: CurrentOrder) -> dict[uuid.UUID, list[Choice]]:
    """The variants that each line may become, its own included; nothing for lines without variants. Two statements."""
    own = aliased(Product, name="own")
    ids = [line.product_id for line in order.lines if line.product_id is not None]
    category = sa.func.coalesce(Product.category_id, Parent.category_id)
    columns: tuple[Any, ...] = (own.id, Product.id, Product.options, Product.price, category)
    rows = session().execute(
        sa.select(*columns)
        .join(own, sa.and_(own.parent_id == Product.parent_id, own.id.in_(ids)))
        .join(Parent, Parent.id == Product.parent_id)
        .where(sa.or_(Product.id == own.id, sa.and_(is_sold(), Product.currency == order.currency)))
        .order_by(Product.created_at, Product.id),
        {"moment": now()},
    )
    taxing = order.taxation()
    of_product: dict[uuid.UUID, list[Choice]] = {}
    for own_id, product_id, options, price, category_id in rows:
        label = ", ".join(str(value) for value in options.values())
        choice = Choice(product_id, label, taxing.own_price(price, category_id))
        of_product.setdefault(own_id, []).append(choice)
    return {line.id: of_product.get(line.product_id, []) for line in order.lines if line.product_id}


def order_to_change(identity: Identity | None, number: str) -> CurrentOrder:
    """This person's order, or anybody's for staff (None), as it is. Raises :class:`NotFound`."""
    which = Order.order_number == normal_number(number)
    order = current_order(which if identity is None else sa.and_(which, visible_to(identity)))
    if order is None:
        raise NotFound("order", number)
    return order
