"""The difference of an exchange on its shopper's page: by card, with the bank in between, or later after all."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.core.db import release
from storefront.core.identity import Identity
from storefront.orders.queries_for_staff import staff_order
from storefront.orders.services import bring_up_to_date, place_order
from storefront.payments.saved_cards import kept_cards
from storefront.returns.queries import ReturnView, returnable, returns_of
from storefront.returns.services import approve_return, receive_return
from tests.factories.accounts import make_staff, sign_in
from tests.factories.buying import (
    fill_cart,
    guest_with_token,
    make_shipping,
    order_request,
    shopper_with_token,
)
from tests.factories.cards import work
from tests.factories.memberships import keep_card
from tests.factories.returns import deliver, kettle_sizes
from tests.stripe_server import DECLINED, NEEDS_3D_SECURE, VISA, StripeServer
from tests.web.paper_browser import PaperBrowser


@pytest.fixture
def exchange(card_app: Flask) -> tuple[PaperBrowser, str]:
    """A guest's kettle has arrived; in another size it costs 6.00 more."""
    with card_app.app_context():
        guest, token = guest_with_token()
    browser = PaperBrowser(card_app, token)
    return browser, exchanged(card_app, guest, browser)


def exchanged(card_app: Flask, person: Identity, browser: PaperBrowser) -> str:
    """Their order, whose exchange was asked for on its page, by card, and agreed to."""
    with card_app.app_context():
        make_shipping()
        sizes = kettle_sizes()
        fill_cart(person, (sizes[0], 1))
        placed = place_order(person, order_request("34.90"))
        deliver(placed.order_id)
        me = Identity(person.user_id, person.session_id, frozenset({placed.order_id}))
        (line,) = returnable(me, placed.number).lines
        release()
    if person.user_id is None:
        look_up = browser.form(browser.get("/orders/find"), "/orders/find")
        browser.submit(look_up, number=placed.number, email="ida@example.com")
    path = f"/orders/{placed.number}/return"
    review = browser.post(
        path,
        {
            "kind": "exchange",
            f"quantity-{line.id}": "1",
            f"reason-{line.id}": "too_small",
            f"instead-{line.id}": str(sizes[2]),
        },
    )
    assert "page once we have agreed to the exchange" in review.text
    browser.submit(browser.form(review, path), method="stripe")
    with card_app.app_context():
        approve_return(make_staff("manager").id, f"{placed.number}-R1")
        release()
    return placed.number


def view(app: Flask, number: str) -> ReturnView:
    with app.app_context():
        (one,) = returns_of(staff_order(number).id)
        release()
        return one


def begin(browser: PaperBrowser, number: str) -> str:
    """Press the button; returns the page with the card's fields."""
    path = f"/orders/{number}/returns/{number}-R1/pay"
    page = browser.get(f"/orders/{number}")
    assert "Pay €6.00 by card" in page.text
    answer = browser.submit(browser.form(page, path))
    assert (answer.status_code, answer.location) == (303, path)
    return browser.get(path).text


def test_the_card_pays_after_the_bank_has_asked(
    card_app: Flask, exchange: tuple[PaperBrowser, str], stripe: StripeServer
) -> None:
    browser, number = exchange
    fields = begin(browser, number)
    back = f"/orders/{number}/returns/{number}-R1/paid"
    assert "the new goods of your exchange cost €6.00 more" in fields
    assert f'data-back="http://localhost{back}"' in fields
    assert "Paying by card needs JavaScript" in fields
    intent = stripe.intents()[-1]["id"]
    assert browser.get(back).location.endswith("/pay")
    stripe.pay(intent, DECLINED)
    assert browser.get(back).location.endswith("/pay")
    stripe.pay(intent, NEEDS_3D_SECURE)
    stripe.authenticate(intent)
    assert browser.get(back).location == f"/orders/{number}"
    page = browser.get(f"/orders/{number}").text
    assert "Thank you: the difference is paid." in page
    assert "Pay €6.00 by card" not in page
    assert view(card_app, number).is_charged


def test_a_payment_the_provider_knows_nothing_of_leads_back_to_its_button(
    card_app: Flask, exchange: tuple[PaperBrowser, str], stripe: StripeServer
) -> None:
    browser, number = exchange
    order, path = f"/orders/{number}", f"/orders/{number}/returns/{number}-R1/pay"
    stripe.fail_next("/v1/payment_intents", status=500, times=3, method="POST")
    assert browser.submit(browser.form(browser.get(order), path)).location == order
    assert stripe.intents() == []
    assert browser.get(path).location == f"{order}/returns/{number}-R1/paid"
    assert browser.get(f"{order}/returns/{number}-R1/paid").location == order
    page = browser.get(order).text
    assert "Our payment provider has not begun this payment. Nothing was charged. Please try again." in page
    assert "the new goods of your exchange cost €6.00 more" in begin(browser, number)
    assert len(stripe.intents()) == 1


def test_without_a_card_it_is_paid_later_after_all(
    card_app: Flask, exchange: tuple[PaperBrowser, str], stripe: StripeServer
) -> None:
    browser, number = exchange
    begin(browser, number)
    path = f"/orders/{number}/returns/{number}-R1/pay-later"
    answer = browser.post(path, {"method": "stripe"})
    assert "choose" in browser.get(answer.location).text
    browser.post(path, {"method": "invoice"})
    assert view(card_app, number).payment_method == "invoice"
    assert "Pay €6.00 by card" not in browser.get(f"/orders/{number}").text
    assert browser.get(f"/orders/{number}/returns/{number}-R1/pay").location == f"/orders/{number}"


def test_staff_see_what_the_replacement_waits_for(
    card_app: Flask, exchange: tuple[PaperBrowser, str], stripe: StripeServer
) -> None:
    _browser, number = exchange
    with card_app.app_context():
        person = make_staff("manager")
        receive_return(person.id, f"{number}-R1", [])
        release()
    staff = PaperBrowser(card_app)
    sign_in(staff.client, person)
    page = f"/admin/returns/{number}-R1"
    shown = staff.get(page).text
    assert "is to be paid by card, on the customer" in shown
    assert "Send the replacement" not in shown
    refused = staff.client.post(f"{page}/ship", data=staff.form(staff.get(page), f"{page}/later").values)
    assert "The card has not paid the €6.00" in refused.text
    staff.submit(staff.form(staff.get(page), f"{page}/later"), method="on_delivery")
    assert "Send the replacement" in staff.get(page).text


def test_a_kept_card_pays_it_after_its_bank_has_asked_and_nobody_elses_does(
    card_app: Flask, stripe: StripeServer
) -> None:
    with card_app.app_context():
        (me, token), (other, strangers) = shopper_with_token("ida@example.com"), shopper_with_token()
        for person, card in ((me, NEEDS_3D_SECURE), (me, DECLINED), (other, VISA)):
            assert person.user_id
            keep_card(stripe, person.user_id, card)
        kept = {one.last_four: str(one.id) for one in kept_cards(me.user_id)}
        (theirs,) = kept_cards(other.user_id)
        release()
    browser, stranger = PaperBrowser(card_app, token), PaperBrowser(card_app, strangers)
    number = exchanged(card_app, me, browser)
    fields = begin(browser, number)
    path, back = (f"/orders/{number}/returns/{number}-R1/{step}" for step in ("pay/card", "paid"))
    assert fields.count(f'action="{path}"') == 2
    keep = path.replace("/card", "/keep")
    assert f'data-keep="{keep}" data-told="no"' in fields
    assert browser.post(keep, {"keep": "yes"}).status_code == 204
    assert [one.post(keep, {}).status_code for one in (stranger, PaperBrowser(card_app))] == [404, 404]
    assert stranger.post(path, {"card": str(theirs.id)}).status_code == 404
    assert browser.post(path, {"card": str(theirs.id)}).status_code == 404
    assert PaperBrowser(card_app).post(path, {"card": kept["3155"]}).status_code == 404
    assert browser.post(path, {"card": kept["0341"]}).location == back
    assert browser.get(back).location.endswith("/pay")
    assert "Your bank did not approve the payment." in browser.get(browser.get(back).location).text
    bank = browser.post(path, {"card": kept["3155"]})
    address = bank.headers["Refresh"].removeprefix("0;url=")
    assert address.startswith(f"{stripe.url}/_bank?intent=pi_")
    assert f"Order {number}: €6.00 for your exchange. You come back here afterwards." in bank.text
    stripe.authenticate(stripe.intents()[-1]["id"])
    assert browser.get(back).location == f"/orders/{number}"
    assert view(card_app, number).is_charged
    assert browser.post(path, {"card": kept["3155"]}).location == f"/orders/{number}"


def test_what_the_provider_tells_reaches_the_exchange(
    card_app: Flask, exchange: tuple[PaperBrowser, str], stripe: StripeServer
) -> None:
    browser, number = exchange
    begin(browser, number)
    stripe.pay(stripe.intents()[-1]["id"])
    with card_app.app_context():
        bring_up_to_date(view(card_app, number).order_id)
        work()
    assert view(card_app, number).is_charged


def test_nobody_else_pays_it(card_app: Flask, exchange: tuple[PaperBrowser, str]) -> None:
    _browser, number = exchange
    with card_app.app_context():
        _identity, token = guest_with_token()
    stranger = PaperBrowser(card_app, token)
    for step in ("pay", "paid"):
        assert stranger.get(f"/orders/{number}/returns/{number}-R1/{step}").status_code == 404
    for step in ("pay", "pay-later"):
        answer = stranger.post(f"/orders/{number}/returns/{number}-R1/{step}", {"method": "invoice"})
        assert answer.status_code == 404
