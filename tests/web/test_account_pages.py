"""The pages behind the sign-in: overview, orders, profile, password, address book, sessions."""

from __future__ import annotations

import re
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from storefront.accounts import queries, services
from storefront.accounts.models import Address, User
from storefront.core.db import session
from tests.factories.accounts import PASSWORD, MadeUser, csrf_token, make_staff, make_user, post, sign_in
from tests.statements import assert_queries

BERLIN = services.AddressInput("Ada Lovelace", "Torstraße 1", "10119", "Berlin", "DE", label="Home")
FIELDS = {
    "full_name": "Ada Lovelace",
    "line1": "Torstraße 1",
    "postal_code": "10119",
    "city": "Berlin",
    "country": "DE",
}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def ada(app: Flask) -> MadeUser:
    with app.app_context():
        return make_user("ada@example.com", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def browser(client: FlaskClient, ada: MadeUser) -> FlaskClient:
    """A browser in which Ada is signed in."""
    sign_in(client, ada)
    return client


def addresses(app: Flask, user: MadeUser) -> list[queries.AddressEntry]:
    with app.app_context():
        return queries.addresses_of(user.id)


def test_the_overview_greets_and_shows_ways_on(browser: FlaskClient) -> None:
    page = browser.get("/account")
    assert page.status_code == 200
    assert "Hello, Ada" in page.text
    assert "No orders yet" in page.text
    assert 'href="/account/addresses/new"' in page.text
    assert "Staff pages" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_staff_find_their_pages(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        staff = make_staff("admin")
    sign_in(client, staff)
    assert 'href="/admin/"' in client.get("/account").text


def test_pages_stay_within_their_queries(browser: FlaskClient) -> None:
    browser.get("/account")  # the category tree is read once and kept
    for path, budget in (
        ("/account", 5),
        ("/account/orders", 3),
        ("/account/addresses", 2),
        ("/account/profile", 2),
        ("/account/sessions", 2),
    ):
        with assert_queries(budget):
            assert browser.get(path).status_code == 200


def test_the_profile_is_saved_and_shown(app: Flask, browser: FlaskClient) -> None:
    saved = post(
        browser, "/account/profile", first_name=" Augusta  Ada ", last_name="King", phone="+44 20 7946"
    )
    assert (saved.status_code, saved.location) == (303, "/account/profile")
    page = browser.get("/account/profile")
    assert 'value="Augusta Ada"' in page.text
    assert "Your profile is saved." in page.text
    wrong = post(browser, "/account/profile", first_name="Ada", phone="call me")
    assert wrong.status_code == 422
    assert 'value="call me"' in wrong.text
    assert 'id="phone-error"' in wrong.text


def test_a_profile_cannot_write_more_than_the_profile(
    app: Flask, browser: FlaskClient, ada: MadeUser
) -> None:
    post(
        browser,
        "/account/profile",
        first_name="Ada",
        email="eve@example.com",
        roles="admin",
        email_verified="1",
        id=str(uuid.uuid4()),
    )
    with app.app_context():
        user = session().execute(sa.select(User.id, User.email, User.roles)).one()
    assert tuple(user) == (ada.id, "ada@example.com", ["customer"])


def test_a_new_password_keeps_this_browser_and_ends_the_others(
    app: Flask, browser: FlaskClient, ada: MadeUser
) -> None:
    other = app.test_client()
    sign_in(other, ada)
    wrong = post(browser, "/account/password", current_password="not it", new_password="fourteen-slow-rivers")
    assert wrong.status_code == 422
    assert "That is not your current password." in wrong.text
    weak = post(browser, "/account/password", current_password=PASSWORD, new_password="adalovelace")
    assert weak.status_code == 422
    assert other.get("/account").status_code == 200
    done = post(browser, "/account/password", current_password=PASSWORD, new_password="fourteen-slow-rivers")
    assert (done.status_code, done.location) == (303, "/account")
    assert browser.get("/account").status_code == 200
    assert other.get("/account").location == "/account/sign-in?next=/account"


def test_an_address_is_added_changed_and_deleted(app: Flask, browser: FlaskClient, ada: MadeUser) -> None:
    form = browser.get("/account/addresses/new")
    assert 'value="Ada Lovelace"' in form.text
    added = post(browser, "/account/addresses/new", **FIELDS, label="Home")
    assert (added.status_code, added.location) == (303, "/account/addresses")
    (entry,) = addresses(app, ada)
    assert (entry.is_default_shipping, entry.is_default_billing) == (True, True)
    page = browser.get("/account/addresses")
    assert "Torstraße 1" in page.text
    assert "Ships here" in page.text
    assert "Germany" in page.text
    path = f"/account/addresses/{entry.id}"
    changed = post(browser, path, **{**FIELDS, "city": "Potsdam", "postal_code": "14467"})
    assert changed.status_code == 303
    assert addresses(app, ada)[0].city == "Potsdam"
    gone = post(browser, f"{path}/delete", "/account/addresses")
    assert (gone.status_code, gone.location) == (303, "/account/addresses")
    assert addresses(app, ada) == []


def test_a_wrong_address_keeps_what_was_typed(app: Flask, browser: FlaskClient, ada: MadeUser) -> None:
    page = post(browser, "/account/addresses/new", **{**FIELDS, "postal_code": "1011", "line1": "  "})
    assert page.status_code == 422
    assert "That is not a postal code of Germany. It looks like 26133." in page.text
    assert "Please enter the street." in page.text
    assert 'value="1011"' in page.text
    assert re.search(r'<option[^>]*selected[^>]*value="DE"', page.text)
    assert 'href="#postal_code"' in page.text
    assert addresses(app, ada) == []


def test_another_country_brings_its_fields_and_keeps_what_was_typed(
    app: Flask, browser: FlaskClient, ada: MadeUser
) -> None:
    typed = {**FIELDS, "country": "US", "adapt": "1"}
    page = post(browser, "/account/addresses/new", **typed)
    assert page.status_code == 200
    for text in (
        "ZIP code",
        '<option value="NY">New York</option>',
        'value="Torstraße 1"',
        "<!doctype html>",
    ):
        assert text in page.text
    token = csrf_token(browser, "/account/addresses/new")
    fragment = browser.post(
        "/account/addresses/new?adapt=1",
        data={**FIELDS, "country": "HK", "csrf_token": token},
        headers={"HX-Request": "true"},
    )
    assert "Area" in fragment.text
    assert "<!doctype html>" not in fragment.text
    # Hong Kong has no postal codes: what stood there is kept for the next country.
    assert f'<input type="hidden" name="postal_code" value="{FIELDS["postal_code"]}">' in fragment.text
    assert addresses(app, ada) == []
    american = {**FIELDS, "country": "US", "city": "New York", "region": "NY", "postal_code": "10001"}
    assert post(browser, "/account/addresses/new", **american).status_code == 303
    assert "<span>New York, NY 10001</span>" in browser.get("/account/addresses").text


@pytest.mark.parametrize("country", ["", "XX", "Germany", "DE\x00", "<b>"])
def test_a_country_that_is_not_on_the_list_is_refused(browser: FlaskClient, country: str) -> None:
    assert post(browser, "/account/addresses/new", **{**FIELDS, "country": country}).status_code == 422


def test_other_peoples_addresses_are_not_there(app: Flask, browser: FlaskClient) -> None:
    with app.app_context():
        owner = make_user("bob@example.com")
        theirs = services.add_address(owner.identity, BERLIN)
    token = csrf_token(browser, "/account/profile")
    path = f"/account/addresses/{theirs}"
    assert browser.get(path).status_code == 404
    assert browser.post(path, data={"csrf_token": token, **FIELDS, "city": "Elsewhere"}).status_code == 404
    assert browser.post(f"{path}/delete", data={"csrf_token": token}).status_code == 404
    assert browser.get("/account/addresses/not-an-id").status_code == 404
    with app.app_context():
        assert session().scalars(sa.select(Address.city)).all() == ["Berlin"]


def test_sessions_name_the_device_and_the_place(app: Flask, browser: FlaskClient, ada: MadeUser) -> None:
    for agent, address in ((FIREFOX, "192.0.2.7"), (SAFARI, "2001:db8::7"), ("curl/8", "192.0.2.9")):
        other = app.test_client()
        other.environ_base.update({"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address})
        sign_in(other, ada)
    page = browser.get("/account/sessions").text
    for text in ("Firefox on Linux", "Safari on iPhone", "An unknown browser", "192.0.2.7", "2001:db8::7"):
        assert text in page
    assert page.count("this browser") == 1
    assert page.count("/revoke") == 3 * 2 + 2


def test_a_revoked_browser_is_out_at_once(app: Flask, browser: FlaskClient, ada: MadeUser) -> None:
    other = app.test_client()
    sign_in(other, ada)
    with app.app_context():
        theirs = queries.sessions_of(ada.id)[0].id
    done = post(browser, f"/account/sessions/{theirs}/revoke", "/account/sessions")
    assert (done.status_code, done.location) == (303, "/account/sessions")
    assert "That browser is signed out." in browser.get("/account/sessions").text
    assert other.get("/account").location == "/account/sign-in?next=/account"
    assert browser.get("/account").status_code == 200


def test_revoking_answers_htmx_with_the_list(app: Flask, browser: FlaskClient, ada: MadeUser) -> None:
    for _ in range(2):
        sign_in(app.test_client(), ada)
    token = csrf_token(browser, "/account/sessions")
    answer = browser.post(
        "/account/sessions/revoke-others", data={"csrf_token": token}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="sessions"')
    assert "<html" not in answer.text
    assert answer.headers["HX-Trigger-After-Swap"] == '{"announce": "2 other browsers are signed out."}'
    assert answer.text.count("session-row__device") == 1


def test_other_peoples_sessions_are_not_there(app: Flask, browser: FlaskClient) -> None:
    stranger_browser = app.test_client()
    with app.app_context():
        stranger = make_user("bob@example.com")
    sign_in(stranger_browser, stranger)
    with app.app_context():
        theirs = queries.sessions_of(stranger.id)[0].id
    answer = post(browser, f"/account/sessions/{theirs}/revoke", "/account/sessions")
    assert answer.status_code == 404
    post(browser, "/account/sessions/revoke-others", "/account/sessions")
    assert stranger_browser.get("/account").status_code == 200


def test_each_form_has_labels_and_no_inline_code(browser: FlaskClient) -> None:
    for path in (
        "/account",
        "/account/profile",
        "/account/password",
        "/account/addresses/new",
        "/account/sessions",
    ):
        page = browser.get(path).text
        main = page.partition("<main")[2].partition("</main>")[0]
        for field in re.findall(r"<(?:input|select|textarea)[^>]*>", main):
            if 'type="hidden"' in field or 'aria-hidden="true"' in field:
                continue
            identifier = re.search(r' id="([^"]+)"', field)
            assert identifier, field
            assert f'for="{identifier.group(1)}"' in main or f'<label class="check">{field}' in main, field
        assert not re.search(r"<style|<script(?![^>]* src=)| style=| on\w+=", page), path
