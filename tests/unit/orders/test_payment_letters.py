"""What shoppers are told of their money after the confirmation: that it is here, or that it did not work."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from storefront.core.clock import frozen, now
from storefront.core.settings import current_settings
from storefront.http.order_words import words_for
from storefront.jobs.outbox import drain
from storefront.orders.services import (
    bring_up_to_date,
    capture_payment,
    change_order,
    place_order,
    reconcile_payments,
)
from storefront.orders.settling import settle_stranded_orders
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import StoredMail, stored_mails
from storefront.providers.stripe_client import StripePayments
from tests.factories.buying import fill_cart, make_guest, make_product, make_shipping, order_request
from tests.factories.cards import CardOrder, order_by_card, state_of, work
from tests.factories.parcels import letters, page, paid, ship
from tests.stripe_server import DECLINED, SECRET_KEY, StripeServer
from tests.unit.orders.test_changing import as_it_is

pytestmark = pytest.mark.usefixtures("card_context")
RECEIVED, FAILED = "mail.payment_received", "mail.payment_failed"


@pytest.fixture(autouse=True)
def _shipping(card_context: object) -> None:
    make_shipping()


def on_invoice() -> CardOrder:
    guest, kettle = make_guest(), make_product(price="80.00")
    fill_cart(guest, (kettle, 1))
    placed = place_order(guest, order_request("80.00"))
    return CardOrder(guest, kettle, placed.order_id, placed.number, "")


def told(order: CardOrder) -> list[tuple[str, str]]:
    """The subjects and texts of the letters about an order, the first first."""
    with frozen(now() + timedelta(hours=8)):  # what was written later in the story is due, too
        drain()
    found: list[StoredMail] = []
    for mail in reversed(stored_mails(mail_folder(current_settings()))):
        if order.number in mail.subject:
            found.append(mail)
    return [(one.subject.replace(order.number, "N"), " ".join(one.text.split())) for one in found]


def test_who_pays_an_invoice_in_parts_is_thanked_for_each() -> None:
    order = on_invoice()
    drain()
    capture_payment(order.number, Decimal("30.00"), final=False)
    capture_payment(order.number)
    assert letters() == ["mail.order_placed", RECEIVED, RECEIVED]
    (_confirmed, (subject, first), (_subject, second)) = told(order)
    assert subject == "Your payment for the order N"
    assert f"€30.00 has arrived for your order {order.number}. " in first
    assert "€50.00 has arrived" in second
    assert "Nothing more is to be paid for it." in second


@pytest.mark.usefixtures("manual")
def test_a_card_that_is_charged_in_parts_is_told_of_once_for_each(
    staff: uuid.UUID, stripe: StripeServer
) -> None:
    order = paid(stripe, order_by_card())
    capture_payment(order.number, Decimal("60.00"), final=False)
    assert letters() == ["mail.order_placed", RECEIVED]
    (_confirmed, (_subject, text)) = told(order)
    assert f"€60.00 was charged to your card for your order {order.number}." in text
    assert "€100.00 stays reserved on it, and is charged later." in text
    capture_payment(order.number)
    *_before, (_subject, text) = told(order)
    assert f"Your card has paid for your order {order.number}. The invoice" in text
    assert letters().count(RECEIVED) == 1
    sent = paid(stripe, order_by_card())
    ship(staff, sent, 1)
    assert letters().count(RECEIVED) == 1
    assert letters().count("mail.parcel_shipped") == 1


@pytest.mark.usefixtures("manual")
def test_whose_card_has_lapsed_is_told_and_pays_by_another(stripe: StripeServer) -> None:
    order = paid(stripe, order_by_card())
    StripePayments(SECRET_KEY, stripe.url, 2).cancel(order.intent_id)
    with frozen(now() + timedelta(hours=7)):
        reconcile_payments()
    bring_up_to_date(order.order_id)
    assert words_for(page(order)).state == "Not paid"
    assert letters() == ["mail.order_placed", FAILED]
    *_before, (subject, text) = told(order)
    assert subject == "Your payment for the order N did not work"
    assert "Please pay it by card once more, or choose another way to pay." in text
    assert f"/orders/find?number={order.number}" in text
    changed = change_order(order.me, order.number, as_it_is(order), Decimal("160.00"))
    assert changed.needs_shopper
    stripe.pay(stripe.intents()[-1]["id"])
    bring_up_to_date(order.order_id)
    assert state_of(order.order_id) == ("placed", "authorised", "authorised")


@pytest.mark.usefixtures("manual")
def test_whoever_has_chosen_another_way_meanwhile_is_not_told(stripe: StripeServer) -> None:
    order = paid(stripe, order_by_card())
    StripePayments(SECRET_KEY, stripe.url, 2).cancel(order.intent_id)
    bring_up_to_date(order.order_id)
    change_order(
        order.me, order.number, replace(as_it_is(order), payment_method="invoice"), Decimal("160.00")
    )
    assert page(order).payment_status == "authorised"
    assert [subject for subject, _text in told(order) if "did not work" in subject] == []


def test_whose_bank_said_no_for_good_is_told_that_nothing_was_ordered(stripe: StripeServer) -> None:
    order, other = order_by_card(), order_by_card()
    stripe.pay(order.intent_id, DECLINED)
    with frozen(now() + timedelta(minutes=20)):
        assert settle_stranded_orders()["cancelled"] == 2
    work()
    assert letters() == [FAILED]
    ((_subject, text),) = told(order)
    assert f"so your order {order.number} was not placed. Nothing was charged." in text
    assert "/checkout" in text
    assert told(other) == []
