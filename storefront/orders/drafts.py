"""The draft of an order: what the shopper asked for, written down before anybody is paid."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.vat_numbers import normal_vat_number
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.ids import new_id, new_order_number
from storefront.core.money import ZERO
from storefront.core.outbox import enqueue, enqueue_all
from storefront.core.statements import first, rows
from storefront.inventory import services as inventory
from storefront.orders.addresses import PostalAddress
from storefront.orders.concessions import Concessions
from storefront.orders.models import Order, OrderEvent, OrderItem
from storefront.payments import services as payments
from storefront.payments.methods import GIFT_CARD, INVOICES_DUE
from storefront.pricing.snapshot import CartSnapshot, LineSnapshot
from storefront.pricing.totals import LineTotals, Totals
from storefront.promotions import services as promotions


@dataclass(frozen=True, slots=True)
class SeenAmount:
    """One amount as the checkout page showed it; ``key`` is the id of a line's product, or of a promotion."""

    what: Literal["line", "shipping", "discount", "tax"]
    key: str
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What the shopper confirmed. ``expected_total`` and ``seen`` are what the page showed them.

    ``email`` is a guest's; somebody who is signed in is reached at their account's. ``idempotency_key`` is
    made with the form: the same key leads to the same order, however often it is sent.
    ``expected_gift_card`` is the part of the total that the page said the cart's gift card would pay.
    ``vat_number`` is a company's, of the country that the invoice goes to.
    """

    idempotency_key: str
    expected_total: Decimal
    shipping_address: PostalAddress
    billing_address: PostalAddress
    shipping_method: str
    payment_method: str
    email: str = ""
    note: str = ""
    language: str = "en"
    seen: tuple[SeenAmount, ...] = ()
    expected_gift_card: Decimal = ZERO
    vat_number: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order's head, as the steps of placing and settling it need it. ``gift_card`` is paid already."""

    id: uuid.UUID
    number: str
    status: str
    cart_id: uuid.UUID | None
    user_id: uuid.UUID | None
    payment_method: str
    total: Decimal
    currency: str
    idempotency_key: str
    gift_card: Decimal = ZERO

    @property
    def to_pay(self) -> Decimal:
        """What the payment method is asked for."""
        return self.total - self.gift_card


@cache
def _heads() -> Any:
    return sa.select(
        Order.id,
        Order.order_number,
        Order.status,
        Order.cart_id,
        Order.user_id,
        sa.func.coalesce(Order.payment_method, ""),
        Order.total_amount,
        Order.currency,
        sa.func.coalesce(Order.idempotency_key, ""),
        Order.gift_card_amount,
    )


def drafts_for(idempotency_key: str, cart_id: uuid.UUID | None) -> tuple[Draft | None, Draft | None]:
    """The order that was started under this key, in whatever state, and the unfinished one of this cart.

    The caller has locked the cart, so nobody starts another one meanwhile.
    """
    found = [Draft(*row) for row in rows(_drafts_statement(), {"key": idempotency_key, "cart_id": cart_id})]
    known = next((one for one in found if one.idempotency_key == idempotency_key), None)
    return known, next((one for one in found if one.cart_id == cart_id and one.status == "draft"), None)


@cache
def _drafts_statement() -> Any:
    with_key = Order.idempotency_key == sa.bindparam("key")
    of_cart = Order.cart_id == sa.bindparam("cart_id", type_=sa.Uuid())
    return _heads().where(sa.or_(with_key, sa.and_(of_cart, Order.status == "draft")))


def head_of(order_id: uuid.UUID, *, lock: bool = False) -> Draft:
    """The order's head, with ``lock`` its row locked until the transaction ends. Raises :class:`NotFound`."""
    row = first(_head_statement(lock=lock), {"order_id": order_id})
    if row is None:
        raise NotFound("order", str(order_id))
    return Draft(*row)


@cache
def _head_statement(*, lock: bool) -> Any:
    query = _heads().where(Order.id == sa.bindparam("order_id", type_=sa.Uuid()))
    return query.with_for_update(key_share=True) if lock else query


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
    order_id = new_id()
    method = payment_code(request, totals.total - concessions.gift_card_amount)
    values = {
        "id": order_id,
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
        "payment_method": method,
        "reductions": concessions.stored(),
        "gift_card_amount": concessions.gift_card_amount,
        "idempotency_key": request.idempotency_key,
        "language": request.language,
        "customer_note": request.note or None,
        "created_at": now(),
    }
    number = _insert(values)
    session().execute(
        sa.insert(OrderItem),
        [
            _item(order_id, position, line, amounts)
            for position, (line, amounts) in enumerate(zip(snapshot.lines, totals.lines, strict=True))
        ],
    )
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


def _insert(values: Mapping[str, Any]) -> str:
    """Insert the order under a fresh number; a number that was drawn before is drawn again."""
    while True:
        number = session().scalar(
            insert(Order)
            .values(**values, order_number=new_order_number())
            .on_conflict_do_nothing(index_elements=[Order.order_number])
            .returning(Order.order_number)
        )
        if number is not None:
            return str(number)


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


def lines_of(order_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """The order's units by product; lines whose product was removed for good are left out."""
    units: dict[uuid.UUID, int] = {}
    for product_id, quantity in rows(_units_statement(), {"order_id": order_id}):
        if product_id is not None:
            units[product_id] = units.get(product_id, 0) + quantity
    return units


@cache
def _units_statement() -> sa.Select[Any]:
    of_order = OrderItem.order_id == sa.bindparam("order_id", type_=sa.Uuid())
    columns: tuple[Any, ...] = (OrderItem.product_id, OrderItem.quantity)
    return sa.select(*columns).where(of_order, OrderItem.product_id.is_not(None))


def record_event(
    order_id: uuid.UUID,
    kind: str,
    *,
    from_status: str | None = None,
    to_status: str | None = None,
    actor: str = "system",
    note: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add a line to the order's timeline. Once it is ``paid`` its invoice is due.

    ``note`` may be read by the shopper; ``data`` is for programs.
    """
    if kind == "paid":
        enqueue(INVOICES_DUE, order_id=str(order_id))
    session().execute(
        sa.insert(OrderEvent).values(
            order_id=order_id,
            kind=kind,
            from_status=from_status,
            to_status=to_status,
            actor=actor,
            note=note,
            data=dict(data or {}),
            created_at=now(),
        )
    )


def announce(
    kind: str,
    order_id: uuid.UUID,
    *,
    user_id: uuid.UUID | None,
    session_id: uuid.UUID | None,
    letter: Mapping[str, str] | None = None,
    **data: str,
) -> None:
    """Leave word of what happened in the outbox: for the invoice, the shopper's letter and analytics, each once.

    ``letter`` is what the letter has to say beside the order, ``data`` what analytics are told.
    """
    event = {
        "event_type": kind,
        "event_id": str(new_id()),
        "occurred_at": now().isoformat(),
        "user_id": str(user_id) if user_id else None,
        "session_id": str(session_id) if session_id else None,
        "order_id": str(order_id),
    }
    mail = (f"mail.{kind}", {"order_id": str(order_id), **(letter or {})})
    enqueue_all((INVOICES_DUE, {"order_id": str(order_id)}), mail, ("analytics.event", event | data))


def abandon(order_id: uuid.UUID, reason: str) -> bool:
    """Give up an unfinished order: cancelled, what it holds released, payment closed. False when it is finished.

    ``reason`` is for staff, one of ``replaced``, ``declined``, ``out_of_stock``, ``expired``, ``left``,
    ``paid_otherwise``.
    """
    with transaction():
        draft = head_of(order_id, lock=True)
        if draft.status not in ("draft", "pending"):
            return False
        session().execute(
            sa.update(Order)
            .where(Order.id == order_id)
            .values(status="cancelled", payment_status="cancelled", cancelled_at=now(), cancel_reason=reason)
            .execution_options(synchronize_session=False)
        )
        inventory.release_order(order_id)
        promotions.release_order(order_id)
        payments.cancel_payments(order_id, reason)
        record_event(order_id, "abandoned", from_status=draft.status, to_status="cancelled", note=reason)
    return True
