"""The stock ledger and holds: every unit is accounted for, whatever happens to it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.errors import InvalidInput, NotFound
from storefront.core.ids import new_id
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.queries import movements_of, stock_differences
from storefront.orders.models import Order
from tests.factories.buying import Stock, change_product, make_product, stock_of

pytestmark = pytest.mark.usefixtures("app_context")


def make_order() -> uuid.UUID:
    order_id = new_id()
    with transaction():
        session().add(Order(id=order_id, order_number=str(order_id)[-8:], subtotal=0, total_amount=0))
    return order_id


def in_minutes(minutes: int) -> datetime:
    return now() + timedelta(minutes=minutes)


def test_adjusting_changes_the_stock_and_leaves_a_ledger_row() -> None:
    kettle, clerk = make_product(stock=10), new_id()
    assert inventory.adjust_stock(kettle, -3, "adjustment", user_id=clerk, note="dented") == 7
    latest = movements_of(kettle)[0]
    assert (latest.delta, latest.reason, latest.note, latest.user_id) == (-3, "adjustment", "dented", clerk)
    assert stock_of(kettle) == Stock(7, 0)
    assert stock_differences() == []


def test_adjusting_by_nothing_leaves_no_row() -> None:
    kettle = make_product(stock=10)
    assert inventory.adjust_stock(kettle, 0) == 10
    assert [movement.reason for movement in movements_of(kettle)] == ["import"]


def test_counting_the_shelf_books_the_difference() -> None:
    kettle = make_product(stock=10)
    assert inventory.set_stock(kettle, 4, note="counted") == -6
    assert stock_of(kettle) == Stock(4, 0)
    assert movements_of(kettle)[0].delta == -6


def test_units_that_are_held_cannot_be_taken_away() -> None:
    kettle = make_product("Kettle", stock=5)
    inventory.hold({kettle: 4}, order_id=make_order(), expires_at=in_minutes(15))
    with pytest.raises(InsufficientStock) as refused:
        inventory.adjust_stock(kettle, -2)
    assert refused.value.available == 1
    assert inventory.adjust_stock(kettle, -1) == 4


def test_unknown_product_and_unknown_reason_are_refused() -> None:
    with pytest.raises(NotFound):
        inventory.adjust_stock(new_id(), 1)
    with pytest.raises(InvalidInput):
        inventory.adjust_stock(make_product(), 1, "gift")


def test_hold_then_take_sells_exactly_what_was_held() -> None:
    kettle, mug, order_id = make_product(stock=5), make_product(stock=5), make_order()
    inventory.hold({kettle: 2, mug: 5}, order_id=order_id, expires_at=in_minutes(15))
    assert (stock_of(kettle), stock_of(mug)) == (Stock(5, 2), Stock(5, 5))
    inventory.take(order_id, {kettle: 2, mug: 5})
    assert (stock_of(kettle), stock_of(mug)) == (Stock(3, 0), Stock(0, 0))
    assert movements_of(mug)[0].delta == -5
    assert movements_of(mug)[0].order_id == order_id
    assert stock_differences() == []


def test_hold_is_all_or_nothing() -> None:
    kettle, mug = make_product(stock=5), make_product("Mug", stock=1)
    with pytest.raises(InsufficientStock) as refused:
        inventory.hold({kettle: 2, mug: 2}, order_id=make_order(), expires_at=in_minutes(15))
    assert (refused.value.name, refused.value.wanted, refused.value.available) == ("Mug", 2, 1)
    assert stock_of(kettle) == Stock(5, 0)


def test_released_order_gives_everything_back_once() -> None:
    kettle, order_id = make_product(stock=5), make_order()
    inventory.hold({kettle: 3}, order_id=order_id, expires_at=in_minutes(15))
    inventory.release_order(order_id)
    inventory.release_order(order_id)
    assert stock_of(kettle) == Stock(5, 0)


def test_only_expired_holds_are_released() -> None:
    kettle, early, late = make_product(stock=9), make_order(), make_order()
    inventory.hold({kettle: 2}, order_id=early, expires_at=in_minutes(5))
    inventory.hold({kettle: 3}, order_id=late, expires_at=in_minutes(30))
    assert inventory.release_expired() == 0
    with frozen(now() + timedelta(minutes=10)):
        assert inventory.release_expired() == 2
    assert stock_of(kettle) == Stock(9, 3)
    assert inventory.held_for(late) == {kettle: 3}


def test_order_is_honoured_after_its_hold_expired_if_the_goods_are_still_there() -> None:
    kettle, order_id = make_product(stock=3), make_order()
    inventory.hold({kettle: 3}, order_id=order_id, expires_at=in_minutes(-1))
    inventory.release_expired()
    inventory.take(order_id, {kettle: 3})
    assert stock_of(kettle) == Stock(0, 0)


def test_expired_hold_takes_nothing_that_somebody_else_holds() -> None:
    kettle, late, quick = make_product("Kettle", stock=3), make_order(), make_order()
    inventory.hold({kettle: 3}, order_id=late, expires_at=in_minutes(-1))
    inventory.release_expired()
    inventory.hold({kettle: 2}, order_id=quick, expires_at=in_minutes(15))
    with pytest.raises(InsufficientStock) as refused:
        inventory.take(late, {kettle: 3})
    assert refused.value.available == 1
    assert stock_of(kettle) == Stock(3, 2)
    inventory.take(quick, {kettle: 2})
    assert stock_of(kettle) == Stock(1, 0)


def test_verification_names_what_does_not_add_up() -> None:
    kettle = make_product(stock=10, sku="KET-9")
    change_product(kettle, stock_quantity=9, reserved_quantity=2)
    found = {(one.sku, one.what, one.on_product, one.in_ledger) for one in stock_differences()}
    assert found == {("KET-9", "stock", 9, 10), ("KET-9", "reserved", 2, 0)}
