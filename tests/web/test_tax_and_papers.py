"""Addresses by country, VAT numbers and papers, as the shopper's browser meets them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.db import session
from storefront.core.identity import Identity
from storefront.core.settings import Settings
from storefront.jobs.outbox import drain
from storefront.orders.models import Order
from storefront.shipping.services import MethodDetails, save_method, save_tax_rate
from tests.factories.buying import (
    fill_cart,
    guest_with_token,
    make_product,
    make_shipping,
    shopper_with_token,
)
from tests.web.paper_browser import HTMX, PaperBrowser

VIENNA = {
    "shipping-full_name": "Ida Larsen",
    "shipping-company": "Berg GmbH",
    "shipping-line1": "Ringen 9",
    "shipping-postal_code": "1010",
    "shipping-city": "Wien",
    "shipping-country": "AT",
    "email": "ida@example.com",
    "shipping_method": "standard-eu",
    "payment_method": "invoice",
}


@pytest.fixture
def guest(app: Flask) -> tuple[Identity, PaperBrowser]:
    """A guest with a kettle for 120.00 in the cart."""
    with app.app_context():
        make_shipping()
        save_method(
            MethodDetails("world", "World", price=Decimal("20.00"), countries=["US", "CH"], sort_order=9)
        )
        save_tax_rate("US", Decimal(0), is_inclusive=False)
        save_tax_rate("US", Decimal("8.875"), region="NY", is_inclusive=False)
        identity, token = guest_with_token()
        fill_cart(identity, (make_product("Kettle", "120.00"), 1))
    return identity, PaperBrowser(app, token)


def send(browser: PaperBrowser, page: TestResponse, **values: str) -> TestResponse:
    return browser.submit(browser.form(page, "/checkout"), **values)


def updated(browser: PaperBrowser, trigger: str, **values: str) -> TestResponse:
    form = browser.form(browser.get("/checkout"), "/checkout")
    headers = HTMX | {"HX-Target": "checkout-options", "HX-Trigger": trigger}
    return browser.post("/checkout/update", form.values | values, headers=headers)


def the_order(app: Flask) -> Order:
    with app.app_context():
        return session().scalars(sa.select(Order)).one()


def test_a_country_brings_its_own_fields(guest: tuple) -> None:
    answer = updated(guest[1], "shipping-country", **VIENNA | {"shipping-country": "US"}).text
    assert 'id="shipping-fields" hx-swap-oob="true"' in answer
    for text in ("ZIP code", "State", '<option value="CA">California</option>', 'value="Wien"', "World"):
        assert text in answer
    assert "shipping-fields" not in updated(guest[1], "shipping-region", **VIENNA).text
    billing = updated(guest[1], "billing-country", **VIENNA | {"billing-country": "GB"}).text
    assert 'id="billing-fields" hx-swap-oob="true"' in billing
    assert "Town or city" in billing


def test_the_region_decides_on_the_tax(guest: tuple) -> None:
    values = VIENNA | {"shipping-country": "US", "shipping-region": "NY", "shipping_method": "world"}
    answer = updated(guest[1], "shipping-region", **values).text
    # 8.875 per cent of 120.00 and of 20.00, each rounded half to even.
    assert "€152.43" in answer
    assert "€140.00" in updated(guest[1], "shipping-region", **values | {"shipping-region": "CA"}).text


def test_without_javascript_a_new_country_is_a_step_and_nothing_is_lost(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    american = VIENNA | {"shipping-country": "US", "shipping-city": "New York", "shipping_method": "world"}
    page = send(browser, browser.get("/checkout"), **american)
    assert page.status_code == 422
    for sentence in (
        "Addresses in United States need this. Please choose.",
        "That is not a postal code of United States. It looks like 95014.",
    ):
        assert page.text.count(sentence) == 2
    again = browser.form(page, "/checkout").values
    assert (again["shipping-city"], again["shipping-company"]) == ("New York", "Berg GmbH")
    wrong = send(browser, page, **american | {"shipping-region": "NY", "shipping-postal_code": "94103"})
    assert "This postal code is not in New York, where they look like 10000." in wrong.text
    fine = american | {
        "shipping-region": "NY",
        "shipping-postal_code": "10001",
        "payment_method": "on_delivery",
    }
    assert send(browser, wrong, **fine).status_code == 303
    address = the_order(app).shipping_address
    assert (address["region"], address["postal_code"]) == ("NY", "10001")
    shown = browser.get(f"/orders/{the_order(app).order_number}").text
    assert "<span>New York, NY 10001</span>" in shown


def test_a_country_that_nothing_is_sent_to_stays_chosen_with_a_remark(guest: tuple) -> None:
    browser = guest[1]
    page = updated(browser, "shipping-country", **VIENNA | {"shipping-country": "JP"}).text
    assert page.count("We do not deliver to Japan at present.") >= 1
    assert '<option selected value="JP">' in page
    for country in ("XX", "", "<b>"):
        refused = send(browser, browser.get("/checkout"), **VIENNA | {"shipping-country": country})
        assert refused.status_code == 422
        assert "Please choose a country from the list." in refused.text


def test_a_company_abroad_sees_reverse_charge_before_it_orders(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    answer = updated(browser, "vat_number", **VIENNA | {"vat_number": "ATU 13585627"}).text
    for text in ("ATU13585627: reverse charge.", "Goods, without tax", "€100.00", "€8.25", "€108.25"):
        assert text in answer
    first = send(browser, browser.get("/checkout"), **VIENNA | {"vat_number": "ATU 13585627"})
    assert first.status_code == 409, "the page had shown the price with tax"
    assert send(browser, first).status_code == 303
    order = the_order(app)
    assert (order.total_amount, order.tax_amount, order.tax_treatment, order.vat_number) == (
        Decimal("108.25"),
        0,
        "reverse_charge",
        "ATU13585627",
    )
    shown = browser.get(f"/orders/{order.order_number}").text
    assert "VAT number: ATU13585627" in shown
    assert "Reverse charge: you account for the tax." in shown


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("ATU13585628", "That is not a VAT number of Austria. Please look at it again."),
        ("DE136695976", "This VAT number is of another country than Austria, where the invoice goes."),
        ("<script>", "That is not a VAT number of Austria. Please look at it again."),
        ("\0", "€"),
    ],
)
def test_a_forged_number_is_refused_at_its_field(
    app: Flask, guest: tuple, number: str, sentence: str
) -> None:
    browser = guest[1]
    refused = send(browser, browser.get("/checkout"), **VIENNA | {"vat_number": number})
    assert sentence in refused.text
    assert refused.status_code == (409 if number == "\0" else 422)
    remark = updated(browser, "vat_number", **VIENNA | {"vat_number": number}).text
    assert ("Until it is, tax is charged." in remark) is (number != "\0")


def test_a_tampered_total_with_a_number_buys_nothing(app: Flask, guest: tuple) -> None:
    browser = guest[1]
    values = VIENNA | {"expected_total": "108.25"}
    assert send(browser, browser.get("/checkout"), **values).status_code == 409
    with app.app_context():
        assert session().scalar(sa.select(sa.func.count(Order.id))) == 0


def order_with_invoice(app: Flask, browser: PaperBrowser) -> tuple[str, str]:
    first = send(browser, browser.get("/checkout"), **VIENNA)
    assert send(browser, first).status_code == 303
    with app.app_context():
        drain()
    number = the_order(app).order_number
    page = browser.get(f"/orders/{number}").text
    start = page.index(f"/orders/{number}/papers/")
    return number, page[start : page.index('"', start)]


def test_the_invoice_is_at_the_order_and_nobody_elses(app: Flask, guest: tuple) -> None:
    number, path = order_with_invoice(app, guest[1])
    paper = guest[1].get(path)
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    assert paper.headers["Content-Disposition"] == f'inline; filename="{path.rsplit("/", 1)[1]}"'
    assert "no-store" in paper.headers["Cache-Control"]
    assert guest[1].get(path).data == paper.data, "the same document is the same file"
    with app.app_context():
        _, token = shopper_with_token()
    for stranger in (PaperBrowser(app), PaperBrowser(app, token)):
        assert stranger.get(path).status_code == 404
    assert guest[1].get(f"/orders/{number}/papers/INV-2026-999999.pdf").status_code == 404
    found = PaperBrowser(app)
    form = found.form(found.get("/orders/find"), "/orders/find")
    found.submit(form, number=number, email="ida@example.com")
    assert found.get(path).data == paper.data


def test_the_confirmation_brings_the_invoice(app: Flask, guest: tuple, settings: Settings) -> None:
    number, path = order_with_invoice(app, guest[1])
    letters = [letter.read_text() for letter in Path(settings.instance_dir, "mail").glob("*.eml")]
    confirmation = [letter for letter in letters if f"Subject: Your order {number}" in letter]
    name = path.rsplit("/", 1)[1]
    assert len(confirmation) == 1
    assert f'filename="{name}"' in confirmation[0]
    assert "Content-Type: application/pdf" in confirmation[0]
