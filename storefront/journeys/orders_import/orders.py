"""The books' orders, written in the state they are in.

Their history happened elsewhere: an order is inserted with the status it has, as the state machine guards changes,
not beginnings. Every change that a later import finds goes through it: the triggers refuse a step there is not.
No unit moves in our ledger: the other shop had sold these before (``flask ops verify`` does not look for them there).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.core.clock import now
from storefront.core.db import session, write
from storefront.core.external_ids import Known, known_by_external_id, remember_external_ids
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.journeys.catalog_import.writing import BatchResult
from storefront.journeys.orders_import.money import PaidWith, order_payment_status, write_history
from storefront.journeys.orders_import.products import variants_by_sku
from storefront.journeys.orders_import.reading import Entry
from storefront.journeys.orders_import.records import AddressRecord, OrderRecord, RecordRefused
from storefront.orders.addresses import PostalAddress
from storefront.orders.models import Order, OrderEvent, OrderItem, RefundItem, Shipment
from storefront.payments.models import SavedPaymentMethod
from storefront.returns.models import Return


class State(NamedTuple):
    """What a status of the books is here: the order's, its fulfilment's and its parcels', and what led to it."""

    status: str
    fulfilment: str
    parcels: str
    steps: tuple[str, ...]


STATES: Mapping[str, State] = {
    "pending": State("placed", "unfulfilled", "preparing", ("placed",)),
    # It has a tracking id and can no longer be changed, and nobody says that it has left.
    "processed": State("processing", "unfulfilled", "preparing", ("placed", "processing")),
    "delivered": State("delivered", "fulfilled", "delivered", ("placed", "processing", "delivered")),
    "cancelled": State("cancelled", "unfulfilled", "cancelled", ("placed", "cancelled")),
}
ELSEWHERE = "elsewhere"
"""The way to pay of an order whose payment method its customer no longer has."""


@dataclass(slots=True)
class OrdersWritten:
    """How many, and what was taken with a reservation: (outside id, why)."""

    result: BatchResult
    warnings: list[tuple[str, str]] = field(default_factory=list)


class _Person(NamedTuple):
    user_id: uuid.UUID
    name: str


@dataclass(slots=True)
class _Around:
    """What the orders of a batch point at, and when the import writes."""

    people: dict[str, _Person]
    products: dict[tuple[str, str], uuid.UUID]
    methods: dict[str, PaidWith]
    at: datetime
    warnings: list[tuple[str, str]] = field(default_factory=list)


def write_orders(entries: Sequence[Entry[OrderRecord]]) -> OrdersWritten:
    """Write these orders in the current transaction; those whose record has not changed are left alone.

    Their customers must be here. Raises :class:`RecordRefused` and what the database refuses.
    """
    known = known_by_external_id("order", [entry.record.key for entry in entries])
    changed = [
        entry
        for entry in entries
        if entry.record.key not in known or known[entry.record.key].digest != entry.digest
    ]
    if not changed:
        return OrdersWritten(BatchResult(unchanged=len(entries)))
    around = _look_around([entry.record for entry in changed])
    fresh = [entry.record for entry in changed if entry.record.key not in known]
    ids = {key: one.row_id for key, one in known.items()} | _insert(fresh, around)
    for entry in changed:
        if entry.record.key in known:
            _update(ids[entry.record.key], entry.record, around)
    remember_external_ids(
        "order", {one.record.key: Known(ids[one.record.key], one.digest) for one in changed}
    )
    result = BatchResult(len(fresh), len(changed) - len(fresh), len(entries) - len(changed))
    return OrdersWritten(result, around.warnings)


def _look_around(records: Sequence[OrderRecord]) -> _Around:
    users = known_by_external_id("user", {record.user_id for record in records})
    for record in records:
        if record.user_id not in users:
            raise RecordRefused(f"its customer {record.user_id} is not here")
    named = session().execute(
        sa.select(User.id, User.first_name, User.last_name).where(
            User.id.in_([known.row_id for known in users.values()])
        )
    )
    names = {user_id: f"{first or ''} {last or ''}".strip() for user_id, first, last in named}
    row = SavedPaymentMethod
    methods = session().execute(
        sa.select(row.external_id, row.id, row.kind, row.user_id).where(
            row.external_id.in_(
                {one.payment_method_id for record in records for one in record.payment_history}
            )
        )
    )
    return _Around(
        {key: _Person(known.row_id, names.get(known.row_id, "")) for key, known in users.items()},
        variants_by_sku([item.item_id for record in records for item in record.items]),
        {str(name): PaidWith(method_id, kind, owner) for name, method_id, kind, owner in methods},
        now(),
    )


def _insert(records: Sequence[OrderRecord], around: _Around) -> dict[str, uuid.UUID]:
    if not records:
        return {}
    _refuse_taken_numbers(records)
    ids = {record.key: new_id() for record in records}
    orders = []
    for place, record in enumerate(records):
        # A microsecond apart: orders without a time keep their turn in lists, which go by the time.
        created = record.placed_at or around.at + timedelta(microseconds=place)
        orders.append(
            {
                "id": ids[record.key],
                "order_number": record.number,
                "external_id": record.key,
                "user_id": around.people[record.user_id].user_id,
                "currency": current_settings().shop_currency,
                "created_at": created,
                "placed_at": created,
                **_head(record, around),
            }
        )
    session().execute(sa.insert(Order), orders)
    lines = {record.key: _lines(ids[record.key], record, around) for record in records}
    session().execute(sa.insert(OrderItem), [line for each in lines.values() for line in each])
    _insert_parcels([(ids[record.key], record, lines[record.key]) for record in records], around)
    for record in records:
        write_history(ids[record.key], record, _paid_with(record, around))
    _insert_events([(ids[record.key], record) for record in records], around)
    return ids


def _refuse_taken_numbers(records: Sequence[OrderRecord]) -> None:
    numbers = Counter(record.number for record in records)
    if twice := [number for number, times in numbers.items() if times > 1]:
        raise RecordRefused(f"another order of these books has the number {twice[0]} too")
    taken = session().scalars(sa.select(Order.order_number).where(Order.order_number.in_(numbers))).first()
    if taken is not None:
        raise RecordRefused(f"another order here has the number {taken}")


def _head(record: OrderRecord, around: _Around) -> dict[str, Any]:
    """What an import may change of an order. A cancellation without a time is as old as this import."""
    state = STATES[record.status]
    address = _address(record.address, around.people[record.user_id].name).stored()
    first = record.payment_history[0].payment_method_id if record.payment_history else None
    is_cancelled = record.status == "cancelled"
    return {
        "status": state.status,
        "payment_status": order_payment_status(record),
        "fulfilment_status": state.fulfilment,
        "subtotal": record.total,
        "total_amount": record.total,
        "shipping_address": address,
        "billing_address": address,
        "payment_method": around.methods[first].kind if first in around.methods else first and ELSEWHERE,
        "cancelled_at": around.at if is_cancelled else None,
        "cancel_reason": record.cancel_reason,
    }


def _address(address: AddressRecord, name: str) -> PostalAddress:
    return PostalAddress(
        full_name=name,
        line1=address.address1,
        line2=address.address2,
        postal_code=address.zip,
        city=address.city,
        region=address.state,
        country=address.country,
    )


def _lines(order_id: uuid.UUID, record: OrderRecord, around: _Around) -> list[dict[str, Any]]:
    """A line for each unit, as in the books: two of the same variant may go different ways later."""
    is_delivered = record.status == "delivered"
    lines = []
    for place, item in enumerate(record.items):
        product_id = around.products.get((item.product_id, item.item_id))
        if product_id is None:
            around.warnings.append(
                (record.key, f"{item.item_id} is not in the catalog; the line stands alone")
            )
        lines.append(
            {
                "id": new_id(),
                "order_id": order_id,
                "product_id": product_id,
                "position": place,
                "name": item.name,
                "sku": item.item_id,
                "options": dict(item.options),
                "quantity": 1,
                "unit_price": item.price,
                "total_price": item.price,
                "delivered_quantity": int(is_delivered),
            }
        )
    return lines


def _insert_parcels(
    orders: Sequence[tuple[uuid.UUID, OrderRecord, list[dict[str, Any]]]], around: _Around
) -> None:
    values = []
    for order_id, record, lines in orders:
        status = STATES[record.status].parcels
        free: dict[str, list[str]] = {}
        for line in lines:
            free.setdefault(line["sku"], []).append(str(line["id"]))
        for parcel in record.fulfillments:
            items = [{"order_item_id": free[item_id].pop(0), "quantity": 1} for item_id in parcel.item_ids]
            for place, number in enumerate(parcel.tracking_id or [None]):
                values.append(
                    {
                        "id": new_id(),
                        "order_id": order_id,
                        "tracking_number": number,
                        "status": status,
                        # Of several parcels nobody says which holds what: the first names the goods.
                        "items": items if place == 0 else [],
                        "delivered_at": around.at if status == "delivered" else None,
                    }
                )
    if values:
        session().execute(sa.insert(Shipment), values)


def _paid_with(record: OrderRecord, around: _Around) -> dict[str, PaidWith]:
    """The customer's own payment methods among those of the order's history."""
    user_id = around.people[record.user_id].user_id
    found = {}
    for name in {one.payment_method_id for one in record.payment_history}:
        method = around.methods.get(name)
        if method is not None and method.user_id == user_id:
            found[name] = method
        else:
            around.warnings.append((record.key, f"its customer has no payment method {name}"))
            found[name] = PaidWith(None, ELSEWHERE, user_id)
    return found


def _insert_events(orders: Sequence[tuple[uuid.UUID, OrderRecord]], around: _Around) -> None:
    values: list[dict[str, Any]] = []
    for order_id, record in orders:
        told = {"external_id": record.key, "status": record.status, "has_time": record.placed_at is not None}
        before = None
        for step in STATES[record.status].steps:
            is_first = step == "placed"
            values.append(
                _event(order_id, step, before, step, record.placed_at if is_first else None, around)
                | {"data": told if is_first else {}}
            )
            before = step
    session().execute(sa.insert(OrderEvent), values)


def _event(
    order_id: uuid.UUID, kind: str, before: str | None, after: str, at: datetime | None, around: _Around
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "order_id": order_id,
        "kind": kind,
        "from_status": before,
        "to_status": after,
        "note": "" if at else "time of the import",
        "created_at": at or around.at,
    }


def _update(order_id: uuid.UUID, record: OrderRecord, around: _Around) -> None:
    """Bring an order to what the books say now, as far as the state machine lets it."""
    before = (
        session()
        .execute(
            sa.select(Order.status, Order.cancelled_at, Order.anonymised_at)
            .where(Order.id == order_id)
            .with_for_update()
        )
        .one()
    )
    if before.anonymised_at is not None:
        raise RecordRefused("the person behind it was erased here")
    head = _head(record, around)
    if before.cancelled_at is not None and head["cancelled_at"] is not None:
        head["cancelled_at"] = before.cancelled_at
    if record.placed_at is not None:
        head["placed_at"] = record.placed_at
    lines = _replace_lines(order_id, record, around)
    write(sa.update(Order).where(Order.id == order_id).values(**head))
    write(sa.delete(Shipment).where(Shipment.order_id == order_id))
    _insert_parcels([(order_id, record, lines)], around)
    write_history(order_id, record, _paid_with(record, around))
    if before.status != head["status"]:
        step = STATES[record.status].steps[-1]
        session().execute(
            sa.insert(OrderEvent),
            [_event(order_id, step, before.status, head["status"], None, around)],
        )


def _replace_lines(order_id: uuid.UUID, record: OrderRecord, around: _Around) -> list[dict[str, Any]]:
    """The order's lines: the old ones where they are the same, so that what points at them stays."""
    wanted = _lines(order_id, record, around)
    row = OrderItem
    there = (
        session()
        .execute(
            sa.select(row.id, row.sku, row.unit_price, row.options, row.name)
            .where(row.order_id == order_id)
            .order_by(row.position)
        )
        .all()
    )
    if [(one.sku, one.unit_price, one.options, one.name) for one in there] == [
        (line["sku"], line["unit_price"], line["options"], line["name"]) for line in wanted
    ]:
        write(
            sa.update(row)
            .where(row.order_id == order_id)
            .values(delivered_quantity=int(record.status == "delivered"))
        )
        return [line | {"id": one.id} for line, one in zip(wanted, there, strict=True)]
    if session().scalar(sa.select(sa.exists().where(Return.order_id == order_id))):
        raise RecordRefused("its lines changed, and some of them are coming back here")
    items = sa.select(row.id).where(row.order_id == order_id)
    if session().scalar(sa.select(sa.exists().where(RefundItem.order_item_id.in_(items)))):
        raise RecordRefused("its lines changed, and money was given back for some of them here")
    write(sa.delete(row).where(row.order_id == order_id))
    session().execute(sa.insert(row), wanted)
    return wanted
