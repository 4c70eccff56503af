"""Money that goes back by itself and that the bank will not take back: when it is tried again, what staff do."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core import outbox
from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.http.order_words import words_for
from storefront.jobs.outbox import drain
from storefront.orders.errors import RefundRefused
from storefront.orders.giving_back import OtherWay
from storefront.orders.models import Order, OrderEvent
from storefront.orders.queries_for_staff import REFUND_OPEN, staff_orders
from storefront.orders.refund_verification import OrderDifference, owed_differences
from storefront.orders.services import (
    bring_up_to_date,
    cancel_order,
    give_back_again,
    give_back_otherwise,
    reconcile_payments,
)
from storefront.payments.refusals import PAUSES
from storefront.promotions.models import GiftCard
from tests.concurrency.threads import at_once
from tests.factories.accounts import make_staff
from tests.factories.buying import make_shipping
from tests.factories.cards import CardOrder, payment_of, state_of, work
from tests.factories.parcels import assert_books_balance, letters, order_of_five, page
from tests.stripe_server import StripeServer

OVER = ("cancelled", "refunded", "refunded")


@pytest.fixture
def card(stripe: StripeServer, card_context: Flask) -> CardOrder:
    """An order over 44.87 that its shopper has paid and cancelled."""
    make_shipping()
    order = order_of_five(stripe)
    cancel_order(order.me, order.number)
    release()
    return order


@pytest.fixture
def manager(card_context: Flask) -> uuid.UUID:
    """Somebody who may give money back."""
    return make_staff("admin").id


def refuse(stripe: StripeServer, times: int = 1) -> None:
    stripe.fail_next("/v1/refunds", status=400, times=times, method="POST")


def to_decide(card: CardOrder) -> bool:
    """Whether staff find it where refunds are open."""
    release()
    found = staff_orders(card.number, REFUND_OPEN)
    release()
    return [one.is_owed for one in found.items] == [True]


def open_entries() -> int:
    release()
    waits = sa.and_(outbox.OutboxEntry.done_at.is_(None), outbox.OutboxEntry.kind.like("payments.%"))
    return session().scalar(sa.select(sa.func.count()).where(waits)) or 0


def test_it_is_tried_ever_less_often_and_then_staff_decide(card: CardOrder, stripe: StripeServer) -> None:
    refuse(stripe, times=50)
    began = now()
    for hours, has_news in (
        (0, True),
        (0.5, True),
        (1.1, False),
        (7.2, True),
        (31.5, False),
        (104, True),
        (900, True),
    ):
        with frozen(began + timedelta(hours=hours)):
            work()
            if has_news:  # which each refusal brings, and which makes nothing quicker
                bring_up_to_date(card.order_id)
                work()
    asked = stripe.asked_for("/v1/refunds")
    assert len(asked) == len({one.key for one in asked}) == len(PAUSES) + 1 == 5
    assert open_entries() == 0, "nobody comes back to it"
    shown = page(card)
    system = [event.kind for event in shown.events if event.actor == "system"]
    assert system[-6:] == [*["giving_back_refused"] * 5, "giving_back_stopped"]
    assert "We are finding another way" in words_for(shown).payment_state
    assert letters().count("mail.giving_back_stopped") == 1
    assert to_decide(card)
    assert owed_differences() == [
        OrderDifference(card.number, "money owed, its return refused", Decimal("44.87"), Decimal("0.00"))
    ]
    assert_books_balance()


def test_a_refusal_that_only_the_job_hears_of_is_tried_again(card: CardOrder, stripe: StripeServer) -> None:
    stripe.let_refunds_take_time()
    work()
    stripe.end_refunds(card.intent_id, "failed")
    with frozen(now() + timedelta(minutes=6)):
        assert reconcile_payments()["refunds"] == 1
        assert to_decide(card)
    with frozen(now() + timedelta(hours=2)):
        work()
    stripe.end_refunds(card.intent_id)
    bring_up_to_date(card.order_id)
    work()
    assert state_of(card.order_id) == OVER
    told = sa.select(sa.func.count()).select_from(OrderEvent).where(OrderEvent.kind == "money_returned")
    assert session().scalar(told) == 1


def test_staff_have_it_tried_again_at_once(card: CardOrder, stripe: StripeServer, manager: uuid.UUID) -> None:
    refuse(stripe)
    work()
    payment = payment_of(card.order_id)
    assert work() == 0, "its time has not come"
    give_back_again(manager, card.number, payment.id)
    work()
    assert state_of(card.order_id) == OVER
    assert owed_differences() == []
    with pytest.raises(RefundRefused):
        give_back_again(manager, card.number, payment.id)


@pytest.mark.parametrize("way", ["gift_card", "by_hand"])
def test_it_goes_back_another_way_once(
    card: CardOrder, card_context: Flask, stripe: StripeServer, manager: uuid.UUID, way: OtherWay
) -> None:
    refuse(stripe)
    work()
    give = partial(give_back_otherwise, manager, card.number, payment_of(card.order_id).id, way)
    results = at_once(card_context, [give, give])
    assert sorted(type(one).__name__ for one in results) == ["RefundRefused", "UUID"], results
    assert state_of(card.order_id) == OVER
    balances = list(session().scalars(sa.select(GiftCard.balance)))
    assert balances == ([Decimal("44.87")] if way == "gift_card" else [])
    with frozen(now() + timedelta(hours=2)):
        work()
        drain()
    assert len(stripe.asked_for("/v1/refunds")) == 1, "the bank is not asked any more"
    assert not to_decide(card)
    assert owed_differences() == []
    assert_books_balance()


def test_no_gift_card_where_nobody_would_get_its_code(
    card: CardOrder, stripe: StripeServer, manager: uuid.UUID
) -> None:
    refuse(stripe)
    work()
    with transaction() as current:
        current.execute(
            sa.update(Order).where(Order.id == card.order_id).values(user_id=None, guest_email=None)
        )
    with pytest.raises(RefundRefused) as refused:
        give_back_otherwise(manager, card.number, payment_of(card.order_id).id, "gift_card")
    assert refused.value.reason == "no_address"
    give_back_otherwise(manager, card.number, payment_of(card.order_id).id, "by_hand")
    assert state_of(card.order_id) == OVER
