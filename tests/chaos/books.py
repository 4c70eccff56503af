"""Whether everything came out right: the books against what the buyers wrote down, and against the payment provider.

Reads tables with SQL of its own, not with the shop's queries: a fault in those would hide here as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from tests.chaos.buyers import Note
from tests.stripe_server import StripeServer

_ORDERS = """
SELECT o.id::text, order_number, o.status, o.payment_status, total_amount, gift_card_amount, idempotency_key,
  guest_email::text, o.payment_method, placed_at IS NOT NULL AS was_placed,
  (SELECT jsonb_object_agg(product_id, unit_price * quantity) FROM order_items WHERE order_id = o.id) AS lines,
  (SELECT count(*) FROM outbox WHERE kind = 'mail.order_placed' AND payload ->> 'order_id' = o.id::text) AS letters
FROM orders o
"""
_LEFT_OVER = {
    "unfinished orders": "SELECT count(*) FROM orders WHERE status IN ('draft', 'pending')",
    "holds": "SELECT count(*) FROM stock_reservations",
    "units held on products": "SELECT coalesce(sum(reserved_quantity), 0) FROM products",
    "work in the outbox": "SELECT count(*) FROM outbox WHERE done_at IS NULL",
    "undecided refunds": "SELECT count(*) FROM refunds WHERE status = 'pending'",
}
_UNDONE = "SELECT kind, payload, attempts, available_at, last_error FROM outbox WHERE done_at IS NULL"
_BALANCES = {
    "stock and its movements": """
        SELECT sku, stock_quantity, coalesce((SELECT sum(delta) FROM stock_movements WHERE product_id = p.id), 0)
        FROM products p""",
    "stock and what was sold": """
        SELECT sku, stock_quantity,
          (SELECT sum(delta) FROM stock_movements WHERE product_id = p.id AND reason = 'import')
          - coalesce((SELECT sum(quantity) FROM order_items i JOIN orders o ON o.id = i.order_id
                      WHERE i.product_id = p.id AND o.status = 'placed'), 0)
        FROM products p""",
    "gift cards and their entries": """
        SELECT code_hint, balance, (SELECT sum(delta) FROM gift_card_entries WHERE gift_card_id = g.id)
        FROM gift_cards g""",
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong, in sentences (nothing, if all is well), and counts for the report."""

    wrong: list[str]
    counts: Counter[str]


def left_over(database: str) -> dict[str, int]:
    """What still waits for a job: empty once everything has come to its end."""
    with psycopg.connect(database, autocommit=True) as connection:
        counts = {
            name: int(connection.execute(query.encode()).fetchone()[0])  # type: ignore[index]
            for name, query in _LEFT_OVER.items()
        }
    return {name: count for name, count in counts.items() if count}


def check(database: str, notes: Sequence[Note], stripe: StripeServer, gift_cards: Decimal) -> Findings:
    """Compare. ``gift_cards`` is what all gift cards together were worth at the beginning."""
    with psycopg.connect(database, autocommit=True, row_factory=namedtuple_row) as connection:
        orders: list[Any] = connection.execute(_ORDERS.encode()).fetchall()
        wrong = [f"left over: {count} {name}" for name, count in left_over(database).items()]
        wrong += [f"left over: {work}" for work in connection.execute(_UNDONE.encode())]
        for name, query in _BALANCES.items():
            rows: list[Any] = connection.execute(query.encode()).fetchall()
            wrong += [
                f"{name}: {label} has {one}, should have {two}" for label, one, two in rows if one != two
            ]
            wrong += [f"{name}: {label} is negative" for label, one, _ in rows if one < 0]
        (left,) = connection.execute("SELECT sum(balance) FROM gift_cards").fetchone()  # type: ignore[misc]
    spent = sum(one.gift_card_amount for one in orders if one.status == "placed")
    if left + spent != gift_cards:
        wrong.append(f"gift cards: {left} left and {spent} spent of {gift_cards}")
    wrong += _of_buyers(orders, notes)
    wrong += _of_money(orders, notes, stripe)
    return Findings(wrong, _counts(orders, notes))


def _of_buyers(orders: Sequence[Any], notes: Sequence[Note]) -> Iterator[str]:
    """Each buyer has the order they were told of, once, and nobody has one that they were refused."""
    by_number = {one.order_number: one for one in orders}
    of_buyer: dict[str, list[Any]] = {}
    for one in orders:
        of_buyer.setdefault(one.guest_email, []).append(one)
        if one.was_placed != (one.letters == 1):
            yield f"{one.order_number}: {one.letters} letters, placed: {one.was_placed}"
    for note in notes:
        placed = [one for one in of_buyer.get(note.email, ()) if one.was_placed]
        living = [one for one in placed if one.status != "cancelled"]
        if len(placed) > 1:
            yield f"{note.email} has {[one.order_number for one in placed]}"
        if strangers := [one.order_number for one in placed if one.idempotency_key not in note.keys]:
            yield f"{note.email} never asked for {strangers}"
        if len(note.numbers) > 1:
            yield f"{note.email} was told {note.numbers}"
        if note.outcome in ("refused", "left") and living:
            yield f"{note.email} was told no ({note.remark}), and has {living[0].order_number}"
        for number in note.numbers:
            order = by_number.get(number)
            if order is None or not order.was_placed:
                yield f"{note.email} was told {number}: {order}"
                continue
            yield from _differs(note, order)


def _differs(note: Note, order: Any) -> Iterator[str]:
    if (order.total_amount, order.gift_card_amount) != (note.total, note.gift_card):
        yield (
            f"{order.order_number}: {order.total_amount} ({order.gift_card_amount}),"
            f" the page said {note.total} ({note.gift_card})"
        )
    lines = {key: Decimal(str(amount)) for key, amount in order.lines.items()}
    if lines != note.lines:
        yield f"{order.order_number}: {lines}, the page said {note.lines}"
    if note.cancel == "confirmed" and order.status != "cancelled":
        yield f"{order.order_number}: cancelled for the buyer, {order.status} here"
    if not note.cancel and order.status != "placed":
        yield f"{order.order_number}: {order.status}, and nobody has cancelled it"


def _of_money(orders: Sequence[Any], notes: Sequence[Note], stripe: StripeServer) -> Iterator[str]:
    """What the provider holds is exactly what placed orders are paid with; of all others it holds nothing."""
    by_id = {one.id: one for one in orders}
    paid: Counter[str] = Counter()
    for intent in stripe.intents():
        order = by_id.get(intent["metadata"].get("order_id", ""))
        if order is None:
            yield f"{intent['id']} ({intent['status']}) belongs to no order"
            continue
        held = 0
        if intent["status"] == "succeeded":
            held = intent["amount"] - sum(one["amount"] for one in stripe.refunds(intent["id"]))
        owed = int((order.total_amount - order.gift_card_amount) * 100) if order.status == "placed" else 0
        paid[order.id] += held
        if held != owed:
            yield f"{order.order_number} ({order.status}): {held} cents held in {intent['id']}, {owed} owed"
        if order.status == "cancelled" and intent["status"] not in ("succeeded", "canceled"):
            yield f"{order.order_number} is cancelled, {intent['id']} {intent['status']}: it could still be paid"
    for one in orders:
        if one.status == "placed" and one.payment_method == "stripe":
            if not paid[one.id]:
                yield f"{one.order_number} counts, and nobody has paid"
            if one.payment_status != "paid":
                yield f"{one.order_number} is paid, the order says {one.payment_status}"


def _counts(orders: Sequence[Any], notes: Sequence[Note]) -> Counter[str]:
    counts = Counter(
        {f"buyers: {outcome}": 0 for outcome in ("acknowledged", "refused", "left", "unanswered")}
    )
    counts.update(f"buyers: {note.outcome}" for note in notes)
    counts["orders that counted"] = sum(one.was_placed for one in orders)
    counts["of these cancelled by their buyers"] = sum(
        one.was_placed and one.status == "cancelled" for one in orders
    )
    counts["drafts given up"] = sum(not one.was_placed for one in orders)
    for way in ("invoice", "gift_card", "stripe"):
        counts[f"paid by {way}"] = sum(one.was_placed and one.payment_method == way for one in orders)
    counts["with a gift card in part"] = sum(
        one.was_placed and 0 < one.gift_card_amount < one.total_amount for one in orders
    )
    return counts
