"""Memberships as pages: what can be had, joining and leaving, the staff's plans, and what a member may ask more."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.db import release
from storefront.core.identity import Identity
from storefront.memberships.queries import offered_plans, staff_plans
from storefront.memberships.services import follow
from storefront.memberships.services.quoting import next_payment
from storefront.payments.saved_cards import kept_cards
from storefront.web.chat.area import message_limit
from tests.factories.accounts import make_staff, sign_in
from tests.factories.buying import shopper_with_token
from tests.factories.memberships import keep_card, make_plan
from tests.stripe_server import NEEDS_3D_SECURE, VISA, StripeServer
from tests.web.paper_browser import PaperBrowser


def member_to_be(app: Flask, stripe: StripeServer, card: str = VISA) -> tuple[Identity, PaperBrowser]:
    with app.app_context():
        identity, token = shopper_with_token()
        assert identity.user_id
        keep_card(stripe, identity.user_id, card)
    return identity, PaperBrowser(app, token)


def join(app: Flask, identity: Identity, browser: PaperBrowser) -> str:
    page = browser.get("/account/membership")
    form = browser.form(page, "/account/membership")
    with app.app_context():
        (card,) = kept_cards(identity.user_id)
    assert form.values["card"] == str(card.id)
    return browser.follow(browser.submit(form)).text


def test_without_stripe_none_is_offered(app: Flask) -> None:
    with app.app_context():
        _identity, token = shopper_with_token()
    browser = PaperBrowser(app, token)
    assert "No membership is offered" in browser.get("/account/membership").text
    answer = browser.post("/account/membership", {"plan": "x", "card": "x"})
    assert answer.status_code == 404


def test_from_joining_to_the_end_and_back(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        make_plan()
    identity, browser = member_to_be(card_app, stripe)
    offered = browser.get("/account/membership").text
    assert "€5.00 a month" in offered
    assert "Free shipping from €20.00" in offered
    assert "More questions to our assistant" in offered
    joined = join(card_app, identity, browser)
    assert "Welcome! Your membership has begun." in joined
    assert re.search(r"Paid until .+ then it goes on by itself\.", joined)
    ended = browser.follow(
        browser.submit(browser.form(browser.get("/account/membership"), "/account/membership/end"))
    ).text
    assert re.search(r"It ends on .+ Nothing more is charged\.", ended)
    back = browser.follow(
        browser.submit(browser.form(browser.get("/account/membership"), "/account/membership/resume"))
    ).text
    assert "Your membership goes on." in back


def test_another_card_and_another_plan(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        make_plan()
    identity, browser = member_to_be(card_app, stripe)
    assert browser.get("/account/membership/change").headers["Location"] == "/account/membership"
    join(card_app, identity, browser)
    with card_app.app_context():
        other = make_plan(name="Family", price=Decimal("8.00"))
        [first] = kept_cards(identity.user_id)
        keep_card(stripe, first_user(identity), "5555555555554444")
        second = next(one for one in kept_cards(identity.user_id) if one.id != first.id)
    assert "Change the card or the plan" in browser.get("/account/membership").text
    page = browser.get("/account/membership/change")
    card = browser.form(page, "/account/membership/card")
    assert card.values["card"] == str(first.id), "the one that pays it now"
    refused = browser.follow(browser.post(f"/account/cards/{first.id}/removal", {})).text
    assert "This card pays your membership “Friends”." in refused
    assert (
        "pays your membership from now on" in browser.follow(browser.submit(card, card=str(second.id))).text
    )
    assert (
        "The card is removed" in browser.follow(browser.post(f"/account/cards/{first.id}/removal", {})).text
    )
    confirm = f"/account/membership/change/{other}"
    assert f'href="{confirm}"' in browser.get("/account/membership/change").text
    plan = browser.form(browser.get(confirm), "/account/membership/plan")
    assert plan.values["plan"] == str(other)
    an_hour_ago = str(int(plan.values["at"]) - 3600)
    for seen in ({"price": "price_1"}, {"due": "0.01"}, {"due": "x"}, {"at": an_hour_ago}):
        refused = browser.submit(plan, **seen)
        assert refused.location == confirm, seen
        assert "The price has changed" in browser.follow(refused).text
    changed = browser.follow(browser.submit(plan)).text
    assert "Your membership has changed." in changed
    assert "Family" in changed
    assert browser.follow(browser.get(confirm)).status_code == 200, "it is had: back to it"


def test_what_a_change_of_interval_charges_is_named_before_it_is_charged(
    card_app: Flask, stripe: StripeServer
) -> None:
    with card_app.app_context():
        make_plan()
        year = make_plan(name="Patron", price=Decimal("50.00"), interval="year")
        month = make_plan(name="Family", price=Decimal("8.00"))
    identity, browser = member_to_be(card_app, stripe)
    join(card_app, identity, browser)
    stripe.fail_next("/v1/invoices/create_preview", status=404)
    estimated = words_of(browser.get(f"/account/membership/change/{year}"))
    assert (
        "What it costs now, estimated Our payment provider does not tell the exact amount beforehand."
        in estimated
    )
    assert "Charged now about €45.00 Next payment: €50.00 on" in estimated
    page = browser.get(f"/account/membership/change/{year}")
    form = browser.form(page, "/account/membership/plan")
    on = next_payment(datetime.fromtimestamp(int(form.values["at"]), UTC), "year")
    assert (
        "Patron, for a year from today €50.00 Unused time of Friends -€5.00 Charged now €45.00 "
        f"Next payment: €50.00 on {on:%b} {on.day}, {on.year}."
    ) in words_of(page)
    changed = browser.follow(browser.submit(form)).text
    assert "Your membership has changed. Charged now: €45.00." in changed
    (asked,) = [
        one for one in stripe.asked_for(stripe.subscriptions()[0]["id"]) if "proration_date" in one.form
    ]
    assert asked.form["proration_date"] == form.values["at"]
    (told,) = stripe.subscriptions()
    stripe.tell_of(told["id"], current_period_end=told["current_period_start"] + 365 * 24 * 3600)
    with card_app.app_context():
        follow(first_user(identity))
        release()
    back = words_of(browser.get(f"/account/membership/change/{month}"))
    assert "Family, for a month from today €8.00 Unused time of Patron -€50.00 Charged now €0.00" in back
    assert "€42.00 of what you have paid is left over." in back


def words_of(page: TestResponse) -> str:
    """The page as it is read."""
    return " ".join(re.sub("<[^>]+>", " ", page.text).split())


def test_a_plan_says_what_it_charges_now_by_its_interval(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        make_plan()
    identity, browser = member_to_be(card_app, stripe)
    join(card_app, identity, browser)
    with card_app.app_context():
        make_plan(name="Family", price=Decimal("8.00"))
        make_plan(name="Patron", price=Decimal("50.00"), interval="year")
    by_month = browser.get("/account/membership/change").text
    more = "What it costs more for the rest of the time you have paid for is charged now."
    assert by_month.count(more) == 1
    year = "A new year begins today: the whole €50.00 is charged now, less what is left of the month you have paid for."
    assert by_month.count(year) == 1
    (told,) = stripe.subscriptions()
    start = told["current_period_start"]
    stripe.tell_of(told["id"], current_period_end=start + 365 * 24 * 3600)
    with card_app.app_context():
        follow(first_user(identity))
        release()
    by_year = browser.get("/account/membership/change").text
    assert (
        by_year.count(
            "A new month begins today, for €8.00. What is left of the year you have paid for pays it"
        )
        == 1
    )
    assert by_year.count(more) == 1


def first_user(identity: Identity) -> uuid.UUID:
    assert identity.user_id
    return identity.user_id


def test_a_member_may_ask_the_assistant_more(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        make_plan()
    identity, browser = member_to_be(card_app, stripe)
    limits = []
    for _turn in range(2):
        with browser.client:
            browser.get("/account/membership")
            limits.append(message_limit())
        if not limits[1:]:
            join(card_app, identity, browser)
    assert limits == ["20/minute;200/hour", "40/minute;500/hour"]


def test_what_the_bank_wants_is_done_on_the_providers_page(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        make_plan()
    identity, browser = member_to_be(card_app, stripe, NEEDS_3D_SECURE)
    page = join(card_app, identity, browser)
    assert "Your bank has not approved the first payment" in page
    (told,) = stripe.subscriptions()
    invoice = {"id": "in_1", "object": "invoice", "status": "open"}
    stripe.tell_of(told["id"], latest_invoice=invoice)
    answer = browser.post("/account/membership/payment", {})
    assert answer.headers["Refresh"] == f"0;url={stripe.url}/_invoice/in_1"
    given_up = browser.follow(browser.post("/account/membership/withdrawal", {})).text
    assert "Your membership did not begin." in given_up


def test_somebody_without_a_card_adds_one_first(card_app: Flask, stripe: StripeServer) -> None:
    with card_app.app_context():
        make_plan()
        _identity, token = shopper_with_token()
    page = PaperBrowser(card_app, token).get("/account/membership").text
    assert "Add a card to join" in page
    assert '<input type="hidden" name="next" value="/account/membership">' in page


@pytest.fixture
def staff(card_app: Flask) -> PaperBrowser:
    browser = PaperBrowser(card_app)
    with card_app.app_context():
        person = make_staff()
    sign_in(browser.client, person)
    return browser


TYPED = {"name": "Friends", "price": "4.90", "interval": "year", "free_shipping_over": "0", "is_active": "y"}


def test_staff_make_and_change_a_plan(card_app: Flask, stripe: StripeServer, staff: PaperBrowser) -> None:
    form = staff.form(staff.get("/admin/plans/new"), "")
    form.action = "/admin/plans/new"
    page = staff.follow(staff.submit(form, **TYPED)).text
    assert "€4.90 a year" in page
    assert "can be had" in page
    with card_app.app_context():
        (made,) = offered_plans()
    assert (made.price, made.interval, made.free_shipping_over) == (Decimal("4.90"), "year", Decimal(0))
    path = f"/admin/plans/{made.id}"
    form = staff.form(staff.get(path), "")
    form.action = path
    for wrong in ({"price": "x"}, {"name": " "}, {"name": "\0"}):
        assert staff.submit(form, **wrong).status_code == 422
    assert staff.submit(form, free_shipping_over="30", has_larger_chat_budget="y").status_code == 303
    late = staff.submit(form, name="Fellows")
    assert late.status_code == 422
    assert "Somebody else has changed this plan meanwhile." in late.text
    with card_app.app_context():
        (changed,) = offered_plans()
    assert (changed.name, changed.free_shipping_over, changed.has_larger_chat_budget) == (
        "Friends",
        Decimal(30),
        True,
    )


def test_a_plan_that_stripe_does_not_take_is_kept_and_tried_again(
    card_app: Flask, stripe: StripeServer, staff: PaperBrowser
) -> None:
    stripe.fail_next("/v1/prices", status=500, times=3)
    page = staff.follow(staff.post("/admin/plans/new", TYPED)).text
    assert "Saved, but it cannot be had yet" in page
    assert "not at Stripe yet" in page
    with card_app.app_context():
        (plan,) = staff_plans()
    assert "can be had" in staff.follow(staff.post(f"/admin/plans/{plan.id}/publication", {})).text


def test_customers_make_no_plans(card_app: Flask, stripe: StripeServer) -> None:
    _identity, browser = member_to_be(card_app, stripe)
    for path in ("/admin/plans/new", "/admin/plans"):
        assert browser.get(path).status_code == 403
    assert browser.post("/admin/plans/new", TYPED).status_code == 403
