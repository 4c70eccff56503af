"""Two hands in one cart."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.accounts.queries import CART_REMINDER
from storefront.accounts.services import give_consent
from storefront.cart import services as carts
from storefront.cart.errors import UnknownProduct
from storefront.cart.models import Cart, CartItem
from storefront.cart.queries import cart_view
from storefront.cart.queries.saved import saved_lines
from storefront.cart.queries.wishes import wish_list
from storefront.cart.services import AddedLine, RemovedLine, Wished
from storefront.core.clock import frozen, now
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.outbox import OutboxEntry
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.services import adjust_stock
from storefront.reminders import services as reminders
from tests.concurrency.threads import at_once
from tests.factories.buying import fill_cart, make_guest, make_product, make_shopper

pytestmark = pytest.mark.concurrency


def count(table: type) -> int:
    return session().scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_adding_the_same_product_at_once_makes_one_cart_with_one_line(app_context: Flask) -> None:
    guest, kettle = make_guest(), make_product(stock=500)
    results = at_once(app_context, [partial(carts.add_line, guest, kettle, 2) for _ in range(20)])
    assert all(isinstance(result, AddedLine) for result in results), results
    assert (count(Cart), count(CartItem)) == (1, 1)
    assert cart_view(guest).quantity == 40


def test_adding_at_once_never_passes_the_stock(app_context: Flask) -> None:
    guest, kettle = make_guest(), make_product(stock=7)
    results = at_once(app_context, [partial(carts.add_line, guest, kettle, 1) for _ in range(12)])
    assert sum(isinstance(result, AddedLine) for result in results) == 7
    assert sum(isinstance(result, InsufficientStock) for result in results) == 5
    assert cart_view(guest).quantity == 7


def test_two_browsers_merge_into_one_users_cart_without_losing_a_unit(app_context: Flask) -> None:
    shopper, kettle, mug = make_shopper(), make_product("Kettle", stock=500), make_product("Mug", stock=500)
    guests = [make_guest() for _ in range(8)]
    for number, guest in enumerate(guests):
        # Every second one the other way round: locks must not depend on the order of lines.
        lines = [(kettle, 2), (mug, 1)] if number % 2 else [(mug, 1), (kettle, 2)]
        fill_cart(guest, *lines)
    results = at_once(app_context, [partial(merge, guest, shopper) for guest in guests for _ in range(2)])
    assert sorted(results) == [0] * 8 + [2] * 8, results  # type: ignore[type-var]
    quantities = {line.name: line.quantity for line in cart_view(shopper).snapshot.lines}
    assert quantities == {"Kettle": 16, "Mug": 8}


def merge(guest: Identity, shopper: Identity) -> int:
    assert guest.session_id is not None
    assert shopper.user_id is not None
    return carts.merge_carts(guest.session_id, shopper.user_id)


def test_a_line_that_is_saved_and_brought_back_at_once_is_in_one_place(app_context: Flask) -> None:
    guest, kettle = make_guest(), make_product(stock=500)
    fill_cart(guest, (kettle, 4))
    back, away = partial(carts.return_to_cart, guest, kettle), partial(carts.save_for_later, guest, kettle)
    results = at_once(app_context, [act for _ in range(8) for act in (back, away)])
    allowed = (AddedLine, RemovedLine, UnknownProduct, type(None))
    assert all(isinstance(result, allowed) for result in results), results
    saved = sum(one.line.quantity for one in saved_lines(guest))
    assert cart_view(guest).quantity + saved == 4


def test_two_arrivals_at_once_tell_nobody_twice_and_not_too_many(app_context: Flask) -> None:
    kettle = make_product("Kettle", stock=0)
    for _ in range(6):
        reminders.wait_for(make_shopper(), kettle, "en")
    adjust_stock(kettle, 1)
    results = at_once(app_context, [partial(reminders.stock_arrived, kettle) for _ in range(8)])
    assert sum(result for result in results if isinstance(result, int)) == 3, results
    letters = sa.select(OutboxEntry.payload).where(OutboxEntry.kind == "mail.stock_alert")
    assert len({entry["alert_id"] for entry in session().scalars(letters)}) == 3


def test_a_cart_is_chosen_once_by_however_many_workers(app_context: Flask) -> None:
    shopper = make_shopper()
    assert shopper.user_id
    give_consent(shopper.user_id, CART_REMINDER, "account")
    fill_cart(shopper, (make_product(), 1))

    def look() -> int:
        with frozen(now() + timedelta(hours=25)):
            return reminders.remind_of_carts()

    assert sorted(at_once(app_context, [look] * 6)) == [0] * 5 + [1]  # type: ignore[type-var]


def test_wishes_from_two_browsers_at_once_are_on_one_list(app_context: Flask) -> None:
    shopper, products = make_shopper(), [make_product(f"Kettle {number}") for number in range(4)]
    wishes = [partial(carts.wish, shopper, product) for product in products for _ in range(3)]
    results = at_once(app_context, wishes)
    assert all(isinstance(result, Wished) for result in results), results
    assert len(wish_list(shopper).wishes) == 4
