"""Every template is rendered by somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from jinja2 import BaseLoader, Environment

from storefront.accounts import services as accounts
from storefront.accounts.queries import CART_REMINDER
from storefront.assistant import services as assistant
from storefront.cart.queries import owner_of_open_cart
from storefront.core.clock import frozen, now
from storefront.core.settings import ROOT, Settings
from storefront.http.errors import error_answer
from storefront.http.signed_links import sign_link
from storefront.jobs.outbox import drain
from storefront.orders.queries import order_page
from storefront.orders.services import ParcelRequest, cancel_order, place_order, ship_parcel
from storefront.providers.mail import mail_folder
from storefront.reminders.services import confirm_alert, remind_of_carts
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.buying import change_product, fill_cart, order_request
from tests.factories.buying import make_product as sold_by_the_piece
from tests.web.all_pages import page_addresses
from tests.web.paper_browser import HTMX, PaperBrowser
from tests.web.small_town import Town, browser_of, build_town

WITH_CARDS = {
    "account/card.html",
    "account/cards.html",
    "account/membership_change.html",
    "account/membership_confirm.html",
    "account/pay_membership.html",
    "checkout/bank.html",
    "checkout/pay.html",
    "checkout/waiting.html",
    "email/given_back_otherwise.html",
    "email/given_back_otherwise.txt",
    "email/giving_back_stopped.html",
    "email/giving_back_stopped.txt",
    "email/membership.html",
    "email/membership.txt",
    "email/payment_returned.html",
    "email/payment_returned.txt",
}
"""Only in a shop that takes cards; rendered in tests/web/test_card_pages.py and
tests/admin/test_order_pages.py."""


class _Noting(BaseLoader):
    """Loads as before, and notes what was asked for."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader
        self.seen: set[str] = set()

    def get_source(self, environment: Environment, template: str):  # type: ignore[no-untyped-def]
        self.seen.add(template)
        return self._loader.get_source(environment, template)


@pytest.fixture
def rendered(app: Flask) -> Iterator[set[str]]:
    """The names of the templates that are used from here on: pages, and what they include and import."""
    environment = app.jinja_env
    kept = environment.loader
    assert kept
    noting = _Noting(kept)
    environment.loader = noting
    assert environment.cache is not None
    environment.cache.clear()
    app.extensions["parts"].forget()
    yield noting.seen
    environment.loader = kept
    environment.cache.clear()


@pytest.fixture
def town(app: Flask, rendered: set[str], settings: Settings) -> Town:
    """A small shop that is built here, not copied: letters are written while it is."""
    with app.app_context():
        made = build_town()
    (mail_folder(settings) / f"{made.mail}.eml").write_bytes(made.letter)
    return made


def _write_letters(town: Town) -> None:
    """Everything that makes the shop write."""
    accounts.register("new@example.com", PASSWORD)
    accounts.register("customer@example.com", PASSWORD)
    accounts.request_password_reset("customer@example.com")
    accounts.change_password(town.customer.identity, PASSWORD, "nine-slow-herons")
    assistant.request_handoff(
        town.customer.identity, town.conversation_id, reason="asked", summary="", contact_email=None
    )
    cancel_order(town.customer.identity, town.order)
    _sell_and_send(town)
    drain()
    _write_what_was_asked_for(town)


def _write_what_was_asked_for(town: Town) -> None:
    confirm_alert(town.alert_id)
    change_product(town.sold_out_id, stock_quantity=1)
    owner = owner_of_open_cart(town.left_cart_id)
    assert owner
    accounts.give_consent(owner, CART_REMINDER, "account")
    drain()
    with frozen(now() + timedelta(hours=25)):
        remind_of_carts()
        drain()


def _sell_and_send(town: Town) -> None:
    """A sale that leaves few, and a parcel with it."""
    person = town.customer.identity
    fill_cart(person, (sold_by_the_piece("Lamp", "80.00", stock=11, low_stock_threshold=10), 1))
    placed = place_order(person, order_request("80.00", email=""))
    units = {line.id: 1 for line in order_page(person, placed.number).lines}
    ship_parcel(town.staff.id, placed.number, ParcelRequest(units, "DHL", "00340"))


def _ask_what_would_change(app: Flask, town: Town) -> None:
    """The form of a change and its answer, for the shopper and for staff."""
    for who, address in (
        ("customer", f"/orders/{town.order}/change"),
        ("staff", f"/admin/orders/{town.order}/change"),
    ):
        browser = browser_of(app, town, who)
        form = browser.form(browser.get(address), address)
        asked = browser.submit(form, act="check", payment_method="on_delivery")
        assert asked.status_code == 200
        if who == "staff":
            browser.submit(browser.form(asked, address), act="confirm")


def _press_everything(app: Flask, town: Town) -> None:
    """The forms whose answers have templates of their own."""
    buyer = browser_of(app, town, "buyer")
    product = buyer.form(buyer.get("/cart"), "/cart/removal").values["product_id"]
    customer = browser_of(app, town, "customer")
    form = customer.form(customer.get(f"/orders/{town.arrived}/return"), f"/orders/{town.arrived}/return")
    line = next(name for name in form.values if name.startswith("quantity-")).removeprefix("quantity-")
    chosen = {f"quantity-{line}": "1", f"reason-{line}": "damaged", "kind": "return"}
    assert "Is this right?" in customer.post(f"/orders/{town.arrived}/return", chosen).text
    buyer.ask("/cart/drawer")
    buyer.ask("/cart/lines", {"product_id": product, "quantity": "0"})
    buyer.ask("/cart/removal", {"product_id": product})
    buyer.ask("/cart/lines", {"product_id": product, "quantity": "2"})
    buyer.post("/checkout", {})
    _ask_what_would_change(app, town)
    buyer.ask("/search/suggest?q=ten")
    browser_of(app, town, "customer").ask("/account/addresses/new?adapt=1", {"country": "US"})
    buyer.ask("/alerts", {"product_id": str(town.sold_out_id)})
    PaperBrowser(app).post("/alerts", {"product_id": str(town.sold_out_id), "email": "nobody"})
    with app.app_context():
        stop = "/unsubscribe/alert/" + sign_link("stop_alert", UUID(int=1))
    buyer.post(stop, {})
    buyer.ask("/wish-list/items", {"add": product}, **{"HX-Trigger": f"heart-list-{product}"})
    buyer.ask(f"/p/{town.product}/reviews/{town.review_id}/helpful", {})
    buyer.ask("/chat/panel")
    buyer.ask("/chat/messages", {"message": ""})
    buyer.ask("/chat/messages", {"message": "hello"})
    # Meanwhile the price has changed and then the product is gone: the cart says so.
    with app.app_context():
        change_product(UUID(product), price=41)
    buyer.get("/cart")
    with app.app_context():
        change_product(UUID(product), is_active=False)
    buyer.get("/cart")


def test_every_template_is_rendered(app: Flask, rendered: set[str], town: Town) -> None:
    for who in ("guest", "customer", "staff"):
        browser = browser_of(app, town, who)
        for _endpoint, address in page_addresses(app, town):
            browser.get(address).close()
    _press_everything(app, town)
    with app.app_context():
        _write_letters(town)
    _open_mailed_links(app, town)
    for status in (400, 403, 404, 405, 410, 413, 429, 500, 503):
        for headers in ({}, HTMX):
            with app.test_request_context(headers=headers):
                assert error_answer(status).status_code == status
    folder = Path(ROOT / "templates")
    there = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in (".html", ".txt")
    }
    assert there - rendered == WITH_CARDS


def _open_mailed_links(app: Flask, town: Town) -> None:
    with app.app_context():
        unconfirmed = make_user(email_verified=False)
        confirmation, reset = (
            accounts.issue_verification(unconfirmed.id),
            accounts.issue_password_reset(town.customer.id),
        )
    assert confirmation
    assert reset
    guest = PaperBrowser(app)
    assert guest.get(f"/account/confirm?token={confirmation[1].token}").status_code == 200
    assert guest.get(f"/account/reset-password?token={reset[1].token}").status_code == 200
