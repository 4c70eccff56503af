"""Money that its provider would not give back: what is told of it, and what staff do about it on the order's page."""

from __future__ import annotations

import uuid
from typing import Literal

import sqlalchemy as sa

from storefront.accounts.services import require_permission
from storefront.analytics.services import record_audit
from storefront.core.db import session, transaction
from storefront.core.outbox import enqueue, enqueue_once
from storefront.core.settings import current_settings
from storefront.orders.drafts import head_of
from storefront.orders.errors import RefundRefused
from storefront.orders.models import OrderEvent
from storefront.orders.queries.pages import order_for_mail
from storefront.orders.queries_for_refunds import refundable
from storefront.orders.refund_settling import order_follows_refunds
from storefront.orders.timeline import record_event
from storefront.payments import refunds
from storefront.payments.queries import payment_row
from storefront.payments.refusals import Refusals, begin_anew, refusals_of
from storefront.payments.services import DROP
from storefront.promotions import services as promotions

REFUSED, STOPPED, ANEW, OTHERWISE = (
    "giving_back_refused",
    "giving_back_stopped",
    "giving_back_anew",
    "given_back_otherwise",
)
ALARM = "mail.giving_back_stopped"
"""Outbox: staff have to decide about a payment, nobody tries to give it back any more."""
MAIL = "mail.given_back_otherwise"
OtherWay = Literal["gift_card", "by_hand"]


def note_refusals(found: Refusals) -> None:
    """Tell of the latest refusal, and of the last one that nothing more is tried, each once.

    In the caller's transaction, under the order's lock.
    """
    about = OrderEvent.data["refund_id"].astext == str(found.last_id)
    known = sa.select(OrderEvent.id).where(OrderEvent.order_id == found.order_id, about).limit(1)
    if session().scalar(known) is not None:
        return
    data = {"refund_id": str(found.last_id), "payment_id": str(found.payment_id)}
    record_event(found.order_id, REFUSED, note=str(found.owed), data=data)
    if found.is_over:
        record_event(found.order_id, STOPPED, data=data)
        enqueue(ALARM, payment_id=str(found.payment_id))


def give_back_again(actor_id: uuid.UUID, number: str, payment_id: uuid.UUID) -> None:
    """Have a payment that could not be given back tried again now, and as often as the first time, by a job.

    Raises NotAllowed, :class:`NotFound`, and :class:`RefundRefused` where nothing of it is owed.
    """
    with transaction():
        found = _refused(actor_id, number, payment_id)
        begin_anew(payment_id)
        record_event(found.order_id, ANEW, actor=f"staff:{actor_id}")
        record_audit(actor_id, "give_back_again", "order", found.order_id)
        enqueue_once(DROP, payment_id=str(payment_id), reason=found.reason)


def give_back_otherwise(actor_id: uuid.UUID, number: str, payment_id: uuid.UUID, way: OtherWay) -> uuid.UUID:
    """Give what is owed of such a payment back another way; returns the refund's id. The shopper gets a letter.

    ``gift_card``: onto a new one, its code by mail. ``by_hand``: somebody has sent it, and says so. Raises as
    :func:`give_back_again`, also for another currency's money that is to go onto a gift card, and where there is no
    address for its code: nobody could ever use it.
    """
    with transaction():
        found = _refused(actor_id, number, payment_id)
        known = refundable(number).number
        if way == "gift_card" and found.currency != current_settings().shop_currency:
            raise RefundRefused(known, "currency")
        if way == "gift_card" and not order_for_mail(found.order_id).email:
            raise RefundRefused(known, "no_address")
        card_id = promotions.open_refund_card(None) if way == "gift_card" else None
        towards = refunds.Towards(gift_card_id=card_id, by_hand=way == "by_hand")
        refund_id = refunds.open_refund(payment_row(payment_id), known, found.owed, found.reason, towards)
        if card_id is not None:
            promotions.put_on_gift_card(card_id, found.owed, refund_id)
        order_follows_refunds(found.order_id, payment_id)
        data = {"refund_id": str(refund_id), "way": way}
        record_event(found.order_id, OTHERWISE, actor=f"staff:{actor_id}", note=str(found.owed), data=data)
        record_audit(actor_id, "refund", "order", found.order_id, metadata={"amount": str(found.owed)})
        enqueue(MAIL, refund_id=str(refund_id))
    return refund_id


def _refused(actor_id: uuid.UUID, number: str, payment_id: uuid.UUID) -> Refusals:
    """The payment under its order's lock."""
    require_permission(actor_id, "orders", "refund")
    order = refundable(number)
    head_of(order.order_id, lock=True)
    for found in refusals_of(order.order_id):
        if found.payment_id == payment_id:
            return found
    raise RefundRefused(order.number, "nothing")
