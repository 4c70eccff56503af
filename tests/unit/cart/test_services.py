"""Adding, changing, removing, merging: what a cart lets happen and what it refuses."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.cart import services as carts
from storefront.cart.errors import CartMissing, ChooseVariant, QuantityOutOfRange, UnknownProduct
from storefront.cart.models import Cart
from storefront.cart.queries import LessStock, PriceChanged, ProductGone, cart_quantity, cart_view
from storefront.core.db import acting_as, session
from storefront.core.identity import ANONYMOUS, Identity
from storefront.core.ids import new_id
from storefront.inventory.errors import InsufficientStock
from tests.factories.buying import change_product, fill_cart, make_guest, make_product, make_shopper

pytestmark = pytest.mark.usefixtures("app_context")


def quantities(identity: object) -> dict[str, int]:
    return {line.name: line.quantity for line in cart_view(identity).snapshot.lines}  # type: ignore[arg-type]


def test_adding_twice_makes_one_line_with_the_sum() -> None:
    guest, kettle = make_guest(), make_product("Kettle", "20.00")
    carts.add_line(guest, kettle, 2)
    added = carts.add_line(guest, kettle, 3)
    assert (added.added, added.quantity) == (3, 5)
    view = cart_view(guest)
    assert quantities(guest) == {"Kettle": 5}
    assert view.subtotal == Decimal("100.00")
    assert view.quantity == 5 == cart_quantity(guest)


def test_product_is_added_by_its_sku() -> None:
    guest, _ = make_guest(), make_product("Kettle", sku="KET-1")
    assert carts.add_by_sku(guest, " KET-1 ", 1).name == "Kettle"


def test_unknown_products_are_refused_and_the_cart_stays() -> None:
    guest = make_guest()
    fill_cart(guest, (make_product("Kettle"), 1))
    hidden = make_product("Hidden", is_active=False)
    unpublished = make_product("Unpublished", published_at=None)
    dollars = make_product("Dollars", currency="USD")
    for product_id in (new_id(), hidden, unpublished, dollars):
        with pytest.raises(UnknownProduct):
            carts.add_line(guest, product_id, 1)
    with pytest.raises(UnknownProduct) as refused:
        carts.add_by_sku(guest, "NO-SUCH", 1)
    assert refused.value.sku == "NO-SUCH"
    assert quantities(guest) == {"Kettle": 1}


@pytest.mark.parametrize("quantity", [0, -1, 100, 1000])
def test_quantities_outside_one_to_ninety_nine_are_refused(quantity: int) -> None:
    guest, kettle = make_guest(), make_product(stock=200)
    carts.add_line(guest, kettle, 1)
    for change in (carts.add_line, carts.set_quantity):
        with pytest.raises(QuantityOutOfRange) as refused:
            change(guest, kettle, quantity)
        assert refused.value.quantity == quantity
    assert quantities(guest) == {"Kettle": 1}


def test_line_never_passes_ninety_nine_by_adding() -> None:
    guest, kettle = make_guest(), make_product(stock=200)
    carts.add_line(guest, kettle, 60)
    with pytest.raises(QuantityOutOfRange) as refused:
        carts.add_line(guest, kettle, 40)
    assert (refused.value.quantity, refused.value.maximum) == (100, 99)
    assert carts.add_line(guest, kettle, 39).quantity == 99


def test_line_never_passes_what_is_in_stock() -> None:
    guest, kettle = make_guest(), make_product("Kettle", stock=3)
    carts.add_line(guest, kettle, 2)
    with pytest.raises(InsufficientStock) as refused:
        carts.add_line(guest, kettle, 2)
    assert (refused.value.name, refused.value.wanted, refused.value.available) == ("Kettle", 4, 3)
    with pytest.raises(InsufficientStock):
        carts.set_quantity(guest, kettle, 4)
    assert carts.set_quantity(guest, kettle, 3).added == 1


def test_sold_out_says_that_none_is_left() -> None:
    with pytest.raises(InsufficientStock) as refused:
        carts.add_line(make_guest(), make_product(stock=0), 1)
    assert refused.value.available == 0


def test_product_with_variants_asks_for_one() -> None:
    guest = make_guest()
    boots = make_product("Boots", stock=0, slug="boots")
    small = make_product("Boots, 38", parent_id=boots, options={"Size": "38"})
    with pytest.raises(ChooseVariant) as refused:
        carts.add_line(guest, boots, 1)
    assert (refused.value.slug, refused.value.name) == ("boots", "Boots")
    carts.add_line(guest, small, 1)
    line = cart_view(guest).snapshot.lines[0]
    assert (line.slug, line.options) == ("boots", {"Size": "38"})


def test_variant_of_a_hidden_parent_is_not_sold() -> None:
    parent = make_product("Boots", stock=0)
    variant = make_product("Boots, 38", parent_id=parent, options={"Size": "38"})
    change_product(parent, is_active=False)
    with pytest.raises(UnknownProduct):
        carts.add_line(make_guest(), variant, 1)


def test_removing_gives_back_what_undo_needs() -> None:
    guest, kettle = make_guest(), make_product("Kettle")
    carts.add_line(guest, kettle, 4)
    removed = carts.remove_line(guest, kettle)
    assert removed is not None
    assert (removed.name, removed.quantity) == ("Kettle", 4)
    assert carts.remove_line(guest, kettle) is None
    assert cart_view(guest).is_empty


def test_clearing_empties_this_cart_only() -> None:
    guest, other, kettle, mug = make_guest(), make_guest(), make_product("Kettle"), make_product("Mug")
    fill_cart(guest, (kettle, 1), (mug, 2))
    fill_cart(other, (kettle, 1))
    assert carts.clear(guest) == 2
    assert cart_view(guest).is_empty
    assert quantities(other) == {"Kettle": 1}


def test_changing_a_line_that_is_not_there_is_refused() -> None:
    guest = make_guest()
    with pytest.raises(UnknownProduct):
        carts.set_quantity(guest, make_product(), 1)


def test_somebody_without_a_session_has_an_empty_cart_and_cannot_fill_it() -> None:
    kettle = make_product()
    assert cart_view(ANONYMOUS).is_empty
    assert cart_quantity(ANONYMOUS) == 0
    with pytest.raises(CartMissing):
        carts.add_line(ANONYMOUS, kettle, 1)


def test_notices_say_what_changed_since_and_accepting_takes_it_over() -> None:
    guest = make_guest()
    dearer, scarce, gone = make_product("Dearer", "10.00"), make_product("Scarce"), make_product("Gone")
    fill_cart(guest, (dearer, 1), (scarce, 5), (gone, 2))
    change_product(dearer, price=Decimal("12.50"))
    change_product(scarce, reserved_quantity=8)
    change_product(gone, is_active=False)
    view = cart_view(guest)
    assert view.notices == (
        PriceChanged(dearer, "Dearer", Decimal("10.00"), Decimal("12.50")),
        LessStock(scarce, "Scarce", 5, 2),
        ProductGone(gone, "Gone"),
    )
    assert not view.can_check_out
    assert view.subtotal == Decimal("12.50") + 5 * Decimal("20.00")
    assert [line.name for line in view.gone] == ["Gone"]
    carts.accept_changes(guest)
    accepted = cart_view(guest)
    assert accepted.notices == ()
    assert accepted.can_check_out
    assert quantities(guest) == {"Dearer": 1, "Scarce": 2}


def test_price_notice_goes_when_the_line_is_touched() -> None:
    guest, kettle = make_guest(), make_product(price="10.00")
    carts.add_line(guest, kettle, 1)
    change_product(kettle, price=Decimal("11.00"))
    carts.set_quantity(guest, kettle, 2)
    assert cart_view(guest).notices == ()


def test_signing_in_merges_and_sums_up_to_ninety_nine() -> None:
    guest, shopper = make_guest(), make_shopper()
    kettle, mug, stove = (make_product(name, stock=200) for name in ("Kettle", "Mug", "Stove"))
    fill_cart(guest, (kettle, 60), (mug, 1))
    fill_cart(shopper, (kettle, 60), (stove, 2))
    assert guest.session_id is not None
    assert shopper.user_id is not None
    assert carts.merge_carts(guest.session_id, shopper.user_id) == 2
    assert quantities(shopper) == {"Kettle": 99, "Mug": 1, "Stove": 2}
    assert cart_view(guest).is_empty
    assert carts.merge_carts(guest.session_id, shopper.user_id) == 0
    assert quantities(shopper)["Kettle"] == 99


def test_merging_makes_the_users_cart_where_there_was_none() -> None:
    guest, shopper = make_guest(), make_shopper()
    fill_cart(guest, (make_product("Kettle"), 2))
    assert guest.session_id is not None
    assert shopper.user_id is not None
    carts.merge_carts(guest.session_id, shopper.user_id)
    assert quantities(shopper) == {"Kettle": 2}


@pytest.mark.parametrize("make", [make_guest, make_shopper])
def test_assistant_uses_the_same_services_as_the_restricted_login(app_context: Flask, make: object) -> None:
    me, other = make(), make_guest()  # type: ignore[operator]
    kettle, mug = make_product("Kettle"), make_product("Mug")
    fill_cart(other, (mug, 1))
    with acting_as(me):
        carts.add_line(me, kettle, 2)
        carts.add_line(me, kettle, 1)
        carts.set_quantity(me, kettle, 5)
        carts.add_line(me, mug, 1)
        carts.remove_line(me, mug)
        assert quantities(me) == {"Kettle": 5}
        assert cart_view(other).is_empty
        carts.accept_changes(me)
    assert quantities(me) == {"Kettle": 5}
    assert quantities(other) == {"Mug": 1}


@pytest.mark.parametrize(
    "act",
    [
        carts.remove_line,
        lambda who, product_id: carts.set_quantity(who, product_id, 2),
        carts.save_for_later,
        lambda who, _product_id: carts.accept_changes(who),
        lambda who, _product_id: carts.clear(who),
    ],
)
def test_whoever_changes_a_line_has_touched_the_cart(act: Callable[[Identity, uuid.UUID], object]) -> None:
    guest, kettle = make_guest(), make_product("Kettle")
    fill_cart(guest, (kettle, 1), (make_product("Mug"), 1))
    touched = sa.select(Cart.updated_at).where(Cart.session_id == guest.session_id)
    before = session().scalars(touched).one()
    act(guest, kettle)
    assert session().scalars(touched).one() > before
