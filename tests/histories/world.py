"""A small shop for histories: what is on the shelf, who buys, and an arithmetic of its own to compare with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.db import release, session
from storefront.core.identity import Identity
from storefront.inventory.queries import stock_differences
from storefront.inventory.services import release_expired
from storefront.jobs.payments import drain_payments
from storefront.orders.services import PlacedOrder, PlaceOrder, reconcile_payments, settle_stranded_orders
from storefront.orders.verification import order_differences
from storefront.promotions.verification import promotion_differences
from tests.histories.bank import Bank

PRICES = (Decimal("9.99"), Decimal("24.50"), Decimal("80.00"))
STOCK = (6, 4, 3)
GIFT_CARD = Decimal("60.00")
SHIPPING, FREE_FROM, COUPON = Decimal("4.90"), Decimal(75), Decimal(5)


@dataclass
class Bought:
    """An order as its buyer knows it."""

    buyer: Identity
    request: PlaceOrder
    placed: PlacedOrder
    units: dict[uuid.UUID, int]
    is_cancelled: bool = False

    @property
    def me(self) -> Identity:
        """The buyer, who may see it."""
        return Identity(self.buyer.user_id, self.buyer.session_id, frozenset({self.placed.order_id}))


@dataclass
class World:
    """Who and what there is. ``shelf`` is how many units there were, deliveries and losses included."""

    products: tuple[uuid.UUID, ...]
    buyers: tuple[Identity, ...]
    gift_cards: tuple[uuid.UUID, ...]
    codes: tuple[str, ...]
    bank: Bank
    shelf: dict[uuid.UUID, int]
    carts: dict[Identity, dict[uuid.UUID, int]] = field(default_factory=dict)
    coupons: set[Identity] = field(default_factory=set)
    cards_in_carts: dict[Identity, int] = field(default_factory=dict)
    orders: list[Bought] = field(default_factory=list)

    def total_of(self, buyer: Identity) -> Decimal:
        """What the checkout page would ask for."""
        goods = sum(
            (PRICES[self.products.index(one)] * units for one, units in self.carts[buyer].items()), Decimal(0)
        )
        if buyer in self.coupons:
            goods -= min(COUPON, goods)
        return goods if goods >= FREE_FROM else goods + SHIPPING

    def gift_card_share(self, buyer: Identity, total: Decimal) -> Decimal:
        """What the gift card in the cart would pay of it."""
        number = self.cards_in_carts.get(buyer)
        return Decimal(0) if number is None else min(total, self._balance(number))

    def _balance(self, number: int) -> Decimal:
        text = sa.text("SELECT balance FROM gift_cards WHERE id = :id")
        return Decimal(session().scalar(text.bindparams(id=self.gift_cards[number])) or 0)


def do_the_jobs() -> None:
    """Everything that the schedule does for orders, at the clock's present moment."""
    for job in (release_expired, settle_stranded_orders, drain_payments.run, reconcile_payments):
        release()
        job()
    release()


def rows(text: str) -> Sequence[Any]:
    """What one statement finds."""
    found = session().execute(sa.text(text)).all()
    release()
    return found


# Each names what must never be; a row is an offender.
IMPOSSIBLE = {
    "more held than there is, or less than nothing": """
        SELECT sku FROM products
        WHERE stock_quantity < 0 OR reserved_quantity < 0 OR reserved_quantity > stock_quantity""",
    "an order's total is another than its parts": """
        SELECT order_number FROM orders WHERE total_amount <> subtotal - discount_amount + shipping_amount
          OR least(subtotal, discount_amount, shipping_amount, tax_amount, total_amount, gift_card_amount) < 0""",
    "more given back than was taken, or counted otherwise than by its refunds": """
        SELECT p.id FROM payments p WHERE refunded_amount > captured_amount OR captured_amount > amount
          OR refunded_amount <> coalesce((SELECT sum(r.amount) FROM refunds r
                                          WHERE r.payment_id = p.id AND r.status <> 'failed'), 0)""",
    "what is to be paid is not what the gift card leaves, less what is not asked for any more": """
        SELECT order_number FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE p.amount <> o.total_amount - o.gift_card_amount - coalesce((
          SELECT sum(waived_amount) FROM order_refunds r WHERE r.order_id = o.id AND r.status = 'succeeded'), 0)""",
    "more given back than an order cost": """
        SELECT order_number FROM orders o WHERE coalesce((
          SELECT sum(amount) FROM order_refunds r WHERE r.order_id = o.id AND r.status <> 'failed'), 0)
          > o.total_amount""",
    "a gift card below nothing, or above what it was issued with": """
        SELECT id FROM gift_cards g WHERE balance < 0 OR balance > (
          SELECT sum(delta) FROM gift_card_entries e WHERE e.gift_card_id = g.id AND e.order_id IS NULL)""",
    "an order that nobody has promised to pay": """
        SELECT order_number FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE o.status = 'placed' AND p.status IN ('pending', 'failed')""",
    "a cart with two unfinished orders": """
        SELECT cart_id FROM orders WHERE status = 'draft' GROUP BY cart_id HAVING count(*) > 1""",
}


def problems(world: World) -> list[str]:
    """What is wrong with the books at this moment, whatever is still under way."""
    found = [f"{name}: {offenders}" for name, text in IMPOSSIBLE.items() if (offenders := list(rows(text)))]
    found += map(str, (*stock_differences(), *order_differences(), *promotion_differences()))
    release()
    sold: dict[uuid.UUID, int] = dict(
        rows("""
        SELECT i.product_id, sum(i.quantity)::int FROM order_items i JOIN orders o ON o.id = i.order_id
        WHERE o.status NOT IN ('draft', 'pending', 'cancelled') GROUP BY 1""")
    )
    for product_id, stock in rows("SELECT id, stock_quantity FROM products"):
        if stock != world.shelf[product_id] - sold.get(product_id, 0):
            found.append(f"{stock} in stock of {world.shelf[product_id]}, {sold.get(product_id, 0)} sold")
    return found


def unsettled(world: World) -> list[str]:
    """What is wrong once nothing is under way any more: each order's end, and what the bank holds for it."""
    found = [
        f"{count} {what} left over"
        for what, text in {
            "drafts": "SELECT count(*) FROM orders WHERE status IN ('draft', 'pending')",
            "holds": "SELECT count(*) FROM stock_reservations",
            "refunds": "SELECT count(*) FROM refunds WHERE status = 'pending'",
            "captures": "SELECT count(*) FROM captures WHERE status = 'pending'",
            "payments' work": "SELECT count(*) FROM outbox WHERE done_at IS NULL AND kind LIKE 'payments.%'",
        }.items()
        if (count := rows(text)[0][0])
    ]
    states = {
        str(one.id): one
        for one in rows("""
        SELECT o.id, o.order_number, o.status, o.payment_status, p.status AS paid,
          p.amount, p.captured_amount, p.refunded_amount
        FROM orders o JOIN payments p ON p.order_id = o.id""")
    }
    for intent in world.bank.intents.values():
        order = states[intent.order_id]
        held = world.bank.held(intent.id)
        if held != order.captured_amount - order.refunded_amount:
            found.append(f"{order}: the bank holds {held}")
        if order.status == "cancelled" and (held or intent.status in ("open", "authorised", "processing")):
            found.append(f"{order} is cancelled: {intent}")
        if order.status == "placed" and intent.status not in ("authorised", "captured"):
            found.append(f"{order} counts: {intent}")
    for bought in world.orders:
        order = states[str(bought.placed.order_id)]
        if bought.is_cancelled and order.status != "cancelled":
            found.append(f"{order} was cancelled for its buyer")
        if not bought.is_cancelled and not bought.placed.needs_shopper and order.status == "cancelled":
            found.append(f"{order} was acknowledged")
    return found
