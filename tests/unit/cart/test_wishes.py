"""Wish lists and what is saved for later: whose they are, what they hold, how they come along at sign-in."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa

from storefront.cart import services as carts
from storefront.cart.errors import (
    CartMissing,
    ChooseVariant,
    SignInToShare,
    UnknownProduct,
    WishListFull,
)
from storefront.cart.models import MOST_WISHES, WishList
from storefront.cart.queries import cart_view
from storefront.cart.queries.saved import saved_lines
from storefront.cart.queries.wishes import shared_wish_list, wish_list
from storefront.core.db import session
from storefront.core.identity import ANONYMOUS, Identity
from storefront.inventory.errors import InsufficientStock
from storefront.journeys.sign_in import take_along
from tests.factories.buying import (
    change_product,
    fill_cart,
    make_guest,
    make_product,
    make_shopper,
)

pytestmark = pytest.mark.usefixtures("app_context")


def names(identity: Identity) -> list[str]:
    return [one.name for one in wish_list(identity).wishes]


def saved(identity: Identity) -> dict[str, int]:
    return {one.line.name: one.line.quantity for one in saved_lines(identity)}


def in_cart(identity: Identity) -> dict[str, int]:
    return {line.name: line.quantity for line in cart_view(identity).snapshot.lines}


def make_tent() -> tuple[uuid.UUID, uuid.UUID]:
    tent = make_product("Tent", "120.00", 0)
    return tent, make_product("Tent, fir", "130.00", 3, parent_id=tent, options={"Colour": "Fir"})


def test_a_wish_is_there_once_however_often_it_is_wished() -> None:
    guest, kettle = make_guest(), make_product("Kettle")
    carts.wish(guest, kettle)
    assert carts.wish(guest, kettle).is_wished
    assert names(guest) == ["Kettle"]
    assert not carts.unwish(guest, kettle).is_wished
    assert carts.unwish(guest, kettle).name == "Kettle"
    assert names(guest) == []


def test_wishes_show_todays_price_and_stock() -> None:
    guest = make_guest()
    tent, _fir = make_tent()
    kettle, mug, lamp = make_product("Kettle"), make_product("Mug", stock=0), make_product("Lamp")
    for product_id in (kettle, mug, lamp, tent):
        carts.wish(guest, product_id)
    change_product(kettle, price=Decimal("18.00"))
    change_product(lamp, is_active=False)
    found = {one.name: (one.state, one.price_from, one.price_to) for one in wish_list(guest).wishes}
    assert found == {
        "Tent": ("choose", Decimal("130.00"), Decimal("130.00")),
        "Lamp": ("gone", Decimal("20.00"), Decimal("20.00")),
        "Mug": ("sold_out", Decimal("20.00"), Decimal("20.00")),
        "Kettle": ("in_stock", Decimal("18.00"), Decimal("18.00")),
    }
    assert names(guest) == ["Tent", "Lamp", "Mug", "Kettle"]


def test_a_chosen_variant_takes_the_place_of_its_product_and_goes_with_it() -> None:
    guest = make_guest()
    tent, fir = make_tent()
    carts.wish(guest, tent)
    carts.wish(guest, fir)
    assert names(guest) == ["Tent, fir"]
    carts.unwish(guest, tent)
    assert names(guest) == []


def test_nobody_wishes_for_what_is_not_sold_or_without_a_session() -> None:
    gone = make_product("Gone", is_active=False)
    for unknown in (gone, uuid.uuid4()):
        with pytest.raises(UnknownProduct):
            carts.wish(make_guest(), unknown)
    with pytest.raises(CartMissing):
        carts.wish(ANONYMOUS, make_product())
    assert wish_list(ANONYMOUS).wishes == ()


def test_a_list_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_WISHES == 100
    monkeypatch.setattr("storefront.cart.services.wishing.MOST_WISHES", 2)
    guest, kettle = make_guest(), make_product("Kettle")
    carts.wish(guest, kettle)
    carts.wish(guest, make_product("Mug"))
    carts.wish(guest, kettle)
    with pytest.raises(WishListFull):
        carts.wish(guest, make_product("Lamp"))
    assert names(guest) == ["Mug", "Kettle"]


def test_a_wish_moves_into_the_cart_or_stays() -> None:
    guest = make_guest()
    tent, fir = make_tent()
    mug = make_product("Mug", stock=0)
    for product_id in (tent, mug):
        carts.wish(guest, product_id)
    with pytest.raises(ChooseVariant):
        carts.move_to_cart(guest, tent)
    with pytest.raises(InsufficientStock):
        carts.move_to_cart(guest, mug)
    assert names(guest) == ["Mug", "Tent"]
    carts.wish(guest, fir)
    assert carts.move_to_cart(guest, fir).quantity == 1
    assert (names(guest), in_cart(guest)) == (["Mug"], {"Tent, fir": 1})


def test_a_shared_list_is_seen_by_its_token_until_it_is_revoked() -> None:
    shopper, kettle = make_shopper(), make_product("Kettle")
    carts.wish(shopper, kettle)
    token = carts.share(shopper)
    assert len(token) >= 43
    assert carts.share(shopper) == token
    shared = shared_wish_list(token)
    assert shared is not None
    assert [one.name for one in shared.wishes] == ["Kettle"]
    carts.stop_sharing(shopper)
    assert shared_wish_list(token) is None
    assert carts.share(shopper) != token
    with pytest.raises(SignInToShare):
        carts.share(make_guest())


def test_an_empty_shared_list_is_a_list_and_a_wrong_token_is_none() -> None:
    shopper = make_shopper()
    found = shared_wish_list(carts.share(shopper))
    assert found is not None
    assert found.wishes == ()
    assert shared_wish_list("") is None


def test_wishes_and_saved_lines_come_along_at_sign_in() -> None:
    guest, shopper = make_guest(), make_shopper()
    assert shopper.user_id
    kettle, mug = make_product("Kettle", stock=300), make_product("Mug", stock=300)
    for who, lines in ((guest, ((kettle, 60), (mug, 1))), (shopper, ((kettle, 50),))):
        fill_cart(who, *lines)
        for product_id, _quantity in lines:
            carts.save_for_later(who, product_id)
            carts.wish(who, product_id)
    take_along(guest, shopper.user_id)
    assert sorted(names(shopper)) == ["Kettle", "Mug"]
    assert saved(shopper) == {"Kettle": 99, "Mug": 1}
    assert session().scalar(sa.select(sa.func.count()).select_from(WishList)) == 1


def test_a_line_is_saved_for_later_and_comes_back() -> None:
    guest, kettle = make_guest(), make_product("Kettle", stock=5)
    fill_cart(guest, (kettle, 3))
    removed = carts.save_for_later(guest, kettle)
    assert removed is not None
    assert (in_cart(guest), saved(guest)) == ({}, {"Kettle": 3})
    assert carts.save_for_later(guest, kettle) is None
    change_product(kettle, price=Decimal("25.00"))
    assert saved_lines(guest)[0].line.seen_price == Decimal("20.00")
    assert carts.return_to_cart(guest, kettle).quantity == 3
    assert (in_cart(guest), saved(guest)) == ({"Kettle": 3}, {})
    with pytest.raises(UnknownProduct):
        carts.return_to_cart(guest, kettle)


def test_of_a_saved_line_as_much_comes_back_as_is_there() -> None:
    guest, kettle, mug = make_guest(), make_product("Kettle", stock=5), make_product("Mug", stock=2)
    fill_cart(guest, (kettle, 5), (mug, 2))
    for product_id in (kettle, mug):
        carts.save_for_later(guest, product_id)
    other = make_guest()
    change_product(kettle, reserved_quantity=3)
    change_product(mug, reserved_quantity=2)
    assert carts.return_to_cart(guest, kettle).added == 2
    with pytest.raises(InsufficientStock):
        carts.return_to_cart(guest, mug)
    assert (in_cart(guest), saved(guest)) == ({"Kettle": 2}, {"Mug": 2})
    assert not carts.drop_saved(other, mug)
    assert carts.drop_saved(guest, mug)
    assert saved(guest) == {}
