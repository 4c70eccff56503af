"""A small shop for histories: what is on the shelf, who buys, and an arithmetic of its own to compare with."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis.strategies import SearchStrategy

from storefront.core.db import release, session
from storefront.core.identity import Identity
from storefront.inventory.queries import stock_differences
from storefront.inventory.services import release_expired
from storefront.jobs.payments import drain_payments
from storefront.orders.services import PlacedOrder, PlaceOrder, reconcile_payments, settle_stranded_orders
from storefront.orders.verification import order_differences
from storefront.promotions.verification import promotion_differences
from storefront.returns.services import settle_returns
from storefront.returns.verification import return_differences
from tests.histories.bank import Bank

PRICES = (Decimal("9.99"), Decimal("24.50"), Decimal("80.00"))
STOCK = (6, 4, 3)
GIFT_CARD = Decimal("60.00")
SHIPPING, FREE_FROM, COUPON = Decimal("4.90"), Decimal(75), Decimal(5)


BACKORDERS = 2
Draw = Callable[[SearchStrategy[Any]], Any]
"""How whatever happens chooses what it does."""


@dataclass(frozen=True)
class Where:
    """Where an order's units of a product are: so many are out, and so many it waits for."""

    out: int
    waits: int


@dataclass
class Bought:
    """An order as its buyer knows it, and what went where since: units by product, noted by whoever moved them."""

    placed: PlacedOrder
    buyer: Identity = field(repr=False)
    request: PlaceOrder = field(repr=False)
    is_cancelled: bool = False
    back: dict[uuid.UUID, int] = field(default_factory=dict)
    lost: dict[uuid.UUID, int] = field(default_factory=dict)
    replaced: dict[uuid.UUID, int] = field(default_factory=dict)

    def note_back(self, product_id: uuid.UUID, units: int) -> None:
        """Sent units lie on the shelf again."""
        self.back[product_id] = self.back.get(product_id, 0) + units

    def note_replacement(self, product_id: uuid.UUID | None, units: int) -> None:
        """Other goods went out instead."""
        assert product_id is not None
        self.replaced[product_id] = self.replaced.get(product_id, 0) + units

    def note_refund(
        self, product_id: uuid.UUID | None, units: int, unsent: int, before: Where, *, restock: bool
    ) -> None:
        """Units were given back, ``unsent`` of them before they had left: those it waited for first."""
        assert product_id is not None
        if restock:
            self.note_back(product_id, min(units - unsent, before.out))
        else:
            self.lost[product_id] = self.lost.get(product_id, 0) + max(0, unsent - before.waits)

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
    staff: uuid.UUID = field(default_factory=uuid.uuid4)

    def where(self, bought: Bought, product_id: uuid.UUID | None) -> Where:
        """Where this order's units of a product are, before the next of them moves: only what was sent is out."""
        assert product_id is not None
        _sold, waits, sent = self._sold(bought).get(product_id, (0, 0, 0))
        return Where(sent + bought.replaced.get(product_id, 0) - bought.back.get(product_id, 0), waits)

    def _is_living(self, bought: Bought) -> bool:
        text = "SELECT status NOT IN ('draft', 'pending', 'cancelled') FROM orders WHERE id = :id"
        return bool(rows(text, id=bought.placed.order_id)[0][0])

    def _sold(self, bought: Bought) -> dict[uuid.UUID, tuple[int, int, int]]:
        found = rows(
            """
            SELECT i.product_id, i.quantity - i.cancelled_quantity, coalesce(hold.quantity, 0),
              i.shipped_quantity
            FROM order_items i LEFT JOIN stock_reservations hold
              ON hold.order_id = i.order_id AND hold.product_id = i.product_id AND hold.expires_at IS NULL
            WHERE i.order_id = :id""",
            id=bought.placed.order_id,
        )
        return {product_id: (sold, waits, sent) for product_id, sold, waits, sent in found}

    def stock(self) -> dict[uuid.UUID, int]:
        """What has to lie on the shelf of each product."""
        expected = dict(self.shelf)
        for bought in self.orders:
            for product_id, units in bought.lost.items():
                expected[product_id] -= units
            if self._is_living(bought):
                for product_id, (sold, waits, _sent) in self._sold(bought).items():
                    expected[product_id] -= sold - waits
                for product_id in self.products:
                    expected[product_id] += bought.back.get(product_id, 0) - bought.replaced.get(
                        product_id, 0
                    )
        return expected

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
    for job in (
        release_expired,
        settle_stranded_orders,
        drain_payments.run,
        reconcile_payments,
        settle_returns,
    ):
        release()
        job()
    release()


def rows(text: str, **values: Any) -> Sequence[Any]:
    """What one statement finds."""
    found = session().execute(sa.text(text), values).all()
    release()
    return found


# Each names what must never be; a row is an offender.
IMPOSSIBLE = {
    "more held than there is, or less than nothing": """
        SELECT sku FROM products
        WHERE stock_quantity < 0 OR reserved_quantity < 0 OR reserved_quantity > stock_quantity + backorder_limit""",
    "an order's total is another than its parts": """
        SELECT order_number FROM orders WHERE total_amount <> subtotal - discount_amount + shipping_amount
          OR least(subtotal, discount_amount, shipping_amount, tax_amount, total_amount, gift_card_amount) < 0""",
    "more given back than was taken, or counted otherwise than by its refunds": """
        SELECT p.id FROM payments p WHERE refunded_amount > captured_amount OR captured_amount > amount
          OR refunded_amount <> coalesce((SELECT sum(r.amount) FROM refunds r
                                          WHERE r.payment_id = p.id AND r.status <> 'failed'), 0)""",
    "what is to be paid is not what the gift card leaves, less what is not asked for any more": """
        SELECT order_number FROM orders o WHERE o.total_amount + o.exchange_amount - o.gift_card_amount - coalesce((
          SELECT sum(waived_amount) FROM order_refunds r WHERE r.order_id = o.id AND r.status <> 'failed'), 0)
          <> (SELECT sum(amount) FROM payments p WHERE p.order_id = o.id AND NOT p.is_for_change)""",
    "more given back than an order cost": """
        SELECT order_number FROM orders o WHERE refunded_amount > total_amount + exchange_amount
          OR refunded_amount <> coalesce((
            SELECT sum(amount) FROM order_refunds r WHERE r.order_id = o.id AND r.status <> 'failed'), 0)""",
    "somebody has paid, or is asked for, more than their order costs by now": """
        SELECT order_number FROM orders o WHERE status NOT IN ('draft', 'pending', 'cancelled')
          AND o.total_amount + o.exchange_amount - o.refunded_amount < (
            SELECT sum(CASE p.status WHEN 'authorised' THEN p.amount WHEN 'cancelled' THEN 0
              ELSE p.captured_amount END - p.refunded_amount)
            FROM payments p WHERE p.order_id = o.id AND NOT p.is_for_change)
          + coalesce((SELECT -sum(delta) FROM gift_card_entries e WHERE e.order_id = o.id), 0)
          - coalesce((SELECT sum(gift_card_amount) FROM order_refunds r
                      WHERE r.order_id = o.id AND r.status = 'pending'), 0)""",
    "an order says that all went back, and has money left": """
        SELECT order_number FROM orders o WHERE payment_status = 'refunded' AND status <> 'cancelled'
          AND (SELECT sum(captured_amount - refunded_amount) FROM payments p WHERE p.order_id = o.id
               AND NOT p.is_for_change)
          - coalesce((SELECT sum(delta) FROM gift_card_entries e WHERE e.order_id = o.id), 0) > 0""",
    "units were given back that are still to be sent": """
        SELECT order_number FROM orders o JOIN order_items i ON i.order_id = o.id
        WHERE o.status IN ('placed', 'processing') AND refunded_quantity > shipped_quantity + cancelled_quantity""",
    "all of an order was sent, and something of it was not": """
        SELECT order_number FROM orders o JOIN order_items i ON i.order_id = o.id
        WHERE o.status IN ('shipped', 'delivered') AND shipped_quantity + cancelled_quantity <> quantity""",
    "more came back than arrived, or arrived than was sent": """
        SELECT order_number FROM orders o JOIN order_items i ON i.order_id = o.id
        WHERE returned_quantity > delivered_quantity OR delivered_quantity > shipped_quantity""",
    "a difference is asked for that nobody owes": """
        SELECT o.order_number FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE p.is_on_top AND p.status = 'authorised' AND NOT EXISTS (
          SELECT FROM returns r WHERE r.payment_id = p.id AND r.status IN ('approved', 'received'))""",
    "a gift card below nothing, or above what it was issued with and what refunds have put on it": """
        SELECT id FROM gift_cards g WHERE balance < 0 OR balance > (
          SELECT sum(delta) FROM gift_card_entries e WHERE e.gift_card_id = g.id
          AND (e.order_id IS NULL OR e.order_refund_id IS NOT NULL))""",
    "an order that nobody has promised to pay": """
        SELECT order_number FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE o.status = 'placed' AND p.status IN ('pending', 'failed')""",
    "a cart with two unfinished orders": """
        SELECT cart_id FROM orders WHERE status = 'draft' GROUP BY cart_id HAVING count(*) > 1""",
}


def problems(world: World) -> list[str]:
    """What is wrong with the books at this moment, whatever is still under way."""
    found = [f"{name}: {offenders}" for name, text in IMPOSSIBLE.items() if (offenders := list(rows(text)))]
    found += map(str, (*stock_differences(), *order_differences(), *return_differences()))
    found += map(str, promotion_differences())
    release()
    expected = world.stock()
    for product_id, stock in rows("SELECT id, stock_quantity FROM products WHERE parent_id IS NOT NULL"):
        if stock != expected[product_id]:
            found.append(f"{stock} in stock of {world.shelf[product_id]}, not {expected[product_id]}")
    return found


def unsettled(world: World) -> list[str]:
    """What is wrong once nothing is under way any more: each order's end, and what the bank holds for it."""
    return [*_left_over(), *_differences(world.bank), *_ends(world)]


def _left_over() -> list[str]:
    """What nobody has brought to its end."""
    return [
        f"{count} {what} left over"
        for what, text in {
            "drafts": "SELECT count(*) FROM orders WHERE status IN ('draft', 'pending')",
            "holds": "SELECT count(*) FROM stock_reservations WHERE return_id IS NULL AND expires_at IS NOT NULL",
            "refunds of orders": "SELECT count(*) FROM order_refunds WHERE status = 'pending'",
            "parcels": "SELECT count(*) FROM shipments WHERE status = 'preparing'",
            "refunds": "SELECT count(*) FROM refunds WHERE status = 'pending'",
            "captures": "SELECT count(*) FROM captures WHERE status = 'pending'",
            "work": "SELECT count(*) FROM outbox WHERE done_at IS NULL AND kind SIMILAR TO '(payments|orders).%'",
            "orders that are over and do not say so, or say so and are not": """
                SELECT count(*) FROM orders o
                WHERE fulfilment_status = 'unfulfilled' AND status IN ('pending', 'placed', 'completed')
                AND (status = 'completed') = EXISTS (
                  SELECT FROM order_items i WHERE i.order_id = o.id AND refunded_quantity < quantity)""",
        }.items()
        if (count := rows(text)[0][0])
    ]


def _ends(world: World) -> list[str]:
    """Orders whose end is not what the bank holds for them, or what their buyer was told."""
    found: list[str] = []
    states = {
        str(one.id): one
        for one in rows("""
        SELECT DISTINCT ON (o.id) o.id, o.order_number, o.status, o.payment_status, p.status AS paid,
          o.refunded_amount > 0 AND o.refunded_amount = o.total_amount AS went_back,
          p.amount, p.captured_amount, p.refunded_amount, p.refunded_amount - coalesce((
            SELECT sum(r.amount) FROM refunds r WHERE r.payment_id = p.id AND r.gift_card_id IS NOT NULL), 0) AS back
        FROM orders o JOIN payments p ON p.order_id = o.id ORDER BY o.id, p.created_at, p.id""")
    }
    for intent in world.bank.intents.values():
        order = states.get(intent.order_id)
        if order is None:
            continue
        held = world.bank.held(intent.id)
        if held != order.captured_amount - order.back:  # what went onto a gift card stays at the bank
            found.append(f"{order}: the bank holds {held}")
        is_back = order.captured_amount == order.refunded_amount
        if order.status == "cancelled" and (
            not is_back or intent.status in ("open", "authorised", "processing")
        ):
            found.append(f"{order} is cancelled: {intent}")
        if order.status == "placed" and intent.status not in ("authorised", "captured"):
            found.append(f"{order} counts: {intent}")
    for bought in world.orders:
        order = states[str(bought.placed.order_id)]
        if bought.is_cancelled and order.status != "cancelled":
            found.append(f"{order} was cancelled for its buyer")
        was_promised = not bought.is_cancelled and not bought.placed.needs_shopper
        if was_promised and order.status == "cancelled" and not order.went_back:
            found.append(f"{order} was acknowledged")
    return found


def _differences(bank: Bank) -> list[str]:
    """The card payments of exchanges: each counts, or the bank holds nothing of it."""
    found = []
    for payment in rows("""
        SELECT p.id, p.provider_reference, p.status, p.is_for_change, p.captured_amount, p.refunded_amount - coalesce((
            SELECT sum(r.amount) FROM refunds r WHERE r.payment_id = p.id AND r.gift_card_id IS NOT NULL), 0) AS back
        FROM payments p WHERE p.is_for_exchange AND p.provider_reference IS NOT NULL AND p.provider = 'stripe'"""):
        intent, held = bank.intents[payment.provider_reference], bank.held(payment.provider_reference)
        wanted = payment.captured_amount - payment.back
        if (
            held != wanted
            or (payment.is_for_change and held)
            or intent.status not in ("captured", "cancelled")
        ):
            found.append(f"{payment}: the bank holds {held} of {intent}")
    return found
