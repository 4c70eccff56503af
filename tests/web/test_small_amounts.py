"""The checkout where there is nothing to pay, or too little for a card."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.cart import services as carts
from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.orders.models import Order
from tests.factories.buying import fill_cart, guest_with_token, make_product, make_shipping
from tests.factories.promotions import make_gift_card, make_promotion
from tests.stripe_server import StripeServer
from tests.web.paper_browser import PaperBrowser
from tests.web.test_checkout_pages import TYPED

Guest = tuple[Identity, PaperBrowser]


@pytest.fixture
def guest(card_app: Flask) -> Guest:
    """A guest with a kettle for 80 in the cart, shipped for nothing, in a shop that takes cards."""
    with card_app.app_context():
        make_shipping()
        identity, token = guest_with_token()
        fill_cart(identity, (make_product("Kettle", "80.00"), 1))
    return identity, PaperBrowser(card_app, token)


def test_where_nothing_is_to_be_paid_no_way_to_pay_is_asked_for(card_app: Flask, guest: Guest) -> None:
    with card_app.app_context():
        make_promotion("percent", "100", code="ALL")
        make_promotion("free_shipping", "0", "Free shipping")
        carts.enter_coupon(guest[0], "ALL")
    page = guest[1].get("/checkout")
    assert "There is nothing to pay." in page.text
    assert 'type="radio" name="payment_method"' not in page.text
    assert "Order and pay" not in page.text
    thanks = guest[1].follow(guest[1].submit(guest[1].form(page, "/checkout"), **TYPED))
    assert "Free of charge. There is nothing to pay." in thanks.text
    with card_app.app_context():
        order = session().scalars(sa.select(Order)).one()
        assert (order.payment_method, order.payment_status, order.total_amount) == ("free", "paid", 0)


def test_what_a_gift_card_leaves_is_too_little_for_a_card(card_app: Flask, guest: Guest) -> None:
    with card_app.app_context():
        carts.enter_gift_card(guest[0], make_gift_card("79.80").code)
    page = guest[1].get("/checkout")
    assert "Card: not for amounts below €0.50." in page.text
    assert 'id="payment-method-stripe"' not in page.text
    form = guest[1].form(page, "/checkout")
    assert form.values["payment_method"] == "invoice"
    refused = guest[1].submit(form, **TYPED | {"payment_method": "stripe"})
    assert refused.status_code == 409
    assert "A card takes €0.50 or more. Please choose another way to pay." in refused.text
    placed = guest[1].submit(guest[1].form(refused, "/checkout"), **TYPED | {"payment_method": "invoice"})
    assert placed.headers["Location"].endswith("/thanks")


def test_after_the_provider_has_refused_another_way_to_pay_works(guest: Guest, stripe: StripeServer) -> None:
    stripe.fail_next("/v1/payment_intents", status=400)
    form = guest[1].form(guest[1].get("/checkout"), "/checkout")
    refused = guest[1].submit(form, **TYPED | {"payment_method": "stripe"})
    assert "The payment was not accepted. Nothing was ordered." in refused.text
    placed = guest[1].submit(guest[1].form(refused, "/checkout"), **TYPED | {"payment_method": "invoice"})
    assert placed.status_code == 303
    assert placed.headers["Location"].endswith("/thanks")
