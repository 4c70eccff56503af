"""What paying by card needs: an order that waits for its card, the outbox's work, a signed event."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from storefront.core.db import release, session
from storefront.core.identity import Identity
from storefront.jobs.payments import drain_payments
from storefront.orders.models import Order
from storefront.orders.services import place_order
from storefront.payments.queries import PaymentRow, payment_at_provider
from tests.factories.buying import fill_cart, make_guest, make_product, order_request
from tests.stripe_server import WEBHOOK_SECRET

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class CardOrder:
    """An order over 160.00 for two of ``product_id``, drawn up and not paid yet."""

    guest: Identity
    product_id: uuid.UUID
    order_id: uuid.UUID
    number: str
    intent_id: str

    @property
    def me(self) -> Identity:
        """The guest once they may see the order."""
        return Identity(None, self.guest.session_id, frozenset({self.order_id}))


def order_by_card(stock: int = 5) -> CardOrder:
    """Somebody has pressed the button, and stands before the card's fields."""
    guest, product_id = make_guest(), make_product(price="80.00", stock=stock)
    fill_cart(guest, (product_id, 2))
    placed = place_order(guest, order_request("160.00", payment_method="stripe"))
    assert placed.needs_shopper
    reference = payment_of(placed.order_id).provider_reference
    assert reference
    return CardOrder(guest, product_id, placed.order_id, placed.number, reference)


def payment_of(order_id: uuid.UUID) -> PaymentRow:
    """The order's payment at the provider."""
    release()
    payment = payment_at_provider(order_id)
    assert payment is not None
    release()
    return payment


def state_of(order_id: uuid.UUID) -> tuple[str, str, str]:
    """The order's status, its payment's status as the order says, and as the payment says."""
    release()
    found = session().execute(sa.select(Order.status, Order.payment_status).where(Order.id == order_id)).one()
    return found.status, found.payment_status, payment_of(order_id).status


def work() -> int:
    """What the jobs worker does next."""
    release()
    done: int = drain_payments.run()
    release()
    return done


def event_about(
    intent_id: str, kind: str = "payment_intent.succeeded", event_id: str | None = None, **about: object
) -> bytes:
    """The body of an event."""
    return json.dumps(
        {
            "id": event_id or f"evt_{next(_numbers)}",
            "object": "event",
            "type": kind,
            "data": {"object": {"id": intent_id, "object": "payment_intent", "metadata": {}, **about}},
        }
    ).encode()


def signature_of(body: bytes, *, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    """The header that Stripe signs it with, ``at`` seconds since 1970."""
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
