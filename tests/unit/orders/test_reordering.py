"""Buying the same again."""

from __future__ import annotations

import pytest

from storefront.cart.queries import cart_view
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.inventory import services as inventory
from storefront.orders.reordering import NotReordered
from storefront.orders.services import place_order, reorder
from tests.factories.buying import (
    change_product,
    fill_cart,
    make_guest,
    make_product,
    make_shipping,
    order_request,
)

pytestmark = pytest.mark.usefixtures("app_context")


def test_what_is_still_sold_goes_into_the_cart_and_the_rest_is_named() -> None:
    make_shipping()
    guest = make_guest()
    kettle, mug = make_product("Kettle", "10.00", 20), make_product("Mug", "10.00", 9)
    lamp, rug = make_product("Lamp", "10.00", 9), make_product("Rug", "10.00", 200)
    fill_cart(guest, (kettle, 2), (mug, 5), (lamp, 1), (rug, 60))
    placed = place_order(guest, order_request("680.00"))
    me = Identity(None, guest.session_id, frozenset({placed.order_id}))
    inventory.adjust_stock(mug, -2)
    change_product(lamp, is_active=False)
    change_product(kettle, price=12)
    fill_cart(me, (rug, 50), (mug, 1))
    again = reorder(me, placed.number)
    assert again.added == 2 + 1 + 49
    assert again.missing == (
        NotReordered("Mug", 5, 1, "fewer"),
        NotReordered("Lamp", 1, 0, "gone"),
        NotReordered("Rug", 60, 49, "enough"),
    )
    held = {line.product_id: line.quantity for line in cart_view(me).snapshot.lines}
    assert held == {kettle: 2, mug: 2, rug: 99}
    inventory.adjust_stock(mug, -2)
    assert NotReordered("Mug", 5, 0, "sold_out") in reorder(me, placed.number).missing


def test_somebody_elses_order_cannot_be_bought_again() -> None:
    make_shipping()
    guest = make_guest()
    fill_cart(guest, (make_product(price="80.00"), 1))
    placed = place_order(guest, order_request("80.00"))
    with pytest.raises(NotFound):
        reorder(make_guest(), placed.number)
