"""Orders being replaced while they are given up: both lock in one order, so nobody is turned away by a deadlock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.db import session, transaction
from storefront.inventory import services as inventory
from storefront.orders import drafts
from storefront.orders.models import Order
from storefront.orders.services import PlacedOrder, place_order
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


def _wait_until_somebody_waits_for_a_lock(app: Flask) -> None:
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    tick = threading.Event()
    with app.app_context(), transaction() as watching:
        for _ in range(_PATIENCE_SECONDS * 20):
            if watching.scalar(waiting):
                return
            tick.wait(0.05)
