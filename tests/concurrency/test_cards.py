"""Two at the same instant about one payment: the webhook and the shopper, staff and the shopper, two of the staff."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core import outbox
from storefront.core.clock import frozen, now
from storefront.core.db import release, session
from storefront.inventory import services as inventory
from storefront.orders.letting_go import StillUndecided
from storefront.orders.services import (
    bring_up_to_date,
    cancel_order,
    capture_payment,
    let_go,
    refund_payment,
)
from storefront.orders.settling import settle
from storefront.orders.verification import order_differences
from storefront.payments.errors import NothingToCapture, RefundedMeanwhile, RefundTooLarge
from storefront.payments.models import Refund
from tests.concurrency.threads import at_once
from tests.factories.buying import Stock, stock_of
from tests.factories.cards import event_about, order_by_card, payment_of, signature_of, state_of, work
from tests.stripe_server import StripeServer

pytestmark = pytest.mark.concurrency


def placed_mails() -> int:
    kinds = session().scalars(
        sa.select(outbox.OutboxEntry.kind).where(outbox.OutboxEntry.kind == "mail.order_placed")
    )
    count = len(kinds.all())
    release()
    return count


def test_webhook_and_return_page_at_the_same_instant(crowded_cards: Flask, stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    bodies = [event_about(card.intent_id) for _ in range(4)]

    def webhook(body: bytes) -> object:
        headers = {"Stripe-Signature": signature_of(body)}
        answer = crowded_cards.test_client().post("/webhooks/stripe", data=body, headers=headers)
        work()
        return answer.status_code

    people = [partial(webhook, body) for body in bodies]
    people += [partial(bring_up_to_date, card.order_id) for _ in range(4)]
    results = at_once(crowded_cards, people)
    assert results == [200] * 4 + ["placed"] * 4
    work()
    assert state_of(card.order_id) == ("placed", "authorised", "authorised")
    assert stock_of(card.product_id) == Stock(3, 0)
    assert placed_mails() == 1
    assert order_differences() == []


@pytest.mark.parametrize("turn", range(3))
def test_paying_while_the_job_gives_up_is_honoured_or_let_go_of(
    crowded_cards: Flask, stripe: StripeServer, turn: int
) -> None:
    card = order_by_card()
    with frozen(now() + timedelta(minutes=20)):
        inventory.release_expired()
    release()

    def pay() -> object:
        stripe.pay(card.intent_id)
        return bring_up_to_date(card.order_id)

    both: list[object] = [pay, partial(settle, card.order_id)]
    at_once(crowded_cards, both[:: 1 if turn % 2 else -1])  # type: ignore[arg-type]
    work()
    order, of_order, payment = state_of(card.order_id)
    status = stripe.intent(card.intent_id)["status"]
    assert (order, of_order, payment, status) in (
        ("placed", "authorised", "authorised", "requires_capture"),
        ("cancelled", "cancelled", "cancelled", "canceled"),
    )
    assert stock_of(card.product_id) == (Stock(3, 0) if order == "placed" else Stock(5, 0))


@pytest.mark.parametrize("turn", range(4))
def test_cancel_against_capture_never_keeps_the_money(
    crowded_cards: Flask, stripe: StripeServer, turn: int
) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    bring_up_to_date(card.order_id)
    release()

    def cancel() -> object:
        cancelled = cancel_order(card.me, card.number)
        let_go(card.order_id)
        return cancelled

    both: list[object] = [partial(capture_payment, card.number), cancel]
    results = at_once(crowded_cards, both[:: 1 if turn % 2 else -1])  # type: ignore[arg-type]
    # Captured at the moment it was let go of, it is let go of again: by the job.
    expected = (NothingToCapture, StillUndecided)
    assert not [one for one in results if isinstance(one, Exception) and not isinstance(one, expected)], (
        results
    )
    work()
    order, _of_order, payment = state_of(card.order_id)
    assert order == "cancelled"
    intent = stripe.intent(card.intent_id)
    back = sum(one["amount"] for one in stripe.refunds(card.intent_id))
    if intent["status"] == "canceled":
        assert payment == "cancelled"
        assert back == 0
    else:
        assert payment == "refunded"
        assert back == 16000, "given back exactly once"
    assert stock_of(card.product_id) == Stock(5, 0)


def test_two_of_the_staff_refund_the_same_line(crowded_cards: Flask, stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    bring_up_to_date(card.order_id)
    release()
    capture_payment(card.number)
    release()
    give = partial(refund_payment, card.number, Decimal("80.00"), "dented", seen=Decimal(0))
    results = at_once(crowded_cards, [give, give])
    refused = [one for one in results if isinstance(one, RefundedMeanwhile)]
    assert len(refused) == 1, results
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [8000]
    assert payment_of(card.order_id).left == Decimal("80.00")


def test_many_refunds_at_once_never_exceed_what_was_taken(crowded_cards: Flask, stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    bring_up_to_date(card.order_id)
    release()
    capture_payment(card.number)
    release()
    give = partial(refund_payment, card.number, Decimal("50.00"))
    results = at_once(crowded_cards, [give] * 6)
    assert len([one for one in results if isinstance(one, RefundTooLarge)]) == 3, results
    assert sum(one["amount"] for one in stripe.refunds(card.intent_id)) == 15000
    given = sa.select(sa.func.count()).select_from(Refund).where(Refund.status == "succeeded")
    assert session().scalar(given) == 3


def test_giving_back_at_once_gives_back_once(crowded_cards: Flask, stripe: StripeServer) -> None:
    card = order_by_card()
    stripe.pay(card.intent_id)
    bring_up_to_date(card.order_id)
    release()
    cancel_order(card.me, card.number)
    stripe.call("POST", f"/v1/payment_intents/{card.intent_id}/capture")
    results = at_once(crowded_cards, [partial(let_go, card.order_id) for _ in range(5)])
    assert results == [None] * 5
    assert [one["amount"] for one in stripe.refunds(card.intent_id)] == [16000]
