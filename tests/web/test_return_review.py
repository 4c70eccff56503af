"""What a return comes to, before it is asked for: money that goes back, or less to pay."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from storefront.core.db import release
from storefront.orders.money import capture_payment
from storefront.orders.services import place_order
from storefront.returns.queries import returnable
from tests.factories.buying import fill_cart, make_product, make_shipping, order_request, shopper_with_token
from tests.factories.returns import deliver
from tests.web.paper_browser import PaperBrowser


@pytest.mark.parametrize(
    ("paid", "sentence", "asks_where"),
    [
        (None, "You have not paid it yet: once it is back, you need to pay €30.00 less.", False),
        ("75.00", "€15.00 of it is not paid yet: so much less you need to pay.", True),
        ("90.00", "You get back €30.00. Where should it go?", True),
    ],
)
def test_what_is_not_paid_is_not_promised_back(
    app: Flask, paid: str | None, sentence: str, *, asks_where: bool
) -> None:
    with app.app_context():
        make_shipping()
        identity, token = shopper_with_token("ida@example.com")
        fill_cart(identity, (make_product("Kettle", "30.00"), 3))
        placed = place_order(identity, order_request("90.00", email=""))
        if paid:
            capture_payment(placed.number, Decimal(paid), final=False)
        deliver(placed.order_id)
        (line,) = returnable(identity, placed.number).lines
        release()
    path = f"/orders/{placed.number}/return"
    chosen = {f"quantity-{line.id}": "1", f"reason-{line.id}": "damaged", "kind": "return"}
    review = PaperBrowser(app, token).post(path, chosen).text
    assert sentence in review
    assert ("Onto a gift card, by mail" in review) is asks_where
