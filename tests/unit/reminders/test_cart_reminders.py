"""The reminder of a cart: asked for, once, and never to somebody who has bought, emptied or come back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storefront.accounts.models import Consent
from storefront.accounts.queries import CART_REMINDER, consent_since
from storefront.accounts.services import give_consent, withdraw_consent
from storefront.cart import services as carts
from storefront.cart.queries import cart_view
from storefront.core.clock import frozen, now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.settings import Settings
from storefront.jobs.outbox import drain
from storefront.journeys.sign_in import take_along
from storefront.orders.services import place_order
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from storefront.reminders.services import remind_of_carts
from tests.factories.buying import (
    change_product,
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
)

pytestmark = pytest.mark.usefixtures("app_context")
DAY = timedelta(hours=25)


def leave_a_cart(email: str = "ida@example.com", *, agrees: bool = True) -> tuple[Identity, uuid.UUID]:
    shopper, kettle = make_shopper(email), make_product("Kettle")
    assert shopper.user_id
    if agrees:
        give_consent(shopper.user_id, CART_REMINDER, "account")
    fill_cart(shopper, (kettle, 2))
    return shopper, kettle


def letters(settings: Settings) -> list[str]:
    return [mail.to for mail in stored_mails(mail_folder(settings)) if "cart" in mail.subject]


def test_who_asked_for_it_is_reminded_once(settings: Settings) -> None:
    leave_a_cart()
    leave_a_cart("bob@example.com", agrees=False)
    fill_cart(make_guest(), (make_product(), 1))
    assert remind_of_carts() == 0
    with frozen(now() + DAY):
        assert (remind_of_carts(), remind_of_carts()) == (1, 0)
        drain()
    with frozen(now() + 3 * DAY):
        assert remind_of_carts() == 0
    (mail,) = stored_mails(mail_folder(settings))
    assert (mail.to, mail.subject) == ("ida@example.com", "Your cart is still here")
    assert "2 x Kettle: €40.00" in mail.text
    assert "/cart/from-mail/" in mail.text
    assert "/unsubscribe/cart/" in mail.text


def _order(shopper: Identity, _kettle: uuid.UUID) -> None:
    make_shipping()
    place_order(shopper, order_request("44.90"))


def _order_as_guest(_shopper: Identity, kettle: uuid.UUID) -> None:
    make_shipping()
    guest = make_guest()
    fill_cart(guest, (kettle, 1))
    place_order(guest, order_request("24.90", email="ida@example.com"))


def _empty(shopper: Identity, _kettle: uuid.UUID) -> None:
    carts.clear(shopper)


def _withdraw(shopper: Identity, _kettle: uuid.UUID) -> None:
    assert shopper.user_id
    withdraw_consent(shopper.user_id, CART_REMINDER)


@pytest.mark.parametrize("act", [_order, _order_as_guest, _empty, _withdraw])
@pytest.mark.parametrize("chosen_before", [True, False])
def test_nobody_is_reminded_who_ordered_emptied_or_withdrew(
    settings: Settings, act: Callable[[Identity, uuid.UUID], None], chosen_before: bool
) -> None:
    """Also when that happens between the choice and the letter."""
    shopper, kettle = leave_a_cart()
    if chosen_before:
        with frozen(now() + DAY):
            assert remind_of_carts() == 1
    act(shopper, kettle)
    with frozen(now() + DAY):
        assert remind_of_carts() == 0
        drain()
    assert letters(settings) == []


def test_a_cart_that_was_touched_again_is_not_left(settings: Settings) -> None:
    shopper, kettle = leave_a_cart()
    later = now() + DAY
    with frozen(later):
        remind_of_carts()
    carts.set_quantity(shopper, kettle, 3)
    with frozen(later - timedelta(hours=2)):
        drain()
    assert letters(settings) == []


def test_carts_of_long_ago_are_left_alone() -> None:
    leave_a_cart()
    with frozen(now() + timedelta(days=9)):
        assert remind_of_carts() == 0


def test_consent_is_kept_with_its_time_and_a_withdrawal_ends_it() -> None:
    user_id = make_shopper().user_id
    assert user_id
    assert give_consent(user_id, CART_REMINDER, "checkout")
    since = consent_since(user_id, CART_REMINDER)
    assert not give_consent(user_id, CART_REMINDER, "account")
    assert consent_since(user_id, CART_REMINDER) == since
    assert withdraw_consent(user_id, CART_REMINDER)
    assert not withdraw_consent(user_id, CART_REMINDER)
    assert consent_since(user_id, CART_REMINDER) is None
    give_consent(user_id, CART_REMINDER, "account")
    kept = session().execute(
        sa.select(Consent.source, Consent.withdrawn_at.is_(None)).order_by(Consent.given_at)
    )
    assert [tuple(row) for row in kept] == [("checkout", False), ("account", True)]


def test_a_copied_cart_is_not_counted_twice_at_sign_in() -> None:
    shopper, _kettle = leave_a_cart()
    mug = make_product("Mug")
    fill_cart(shopper, (mug, 1))
    cart_id = cart_view(shopper).cart_id
    assert cart_id
    assert shopper.user_id
    guest = make_guest()
    assert carts.copy_cart(cart_id, guest) == 2
    assert carts.copy_cart(cart_id, guest) == 0
    assert carts.copy_cart(cart_id, shopper) == 0
    carts.set_quantity(guest, mug, 3)
    take_along(guest, shopper.user_id)
    assert {line.name: line.quantity for line in cart_view(shopper).snapshot.lines} == {"Kettle": 2, "Mug": 3}


def test_of_a_copied_cart_comes_what_is_there() -> None:
    shopper, kettle = leave_a_cart()
    fill_cart(shopper, (make_product("Gone"), 1))
    cart_id = cart_view(shopper).cart_id
    assert cart_id
    change_product(kettle, reserved_quantity=9)
    gone = next(line for line in cart_view(shopper).snapshot.lines if line.name == "Gone")
    change_product(gone.product_id, is_active=False)
    guest = make_guest()
    assert carts.copy_cart(cart_id, guest) == 1
    assert {line.name: line.quantity for line in cart_view(guest).snapshot.lines} == {"Kettle": 1}
    carts.clear(shopper)
    assert carts.copy_cart(uuid.uuid4(), guest) == 0
