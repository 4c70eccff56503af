"""``flask payments``: what staff do with an order's money."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.orders.services import bring_up_to_date
from storefront.payments.events import keep_event
from storefront.providers.payment_provider import ProviderEvent
from tests.factories.buying import make_shipping
from tests.factories.cards import order_by_card, state_of, work
from tests.stripe_server import StripeServer


@pytest.fixture
def manual(card_context: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    changed = card_context.extensions["settings"].model_copy(update={"stripe_capture": "manual"})
    monkeypatch.setitem(card_context.extensions, "settings", changed)
    make_shipping()
    return card_context


def test_from_the_reserved_amount_to_the_money_back(manual: Flask, stripe: StripeServer) -> None:
    flask = manual.test_cli_runner()
    card = order_by_card()
    stripe.pay(card.intent_id)
    assert "The order is placed." in flask.invoke(args=["payments", "look", card.number]).output
    assert "no amount" in flask.invoke(args=["payments", "capture", card.number, "1.005"]).output
    assert "no amount" in flask.invoke(args=["payments", "capture", card.number, "much"]).output
    assert "Taken: 100.00." in flask.invoke(args=["payments", "capture", card.number, "100"]).output
    again = flask.invoke(args=["payments", "capture", card.number])
    assert again.exit_code == 1
    assert "There is nothing to take for this order" in again.output
    assert "Given back: 30." in flask.invoke(args=["payments", "refund", card.number, "30"]).output
    too_much = flask.invoke(args=["payments", "refund", card.number, "70.01"])
    assert too_much.exit_code == 1
    assert "€70.00 of this payment can still go back" in too_much.output
    assert state_of(card.order_id) == ("placed", "partially_refunded", "partially_refunded")
    assert "payments: 0, captures: 0, refunds: 0" in flask.invoke(args=["payments", "reconcile"]).output


def test_an_event_is_worked_on_again(manual: Flask, stripe: StripeServer) -> None:
    flask = manual.test_cli_runner()
    card = order_by_card()
    keep_event("stripe", ProviderEvent("evt_1", "payment_intent.created", card.intent_id, ""))
    work()
    stripe.pay(card.intent_id)
    assert flask.invoke(args=["payments", "replay", "evt_none"]).exit_code == 1
    assert flask.invoke(args=["payments", "replay", "evt_1"]).exit_code == 0
    work()
    assert bring_up_to_date(card.order_id) == "placed"
