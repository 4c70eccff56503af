"""Orders being replaced while they are given up: both lock in one order, so nobody is turned away by a deadlock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.db import session, transaction
from storefront.inventory import services as inventory
from storefront.orders import drafts
from storefront.orders.models import Order
from storefront.orders.services import PlacedOrder, place_order
from storefront.promotions.models import GiftCard
from tests.concurrency.threads import at_once
from tests.factories.buying import (
    Stock,
    fill_cart,
    make_draft,
    make_guest,
    make_product,
    make_shipping,
    order_request,
    stock_of,
)
from tests.factories.parcels import give, order_of_five
from tests.factories.promotions import balance_of, make_gift_card

pytestmark = pytest.mark.concurrency
_PATIENCE_SECONDS = 10


def test_shopper_tries_again_while_the_job_gives_the_first_try_up(
    app_context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_shipping()
    guest, kettle = make_guest(), make_product(price="80.00", stock=5)
    fill_cart(guest, (kettle, 2))
    first = make_draft(guest, order_request("160.00"))
    order_is_locked = threading.Event()

    def release_slowly(order_id: object, release: Callable[..., None]) -> None:
        order_is_locked.set()
        _wait_until_somebody_waits_for_a_lock(app_context)
        release(order_id)

    slow = partial(release_slowly, release=inventory.release_order)
    monkeypatch.setattr(drafts.inventory, "release_order", slow)

    def give_up() -> bool:
        return drafts.abandon(first.id, "expired")

    def try_again() -> PlacedOrder:
        assert order_is_locked.wait(_PATIENCE_SECONDS)
        monkeypatch.undo()
        return place_order(guest, order_request("160.00"))

    given_up, placed = at_once(app_context, [give_up, try_again])
    assert given_up is True, given_up
    assert isinstance(placed, PlacedOrder), placed
    states = session().execute(sa.select(Order.status).order_by(Order.created_at)).scalars().all()
    assert states == ["cancelled", "placed"]
    session().rollback()
    assert stock_of(kettle) == Stock(3, 0)


def test_a_refund_onto_a_gift_card_waits_for_products_before_it_holds_the_card(app_context: Flask) -> None:
    make_shipping()
    gift = make_gift_card("30.00")
    order = order_of_five(gift_card=gift.code, by_gift_card="30.00")
    products_are_locked = threading.Event()

    def check_out() -> bool:
        with transaction():
            inventory.lock_products([order.product_id])
            products_are_locked.set()
            _wait_until_somebody_waits_for_a_lock(app_context)
            card = sa.select(GiftCard.id).where(GiftCard.id == gift.id)
            return session().scalar(card.with_for_update(nowait=True)) == gift.id

    def give_back() -> uuid.UUID:
        assert products_are_locked.wait(_PATIENCE_SECONDS)
        return give(order, 2, 1)

    took, refund_id = at_once(app_context, [check_out, give_back])
    assert took is True, took
    assert isinstance(refund_id, uuid.UUID), refund_id
    assert balance_of(gift)[0] == Decimal("10.11"), "24.98, of which 14.87 was not paid yet"


def _wait_until_somebody_waits_for_a_lock(app: Flask) -> None:
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    tick = threading.Event()
    for _ in range(_PATIENCE_SECONDS * 20):
        # A transaction for each look: within one, the server shows what everybody did at the first.
        with app.app_context(), transaction() as watching:
            if watching.scalar(waiting):
                return
        tick.wait(0.05)
