"""The books' orders, written in the state they are in.

Their history happened elsewhere: an order is inserted with the status it has, as the state machine guards changes,
not beginnings. Every change that a later import finds goes through it: the triggers refuse a step there is not.
No unit moves in our ledger: the other shop had sold these before (``flask ops verify`` does not look for them there).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from storefront.core.db import session, write
from storefront.core.external_ids import Known, known_by_external_id, remember_external_ids
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.journeys.catalog_import.writing import BatchResult
from storefront.journeys.orders_import.money import write_history
from storefront.journeys.orders_import.order_rows import (
    STATES,
    Around,
    event_row,
    event_rows,
    head_row,
    line_rows,
    look_around,
    paid_with,
    parcel_rows,
)
from storefront.journeys.orders_import.reading import Entry
from storefront.journeys.orders_import.records import PERSON_ERASED, OrderRecord, RecordRefused
from storefront.orders.models import Order, OrderEvent, OrderItem, RefundItem, Shipment
from storefront.returns.models import Return


@dataclass(slots=True)
class OrdersWritten:
    """How many, and what was taken with a reservation: (outside id, why)."""

    result: BatchResult
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
    around = look_around([entry.record for entry in changed])
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


def _insert(records: Sequence[OrderRecord], around: Around) -> dict[str, uuid.UUID]:
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
                **head_row(record, around),
            }
        )
    session().execute(sa.insert(Order), orders)
    lines = {record.key: line_rows(ids[record.key], record, around) for record in records}
    session().execute(sa.insert(OrderItem), [line for each in lines.values() for line in each])
    _insert_parcels(parcel_rows([(ids[one.key], one, lines[one.key]) for one in records], around))
    for record in records:
        write_history(ids[record.key], record, paid_with(record, around))
    events = event_rows([(ids[record.key], record) for record in records], around)
    session().execute(sa.insert(OrderEvent), events)
    return ids


def _insert_parcels(rows: list[dict[str, Any]]) -> None:
    if rows:
        session().execute(sa.insert(Shipment), rows)


def _refuse_taken_numbers(records: Sequence[OrderRecord]) -> None:
    numbers = Counter(record.number for record in records)
    if twice := [number for number, times in numbers.items() if times > 1]:
        raise RecordRefused(f"another order of these books has the number {twice[0]} too")
    taken = session().scalars(sa.select(Order.order_number).where(Order.order_number.in_(numbers))).first()
    if taken is not None:
        raise RecordRefused(f"another order here has the number {taken}")


def _update(order_id: uuid.UUID, record: OrderRecord, around: Around) -> None:
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
        raise RecordRefused(PERSON_ERASED)
    head = head_row(record, around)
    if before.cancelled_at is not None and head["cancelled_at"] is not None:
        head["cancelled_at"] = before.cancelled_at
    if record.placed_at is not None:
        head["placed_at"] = record.placed_at
    lines = _replaceline_rows(order_id, record, around)
    write(sa.update(Order).where(Order.id == order_id).values(**head))
    write(sa.delete(Shipment).where(Shipment.order_id == order_id))
    _insert_parcels(parcel_rows([(order_id, record, lines)], around))
    write_history(order_id, record, paid_with(record, around))
    if before.status != head["status"]:
        step = STATES[record.status].steps[-1]
        session().execute(
            sa.insert(OrderEvent),
            [event_row(order_id, step, before.status, head["status"], None, around)],
        )


def _replaceline_rows(order_id: uuid.UUID, record: OrderRecord, around: Around) -> list[dict[str, Any]]:
    """The order's lines: the old ones where they are the same, so that what points at them stays."""
    wanted = line_rows(order_id, record, around)
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
