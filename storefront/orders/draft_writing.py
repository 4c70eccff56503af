"""Writing the draft of an order, before anybody is paid."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from storefront.accounts.vat_numbers import normal_vat_number
from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.ids import new_id, new_order_number
from storefront.core.statements import insert, scalar
from storefront.orders.concessions import Concessions
from storefront.orders.drafts import Draft
from storefront.orders.models import Order, OrderItem
from storefront.orders.requests import PlaceOrder
from storefront.payments import services as payments
from storefront.payments.methods import GIFT_CARD
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.totals import LineTotals, Totals


def is_the_same(order_id: uuid.UUID, request: PlaceOrder) -> bool:
    """Whether this draft is what ``request`` asks for: to the same place, at the same total, paid in the same way."""
    written = session().execute(
        sa.select(
            Order.total_amount,
            Order.shipping_address,
            Order.billing_address,
            Order.shipping_method,
            Order.payment_method,
            sa.func.coalesce(sa.cast(Order.guest_email, sa.Text), ""),
            Order.gift_card_amount,
            sa.func.coalesce(Order.vat_number, ""),
        ).where(Order.id == order_id)
    )
    return tuple(written.one()) == (
        request.expected_total,
        request.shipping_address.stored(),
        request.billing_address.stored(),
        request.shipping_method,
        payment_code(request, request.expected_total - request.expected_gift_card),
        request.email,
        request.expected_gift_card,
        normal_vat_number(request.vat_number, request.billing_address.country),
    )


def payment_code(request: PlaceOrder, to_pay: Decimal) -> str:
    """How the order is paid: as was asked for, unless the gift card leaves nothing to pay."""
    return GIFT_CARD.code if request.expected_gift_card and not to_pay else request.payment_method


def write_draft(
    identity: Identity,
    request: PlaceOrder,
    cart_id: uuid.UUID,
    snapshot: CartSnapshot,
    totals: Totals,
    concessions: Concessions,
) -> Draft:
    """Write the draft with its lines and its open payment, in the caller's transaction."""
    values = _row(identity, request, cart_id, snapshot, totals, concessions)
    order_id, method = values["id"], values["payment_method"]
    number = _insert(values)
    lines = enumerate(zip(snapshot.lines, totals.lines, strict=True))
    insert(OrderItem, *(_item(order_id, position, line, amounts) for position, (line, amounts) in lines))
    draft = Draft(
        order_id,
        number,
        "draft",
        cart_id,
        identity.user_id,
        method,
        totals.total,
        snapshot.currency,
        request.idempotency_key,
        concessions.gift_card_amount,
    )
    payments.open_payment(order_id, method, draft.to_pay, snapshot.currency, request.idempotency_key)
    return draft


def _row(
    identity: Identity,
    request: PlaceOrder,
    cart_id: uuid.UUID,
    snapshot: CartSnapshot,
    totals: Totals,
    concessions: Concessions,
) -> dict[str, Any]:
    """The order's own row, but for its number."""
    return {
        "id": new_id(),
        "user_id": identity.user_id,
        "guest_email": None if identity.user_id else request.email,
        "cart_id": cart_id,
        "status": "draft",
        "currency": snapshot.currency,
        "prices_include_tax": totals.prices_include_tax,
        "subtotal": totals.subtotal,
        "discount_amount": totals.discount,
        "shipping_amount": totals.shipping,
        "tax_amount": totals.tax,
        "tax_treatment": totals.treatment,
        "shipping_tax": totals.shipping_tax,
        "shipping_tax_rate": totals.shipping_tax_rate,
        "vat_number": normal_vat_number(request.vat_number, request.billing_address.country) or None,
        "total_amount": totals.total,
        "shipping_address": request.shipping_address.stored(),
        "billing_address": request.billing_address.stored(),
        "shipping_method": request.shipping_method,
        "payment_method": payment_code(request, totals.total - concessions.gift_card_amount),
        "reductions": concessions.stored(),
        "gift_card_amount": concessions.gift_card_amount,
        "idempotency_key": request.idempotency_key,
        "language": request.language,
        "customer_note": request.note or None,
        "created_at": now(),
    }


def _insert(values: Mapping[str, Any]) -> str:
    """Insert the order under a fresh number; a number that was drawn before is drawn again."""
    statement = _insertion(tuple(values))
    while True:
        number = scalar(statement, {**values, "order_number": new_order_number()})
        if number is not None:
            return str(number)


@cache
def _insertion(names: tuple[str, ...]) -> Any:
    return (
        postgresql.insert(Order)
        .values({name: sa.bindparam(name) for name in (*names, "order_number")})
        .on_conflict_do_nothing(index_elements=[Order.order_number])
        .returning(Order.order_number)
    )


def _item(order_id: uuid.UUID, position: int, line: LineSnapshot, amounts: LineTotals) -> dict[str, Any]:
    image = line.image
    return {
        "order_id": order_id,
        "product_id": line.product_id,
        "position": position,
        "name": line.name,
        "sku": line.sku,
        "options": dict(line.options),
        "image": image and {"key": image.key, "alt": image.alt, "width": image.width, "height": image.height},
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "discount": amounts.discount,
        "tax_rate": amounts.tax_rate,
        "tax": amounts.tax,
        "total_price": amounts.total,
    }
