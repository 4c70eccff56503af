"""Units sold before they are there: to the limit, waited for in turn, sent only once they have arrived."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storefront.cart import services as carts
from storefront.cart.queries import cart_view
from storefront.core import outbox
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.inventory import services as inventory
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.queries import backordered, movements_of, stock_differences
from storefront.jobs.outbox import drain
from storefront.orders.errors import TooManyUnits
from storefront.orders.models import Order
from storefront.orders.queries import order_page
from storefront.orders.services import (
    ParcelRequest,
    PlacedOrder,
    cancel_for_shopper,
    close_order,
    place_order,
    ship_parcel,
)
from storefront.orders.verification import order_differences
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from tests.factories.accounts import make_staff
from tests.factories.buying import (
    Stock,
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    make_shopper,
    order_request,
    stock_of,
)

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def _shipping(app_context: object) -> None:
    make_shipping()


def order_of(kettle: uuid.UUID, count: int) -> PlacedOrder:
    guest = make_guest()
    fill_cart(guest, (kettle, count))
    return place_order(guest, order_request(f"{80 * count}.00"))


def a_kettle(stock: int, limit: int, **values: object) -> uuid.UUID:
    return make_product("Kettle", "80.00", stock, backorder_limit=limit, **values)


def an_order() -> uuid.UUID:
    order_id = new_id()
    with transaction():
        session().add(Order(id=order_id, order_number=str(order_id)[-8:], subtotal=0, total_amount=0))
    return order_id


def told_of() -> list[str]:
    with transaction():
        told = sa.select(outbox.OutboxEntry.payload["product_id"].astext)
        return list(session().scalars(told.where(outbox.OutboxEntry.kind == "mail.low_stock")))


def balanced() -> bool:
    return stock_differences() == [] and order_differences() == []


def test_the_cart_takes_as_many_as_the_listing_shows_and_says_what_has_to_arrive() -> None:
    kettle, guest = a_kettle(2, 3), make_guest()
    carts.add_line(guest, kettle, 5)
    [line] = cart_view(guest).snapshot.lines
    assert (line.available, line.on_shelf, line.backordered) == (5, 2, 3)
    assert cart_view(guest).can_check_out
    with pytest.raises(InsufficientStock):
        carts.add_line(guest, kettle, 1)


def test_an_order_takes_what_is_there_and_waits_for_the_rest() -> None:
    kettle = a_kettle(2, 3)
    placed = order_of(kettle, 4)
    assert stock_of(kettle) == Stock(0, 2)
    assert backordered(placed.order_id) == {kettle: 2}
    assert balanced()
    with pytest.raises(InsufficientStock):
        order_of(kettle, 2)
    order_of(kettle, 1)
    assert stock_of(kettle) == Stock(0, 3)


def test_what_arrives_goes_to_whoever_has_waited_longest() -> None:
    kettle = a_kettle(0, 9)
    first, second = order_of(kettle, 3), order_of(kettle, 2)
    inventory.adjust_stock(kettle, 4, "adjustment")
    assert backordered(first.order_id) == {}
    assert backordered(second.order_id) == {kettle: 1}
    assert stock_of(kettle) == Stock(0, 1)
    assert inventory.set_stock(kettle, 5) == 5
    assert backordered(second.order_id) == {}
    assert stock_of(kettle) == Stock(4, 0)
    assert [one.delta for one in movements_of(kettle)][:5] == [-1, 5, -1, -3, 4]
    assert balanced()


def test_units_held_by_a_draft_are_nobody_elses_though_it_came_later() -> None:
    kettle, draft = a_kettle(3, 5), an_order()
    inventory.hold({kettle: 3}, order_id=draft, expires_at=now() + timedelta(minutes=15))
    placed = order_of(kettle, 2)
    assert backordered(placed.order_id) == {kettle: 2}, "the three on the shelf are the draft's"
    inventory.release_order(draft)
    assert backordered(placed.order_id) == {}
    assert stock_of(kettle) == Stock(1, 0)


def test_an_expired_hold_fills_back_orders() -> None:
    kettle, draft = a_kettle(2, 5), an_order()
    inventory.hold({kettle: 2}, order_id=draft, expires_at=now() - timedelta(seconds=1))
    placed = order_of(kettle, 1)
    assert backordered(placed.order_id) == {kettle: 1}
    assert inventory.release_expired() == 2
    assert backordered(placed.order_id) == {}
    assert stock_of(kettle) == Stock(1, 0)


def test_cancelling_gives_up_the_wait_and_serves_the_next() -> None:
    kettle, staff = a_kettle(1, 5), make_staff("support").id
    first, second = order_of(kettle, 2), order_of(kettle, 2)
    cancel_for_shopper(staff, first.number)
    assert backordered(first.order_id) == {}
    assert backordered(second.order_id) == {kettle: 1}
    assert stock_of(kettle) == Stock(0, 1)
    assert balanced()


def test_what_has_not_arrived_is_not_sent() -> None:
    kettle, staff = a_kettle(1, 5), make_staff("support").id
    shopper = make_shopper()
    fill_cart(shopper, (kettle, 3))
    placed = place_order(shopper, order_request("240.00", email=""))
    [line] = order_page(shopper, placed.number).lines
    with pytest.raises(TooManyUnits) as refusal:
        ship_parcel(staff, placed.number, ParcelRequest({line.id: 2}))
    assert (refusal.value.left, refusal.value.waiting) == (1, 2)
    ship_parcel(staff, placed.number, ParcelRequest({line.id: 1}))
    inventory.adjust_stock(kettle, 1, "adjustment")
    ship_parcel(staff, placed.number, ParcelRequest({line.id: 1}))
    close_order(staff, placed.number)
    assert stock_of(kettle) == Stock(0, 0)
    assert balanced()


def test_the_sale_that_leaves_few_tells_of_it_once() -> None:
    kettle = a_kettle(5, 0, low_stock_threshold=3)
    order_of(kettle, 1)
    assert told_of() == []
    order_of(kettle, 1)
    order_of(kettle, 1)
    assert told_of() == [str(kettle)]
    drain()
    to_shop = [mail for mail in stored_mails(mail_folder(current_settings())) if "Few left" in mail.subject]
    assert "On the shelf: 2" in to_shop[0].text
    inventory.adjust_stock(kettle, 5, "adjustment")
    order_of(kettle, 4)
    assert told_of() == [str(kettle)] * 2


def test_no_letter_where_more_have_come_since() -> None:
    kettle = a_kettle(3, 0, low_stock_threshold=2)
    order_of(kettle, 1)
    inventory.adjust_stock(kettle, 50, "adjustment")
    before = len(stored_mails(mail_folder(current_settings())))
    drain()
    written = stored_mails(mail_folder(current_settings()))
    assert not [mail for mail in written if "Few left" in mail.subject and str(kettle) in mail.text]
    assert len(written) == before + 1, "the confirmation alone"
