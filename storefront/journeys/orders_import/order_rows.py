"""The books' orders as rows of ours: what their statuses are here, and what they point at."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.external_ids import erased_people, known_by_external_id
from storefront.core.ids import new_id
from storefront.journeys.orders_import.money import PaidWith, order_payment_status
from storefront.journeys.orders_import.products import variants_by_sku
from storefront.journeys.orders_import.records import PERSON_ERASED, AddressRecord, OrderRecord, RecordRefused
from storefront.orders.addresses import PostalAddress
from storefront.payments.models import SavedPaymentMethod


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


class Person(NamedTuple):
    """The customer of an order."""

    user_id: uuid.UUID
    name: str


@dataclass(slots=True)
class Around:
    """What the orders of a batch point at, and when the import writes."""

    people: dict[str, Person]
    products: dict[tuple[str, str], uuid.UUID]
    methods: dict[str, PaidWith]
    at: datetime
    warnings: list[tuple[str, str]] = field(default_factory=list)


def look_around(records: Sequence[OrderRecord]) -> Around:
    """Find them. Raises :class:`RecordRefused` where a customer is not here."""
    users = known_by_external_id("user", {record.user_id for record in records})
    missing = {record.user_id for record in records} - set(users)
    if missing and erased_people(missing):
        raise RecordRefused(PERSON_ERASED)
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
    return Around(
        {key: Person(known.row_id, names.get(known.row_id, "")) for key, known in users.items()},
        variants_by_sku([item.item_id for record in records for item in record.items]),
        {str(name): PaidWith(method_id, kind, owner) for name, method_id, kind, owner in methods},
        now(),
    )


def head_row(record: OrderRecord, around: Around) -> dict[str, Any]:
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


def line_rows(order_id: uuid.UUID, record: OrderRecord, around: Around) -> list[dict[str, Any]]:
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


def parcel_rows(
    orders: Sequence[tuple[uuid.UUID, OrderRecord, list[dict[str, Any]]]], around: Around
) -> list[dict[str, Any]]:
    """The parcels of orders that are given with their lines."""
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
    return values


def paid_with(record: OrderRecord, around: Around) -> dict[str, PaidWith]:
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


def event_rows(orders: Sequence[tuple[uuid.UUID, OrderRecord]], around: Around) -> list[dict[str, Any]]:
    """The timelines: each step that led to where an order is."""
    values: list[dict[str, Any]] = []
    for order_id, record in orders:
        told = {"external_id": record.key, "status": record.status, "has_time": record.placed_at is not None}
        before = None
        for step in STATES[record.status].steps:
            is_first = step == "placed"
            values.append(
                event_row(order_id, step, before, step, record.placed_at if is_first else None, around)
                | {"data": told if is_first else {}}
            )
            before = step
    return values


def event_row(
    order_id: uuid.UUID, kind: str, before: str | None, after: str, at: datetime | None, around: Around
) -> dict[str, Any]:
    """One line of a timeline; ``at`` is None where the books say no time."""
    return {
        "id": new_id(),
        "order_id": order_id,
        "kind": kind,
        "from_status": before,
        "to_status": after,
        "note": "" if at else "time of the import",
        "created_at": at or around.at,
    }
