"""Hearts, the wish list's pages and what is saved for later: with HTMX and without, for guests and others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from storefront.cart import services as carts
from storefront.cart.queries.saved import saved_lines
from storefront.cart.queries.wishes import wish_list
from storefront.core.identity import Identity
from tests.factories.buying import (
    fill_cart,
    guest_with_token,
    make_product,
    shopper_with_token,
)
from tests.web.paper_browser import PaperBrowser

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


@pytest.fixture
def guest(app: Flask) -> tuple[Identity, PaperBrowser]:
    with app.app_context():
        identity, token = guest_with_token()
    return identity, PaperBrowser(app, token)


@pytest.fixture
def shopper(app: Flask) -> tuple[Identity, PaperBrowser]:
    with app.app_context():
        identity, token = shopper_with_token("shopper-one@example.com")
    return identity, PaperBrowser(app, token)


def product(app: Flask, *arguments: object, **values: object) -> str:
    with app.app_context():
        return str(make_product(*arguments, **values))  # type: ignore[arg-type]


def wishes(app: Flask, identity: Identity) -> list[str]:
    with app.app_context():
        return [one.name for one in wish_list(identity).wishes]


def heart(text: str, product_id: str) -> tuple[str, str]:
    """What the product's heart would send, and whether it is pressed."""
    found = re.search(rf'name="(\w+)" value="{product_id}" aria-pressed="(\w+)"', text)
    assert found, "no heart"
    return found.group(1), found.group(2)


def announced(response: object) -> str:
    return json.loads(response.headers["HX-Trigger-After-Swap"])["announce"]  # type: ignore[attr-defined, no-any-return]


def test_newcomers_heart_makes_a_session_without_a_token(app: Flask) -> None:
    kettle = product(app, "Kettle", slug="kettle")
    browser = PaperBrowser(app)
    page = browser.get("/search")
    assert heart(page.text, kettle) == ("add", "false")
    assert "csrf_token" not in page.text
    own_page = {"Sec-Fetch-Site": "same-origin"}
    response = browser.client.post("/wish-list/items", data={"add": kettle}, headers=own_page)
    assert (response.status_code, response.headers["Location"]) == (303, "/wish-list")
    shown = browser.follow(response).text
    assert "On your wish list: Kettle." in shown
    assert f'id="wish-{kettle}"' in shown
    assert heart(browser.get("/search").text, kettle) == ("remove", "true")
    assert heart(browser.get("/p/kettle").text, kettle) == ("remove", "true")


def test_a_page_kept_for_guests_shows_nobodys_hearts(app: Flask, guest: tuple) -> None:
    kettle = product(app, "Kettle")
    before = PaperBrowser(app).get("/search").text
    guest[1].post("/wish-list/items", {"add": kettle})
    assert heart(guest[1].get("/search").text, kettle) == ("remove", "true")
    again = PaperBrowser(app).get("/search")
    assert again.text == before
    assert again.headers["Cache-Control"].startswith("public")


def test_form_of_another_site_is_refused(app: Flask, guest: tuple) -> None:
    kettle = product(app, "Kettle")
    answer = guest[1].client.post(
        "/wish-list/items", data={"add": kettle}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 400
    assert wishes(app, guest[0]) == []


def test_heart_is_swapped_where_it_was_pressed(app: Flask, guest: tuple) -> None:
    kettle = product(app, "Kettle")
    pressed = guest[1].ask("/wish-list/items", {"add": kettle}, **{"HX-Trigger": f"heart-newest-{kettle}"})
    assert pressed.text.lstrip().startswith('<button class="heart"')
    assert f'id="heart-newest-{kettle}"' in pressed.text
    assert heart(pressed.text, kettle) == ("remove", "true")
    assert announced(pressed) == "On your wish list: Kettle."
    released = guest[1].ask("/wish-list/items", {"remove": kettle}, **{"HX-Trigger": "wish-button"})
    assert 'id="wish-button"' in released.text
    assert heart(released.text, kettle) == ("add", "false")
    assert wishes(app, guest[0]) == []


@pytest.mark.parametrize("sent", [{}, {"add": ""}, {"add": "x" * 5000}, {"remove": "\x00"}])
def test_bad_input_is_a_sentence(app: Flask, guest: tuple, sent: dict[str, str]) -> None:
    answer = guest[1].ask("/wish-list/items", sent)
    assert answer.status_code == 409
    assert "We do not sell this product (any more)." in answer.text


def test_wish_goes_into_the_cart_and_off_the_list(app: Flask, guest: tuple) -> None:
    identity, browser = guest
    kettle, mug = product(app, "Kettle"), product(app, "Mug", stock=0)
    for product_id in (kettle, mug):
        browser.post("/wish-list/items", {"add": product_id})
    page = browser.get("/wish-list").text
    assert "Sold out at the moment" in page
    assert "This list stays in this browser." in page
    moved = browser.ask("/wish-list/cart", {"product_id": kettle})
    assert moved.text.lstrip().startswith('<div id="wishes"')
    assert 'data-count="1"' in moved.text
    assert wishes(app, identity) == ["Mug"]
    assert browser.ask("/wish-list/cart", {"product_id": mug}).status_code == 409
    browser.post("/wish-list/removal", {"product_id": mug})
    assert "Nothing wished for yet" in browser.get("/wish-list").text


def test_wish_that_comes_in_variants_leads_to_its_page(app: Flask, guest: tuple) -> None:
    tent = product(app, "Tent", slug="tent", stock=0)
    with app.app_context():
        make_product("Tent, fir", parent_id=tent, options={"Colour": "Fir"})  # type: ignore[arg-type]
    guest[1].post("/wish-list/items", {"add": tent})
    assert 'href="/p/tent"' in guest[1].get("/wish-list").text
    response = guest[1].post("/wish-list/cart", {"product_id": tent})
    assert response.headers["Location"] == "/p/tent"


def test_shared_list_shows_wishes_and_nothing_of_the_person(app: Flask, shopper: tuple) -> None:
    identity, browser = shopper
    kettle = product(app, "Kettle")
    browser.post("/wish-list/items", {"add": kettle})
    page = browser.follow(browser.post("/wish-list/share", {}))
    found = re.search(r'value="http://localhost(/wish-list/shared/[\w-]{43})"', page.text)
    assert found, "no link"
    friend = PaperBrowser(app)
    shown = friend.get(found.group(1))
    assert shown.status_code == 200
    assert f'id="wish-{kettle}"' in shown.text
    assert "Remove Kettle" not in shown.text
    assert "shopper-" not in shown.text
    assert (shown.headers["Cache-Control"], shown.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    friend.post("/wish-list/removal", {"product_id": kettle})
    assert wishes(app, identity) == ["Kettle"]
    browser.ask("/wish-list/share/removal", {})
    assert friend.get(found.group(1)).status_code == 404


def test_guest_is_asked_to_sign_in_before_sharing(app: Flask, guest: tuple) -> None:
    assert "Please sign in to share" in guest[1].ask("/wish-list/share", {}).text


def test_line_is_saved_for_later_and_comes_back(app: Flask, guest: tuple) -> None:
    identity, browser = guest
    kettle = product(app, "Kettle", stock=5)
    with app.app_context():
        fill_cart(identity, (kettle, 2))  # type: ignore[arg-type]
    saved = browser.ask("/cart/saved", {"product_id": kettle})
    assert "Your cart is empty" in saved.text
    assert '<section id="saved" class="stack saved" hx-swap-oob="true" aria' in saved.text
    assert announced(saved) == "Saved for later: Kettle."
    assert f'id="saved-line-{kettle}"' in browser.get("/cart").text
    back = browser.follow(browser.post("/cart/saved/return", {"product_id": kettle}))
    assert "In your cart: Kettle." in back.text
    assert f'id="cart-line-{kettle}"' in back.text
    again = browser.ask("/cart/saved/return", {"product_id": kettle})
    assert again.status_code == 422
    browser.post("/cart/saved", {"product_id": kettle})
    browser.post("/cart/saved/removal", {"product_id": kettle})
    with app.app_context():
        assert saved_lines(identity) == []


def test_pages_ask_the_database_as_little_as_they_say(
    app: Flask, shopper: tuple, assert_queries: AssertQueries
) -> None:
    identity, browser = shopper
    with app.app_context():
        for number in range(6):
            kettle = make_product(f"Kettle {number}")
            carts.wish(identity, kettle)
            fill_cart(identity, (kettle, 1))
            carts.save_for_later(identity, kettle)
        fill_cart(identity, (kettle, 1))
        token = carts.share(identity)
    browser.get("/wish-list")
    with assert_queries(2):  # the visitor, the list
        browser.get("/wish-list")
    with assert_queries(2):
        browser.get(f"/wish-list/shared/{token}")
    with assert_queries(4):  # the visitor, the cart, what promotions take off it, what is saved
        browser.get("/cart")
