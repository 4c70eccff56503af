"""Cards that people keep: they are the provider's, ours are its names for them. Against localstripe."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.core.clock import frozen, now
from storefront.core.db import release, session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.orders.services import bring_up_to_date, place_order
from storefront.payments import saved_cards
from storefront.payments.events import keep_event
from storefront.payments.models import Payment, PaymentCustomer, SavedPaymentMethod
from storefront.payments.queries_of_customers import saved_methods_of
from storefront.payments.saved_cards import kept_cards
from storefront.providers.payment_provider import PaymentProviderFailure, ProviderEvent
from tests.factories.buying import (
    fill_cart,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
)
from tests.factories.cards import payment_of, state_of, work
from tests.stripe_server import DECLINED, NEEDS_3D_SECURE, StripeServer

pytestmark = pytest.mark.usefixtures("card_context")
BACK = "http://localhost/checkout/return?order=X"


def shopper() -> tuple[Identity, uuid.UUID]:
    identity = make_shopper()
    assert identity.user_id
    return identity, identity.user_id


def order_of(identity: Identity) -> tuple[uuid.UUID, str]:
    """An order over 160.00 that waits for its card."""
    fill_cart(identity, (make_product(price="80.00"), 2))
    placed = place_order(identity, order_request("160.00", payment_method="stripe", email=""))
    reference = payment_of(placed.order_id).provider_reference
    assert reference
    return placed.order_id, reference


def customer(user_id: uuid.UUID) -> str:
    release()
    return saved_cards.introduce(user_id, "ida@example.com")


def with_card(
    stripe: StripeServer, number: str = "4242424242424242"
) -> tuple[Identity, uuid.UUID, uuid.UUID]:
    """Somebody with one kept card."""
    identity, user_id = shopper()
    stripe.add_card(customer(user_id), number)
    saved_cards.read_cards(user_id)
    (card,) = kept_cards(user_id)
    release()
    return identity, user_id, card.id


def test_a_card_is_kept_once_it_has_paid(stripe: StripeServer) -> None:
    make_shipping()
    identity, user_id = shopper()
    order_id, reference = order_of(identity)
    saved_cards.keep_card(payment_of(order_id), user_id, "ida@example.com")
    work()
    assert kept_cards(user_id) == []
    stripe.pay(reference)
    release()
    assert bring_up_to_date(order_id) == "placed"
    work()
    (card,) = kept_cards(user_id)
    assert (card.brand, card.last_four) == ("visa", "4242")
    assert [one["id"] for one in stripe.cards(customer(user_id))] == [card.reference]
    assert [(one.kind, one.last_four) for one in saved_methods_of(user_id)] == [("credit_card", "4242")]
    asked = [one.form for one in stripe.asked_for(reference)]
    assert {"customer": customer(user_id), "setup_future_usage": "on_session"} in asked


def test_a_card_is_not_kept_once_its_owner_has_thought_better_of_it(stripe: StripeServer) -> None:
    make_shipping()
    identity, user_id = shopper()
    order_id, reference = order_of(identity)
    saved_cards.keep_card(payment_of(order_id), user_id, "ida@example.com")
    assert payment_of(order_id).kept_for == user_id
    release()
    stripe.pay(reference, DECLINED)
    saved_cards.keep_no_card(payment_of(order_id))
    assert payment_of(order_id).kept_for is None
    release()
    stripe.pay(reference)
    assert bring_up_to_date(order_id) == "placed"
    work()
    assert kept_cards(user_id) == []
    assert stripe.cards(customer(user_id)) == []


def test_a_kept_card_pays_the_next_order(stripe: StripeServer) -> None:
    make_shipping()
    identity, user_id, card_id = with_card(stripe)
    order_id, _reference = order_of(identity)
    step = saved_cards.pay_with_card(payment_of(order_id), user_id, card_id, BACK)
    assert (step.status, step.redirect_to) == ("captured", "")
    assert bring_up_to_date(order_id) == "placed"
    assert state_of(order_id) == ("placed", "paid", "captured")
    assert session().scalar(sa.select(Payment.saved_method_id).where(Payment.order_id == order_id)) == card_id


@pytest.mark.parametrize("approves", [True, False])
def test_the_bank_may_want_to_hear_from_its_owner(stripe: StripeServer, approves: bool) -> None:
    make_shipping()
    identity, user_id, card_id = with_card(stripe, NEEDS_3D_SECURE)
    order_id, reference = order_of(identity)
    step = saved_cards.pay_with_card(payment_of(order_id), user_id, card_id, BACK)
    assert step.status == "open"
    assert step.redirect_to.startswith(stripe.url)
    stripe.authenticate(reference, success=approves)
    release()
    assert bring_up_to_date(order_id) == ("placed" if approves else "declined")


def test_a_kept_card_that_is_declined_leaves_the_order_waiting(stripe: StripeServer) -> None:
    make_shipping()
    identity, user_id, card_id = with_card(stripe, DECLINED)
    order_id, reference = order_of(identity)
    with pytest.raises(PaymentProviderFailure, match="declined"):
        saved_cards.pay_with_card(payment_of(order_id), user_id, card_id, BACK)
    assert bring_up_to_date(order_id) == "declined"
    stripe.pay(reference)
    release()
    assert bring_up_to_date(order_id) == "placed"
    paid_with = session().scalar(sa.select(Payment.saved_method_id).where(Payment.order_id == order_id))
    assert paid_with is None, "another card than the kept one has paid"


def test_nobody_pays_with_or_removes_somebody_elses_card(stripe: StripeServer) -> None:
    make_shipping()
    _owner, owner_id, card_id = with_card(stripe)
    thief, thief_id = shopper()
    customer(thief_id)
    order_id, _reference = order_of(thief)
    with pytest.raises(NotFound):
        saved_cards.pay_with_card(payment_of(order_id), thief_id, card_id, BACK)
    with pytest.raises(NotFound):
        saved_cards.remove_card(thief_id, card_id)
    assert len(kept_cards(owner_id)) == 1
    assert stripe.asked_for("/detach") == []


def test_a_removed_card_is_gone_at_the_provider_first(stripe: StripeServer) -> None:
    _identity, user_id, card_id = with_card(stripe)
    stripe.fail_next("/detach", status=500, times=3)
    with pytest.raises(PaymentProviderFailure):
        saved_cards.remove_card(user_id, card_id)
    assert len(kept_cards(user_id)) == 1
    release()
    saved_cards.remove_card(user_id, card_id)
    assert kept_cards(user_id) == []
    assert stripe.cards(customer(user_id)) == []
    with pytest.raises(NotFound):
        saved_cards.remove_card(user_id, card_id)


def test_the_same_card_kept_twice_is_one(stripe: StripeServer) -> None:
    _identity, user_id, _card_id = with_card(stripe)
    stripe.add_card(customer(user_id))
    stripe.add_card(customer(user_id), NEEDS_3D_SECURE)
    assert saved_cards.read_cards(user_id) == 2
    assert saved_cards.read_cards(user_id) == 2
    assert sorted(card.last_four for card in kept_cards(user_id)) == ["3155", "4242"]
    before = {card.last_four: card.id for card in kept_cards(user_id)}
    release()
    saved_cards.remove_card(user_id, before["4242"])
    assert saved_cards.read_cards(user_id) == 1
    assert [one["card"]["last4"] for one in stripe.cards(customer(user_id))] == ["3155"]


def test_a_card_that_went_at_the_provider_goes_here_by_its_news(stripe: StripeServer) -> None:
    _identity, user_id, _card_id = with_card(stripe)
    (card,) = kept_cards(user_id)
    stripe.call("POST", f"/v1/payment_methods/{card.reference}/detach")
    event = ProviderEvent("evt_1", "payment_method.detached", "", "", customer(user_id))
    keep_event("stripe", event)
    keep_event("stripe", replace(event, id="evt_2", customer_id="cus_of_somebody"))
    work()
    assert kept_cards(user_id) == []


@pytest.mark.parametrize("marked", [True, False])
def test_a_deleted_account_leaves_nothing_at_the_provider(stripe: StripeServer, marked: bool) -> None:
    _identity, user_id, _card_id = with_card(stripe)
    reference = customer(user_id)
    with transaction() as current:
        if marked:
            current.execute(sa.update(User).where(User.id == user_id).values(deleted_at=sa.func.now()))
        else:
            current.execute(sa.delete(User).where(User.id == user_id))
    for table in (PaymentCustomer, SavedPaymentMethod):
        assert session().scalar(sa.select(sa.func.count()).select_from(table)) == 0
    stripe.fail_next("/v1/customers", status=500, times=3)
    work()
    assert reference in [one["id"] for one in stripe.customers()]
    with frozen(now() + timedelta(minutes=10)):
        work()
    assert reference not in [one["id"] for one in stripe.customers()]


def test_a_person_is_introduced_once(stripe: StripeServer) -> None:
    _identity, user_id = shopper()
    assert customer(user_id) == customer(user_id)
    assert len(stripe.customers()) == 1
