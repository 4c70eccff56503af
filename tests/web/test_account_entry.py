"""Signing up, confirming, signing in and out, and the way back in: through pages, mails and links, as people do."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from storefront.accounts.models import User, UserSession
from storefront.cart.models import Cart, CartItem
from storefront.core import clock
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.outbox import OutboxEntry
from storefront.core.settings import Settings
from storefront.jobs.outbox import drain
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import StoredMail, stored_mails
from tests.factories.accounts import PASSWORD, csrf_token, make_user, post, sign_in

NEW = "fourteen-slow-rivers"


@pytest.fixture(autouse=True)
def folder(settings: Settings) -> Path:
    """The folder of letters."""
    return mail_folder(settings)


def letters(app: Flask, folder: Path) -> list[StoredMail]:
    """Let the jobs run, and look into the mailbox."""
    with app.app_context():
        drain()
    return stored_mails(folder)


def link_in(letter: StoredMail) -> str:
    """The path of the link, which text and HTML share."""
    found = re.search(r"http://127\.0\.0\.1:\d+(/account/\S+token=\S+)", letter.text)
    assert found
    assert found.group(0).split("token=")[1] in letter.html
    return found.group(1)


def visitor_name(client: FlaskClient) -> str | None:
    """Who the shop thinks we are: the address on the profile page."""
    page = client.get("/account/profile")
    found = re.search(r"<p>([^<]+@example\.com)</p>", page.text)
    return found.group(1) if found else None


def test_from_sign_up_to_the_open_account(app: Flask, client: FlaskClient, folder: Path) -> None:
    sent = post(
        client, "/account/sign-up", email="ada@example.com", password=PASSWORD, first_name="Ada", last_name=""
    )
    assert (sent.status_code, sent.location) == (303, "/account/check-mail")
    assert "ada@example.com" in client.get("/account/check-mail").text
    assert visitor_name(client) is None
    (letter,) = letters(app, folder)
    assert (letter.to, letter.subject) == ("ada@example.com", "Please confirm your e-mail address")
    assert "Hello Ada," in letter.text
    page = client.get(link_in(letter))
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    token = link_in(letter).partition("token=")[2]
    confirmed = post(client, "/account/confirm", link_in(letter), token=token, password=PASSWORD)
    assert (confirmed.status_code, confirmed.location) == (303, "/account")
    assert visitor_name(client) == "ada@example.com"
    other = app.test_client()
    again = other.get(link_in(letter))
    assert again.status_code == 410
    assert "This link has been used" in again.text


def test_looking_at_the_link_changes_nothing(app: Flask, client: FlaskClient, folder: Path) -> None:
    post(client, "/account/sign-up", email="ada@example.com", password=PASSWORD)
    (letter,) = letters(app, folder)
    for _ in range(3):
        assert app.test_client().get(link_in(letter)).status_code == 200
    token = link_in(letter).partition("token=")[2]
    wrong = post(client, "/account/confirm", link_in(letter), token=token, password="a-guess-at-it")
    assert wrong.status_code == 422
    assert "not the password you chose" in wrong.text
    assert (
        post(client, "/account/confirm", link_in(letter), token=token, password=PASSWORD).status_code == 303
    )


def test_a_link_that_is_over_says_so_and_offers_a_new_one(
    app: Flask, client: FlaskClient, folder: Path
) -> None:
    post(client, "/account/sign-up", email="ada@example.com", password=PASSWORD)
    (letter,) = letters(app, folder)
    with clock.frozen(clock.now() + timedelta(days=3, minutes=1)):
        page = client.get(link_in(letter))
    assert page.status_code == 410
    assert 'href="/account/confirm/again"' in page.text
    post(client, "/account/confirm/again", email="ada@example.com")
    newest = letters(app, folder)[0]
    assert client.get(link_in(letter)).status_code == 410
    assert client.get(link_in(newest)).status_code == 200


def test_signing_up_looks_the_same_for_a_known_address(app: Flask, client: FlaskClient, folder: Path) -> None:
    with app.app_context():
        make_user("ada@example.com")
    answers = {}
    for address in ("ada@example.com", "bob@example.com"):
        browser = app.test_client()
        sent = post(browser, "/account/sign-up", email=address, password="another-long-phrase")
        shown = browser.get(sent.location).text.replace(address, "ADDRESS")
        answers[address] = (
            sent.status_code,
            sent.location,
            re.sub(r'name="csrf_token" value="[^"]+"', "", shown),
        )
        refused = post(browser, "/account/sign-in", email=address, password="another-long-phrase")
        answers[address] += (refused.status_code, "do not match an account" in refused.text)
    assert answers["ada@example.com"] == answers["bob@example.com"]
    assert answers["ada@example.com"][3:] == (422, True)
    subjects = {letter.to: letter.subject for letter in letters(app, folder)}
    assert subjects == {
        "ada@example.com": "You already have an account",
        "bob@example.com": "Please confirm your e-mail address",
    }


@pytest.mark.parametrize("page", ["/account/forgot-password", "/account/confirm/again"])
def test_asking_for_a_link_looks_the_same_for_everybody(app: Flask, page: str) -> None:
    with app.app_context():
        make_user("known@example.com", email_verified=False)
    answers = set()
    for address in ("known@example.com", "nobody@example.com"):
        sent = post(app.test_client(), page, email=address)
        answers.add((sent.status_code, sent.location))
    assert answers == {(303, "/account/check-mail")}
    with app.app_context():
        assert session().scalar(sa.select(sa.func.count()).select_from(OutboxEntry)) == 1


def test_wrong_input_is_said_beside_the_field_and_kept(client: FlaskClient) -> None:
    page = post(
        client,
        "/account/sign-up",
        email="not-an-address",
        password="password123",
        first_name='Ada "the Great"',
    )
    assert page.status_code == 422
    assert 'value="not-an-address"' in page.text
    assert "Ada &#34;the Great&#34;" in page.text
    assert "password123" not in page.text
    assert 'aria-describedby="email-hint email-error"' in page.text
    assert 'id="email-error"' in page.text
    assert 'href="#email"' in page.text
    weak = post(client, "/account/sign-up", email="ada@example.com", password="password123")
    assert weak.status_code == 422
    assert 'id="password-error"' in weak.text
    assert "easy to guess" in weak.text


def test_signing_in_begins_a_new_session_and_the_old_secret_opens_nothing(
    app: Flask, client: FlaskClient
) -> None:
    """Session fixation: whoever planted or copied the guest's cookie does not get into the account."""
    with app.app_context():
        user = make_user()
    guest_cookie = _guest_with_a_row(app, client)
    token_before = csrf_token(client)
    sign_in(client, user)
    assert client.get_cookie("shop_session").value != guest_cookie  # type: ignore[union-attr]
    assert csrf_token(client, "/account/profile") != token_before
    assert visitor_name(client) == user.email
    thief = app.test_client()
    thief.set_cookie("shop_session", guest_cookie)
    assert visitor_name(thief) is None
    with app.app_context():
        owners = list(session().scalars(sa.select(UserSession.user_id)))
    assert owners == [user.id]


def _guest_with_a_row(app: Flask, client: FlaskClient) -> str:
    """Give the browser a guest's session row, as the first cart does; returns the cookie."""
    from storefront.http.visitor import ensure_session

    with app.test_request_context("/"):
        from flask import session as cookie

        identity = ensure_session()
        assert identity.session_id
        token = cookie["token"]
    with client.session_transaction() as browser:
        browser["token"] = token
    found = client.get_cookie("shop_session")
    assert found
    return found.value


def test_the_guests_cart_comes_along(app: Flask, client: FlaskClient) -> None:
    from tests.factories.buying import make_product

    with app.app_context():
        user = make_user()
        product = make_product()
    _guest_with_a_row(app, client)
    with app.app_context():
        from storefront.cart.services import add_line
        from storefront.core.identity import Identity

        session_id = session().scalars(sa.select(UserSession.id)).one()
        add_line(Identity(session_id=session_id), getattr(product, "id", product), 3)
    sign_in(client, user)
    with app.app_context():
        rows = session().execute(
            sa.select(Cart.user_id, CartItem.quantity).join(CartItem).where(Cart.status == "open")
        )
        assert [tuple(row) for row in rows] == [(user.id, 3)]


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/account/addresses?x=1", "/account/addresses?x=1"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("https://evil.example/", "/account"),
        ("/\t/evil.example", "/account"),
        ("/\n//evil.example", "/account"),
        ("javascript:alert(1)", "/account"),
        ("account", "/account"),
        ("", "/account"),
    ],
)
def test_after_signing_in_one_stays_in_the_shop(
    app: Flask, client: FlaskClient, wanted: str, led_to: str
) -> None:
    with app.app_context():
        user = make_user()
    answer = post(client, "/account/sign-in", email=user.email, password=user.password, next=wanted)
    assert (answer.status_code, answer.location) == (303, led_to)


def test_a_page_behind_the_sign_in_is_reached_after_it(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        user = make_user()
    sent = client.get("/account/addresses?page=2")
    assert (sent.status_code, sent.location) == (303, "/account/sign-in?next=/account/addresses?page%3D2")
    page = client.get(sent.location)
    assert 'name="next" value="/account/addresses?page=2"' in page.text
    htmx = client.get("/account/addresses", headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx.headers["HX-Redirect"]) == (
        204,
        "/account/sign-in?next=/account/addresses",
    )
    assert sign_in(client, user).location == "/account"


def test_every_page_of_the_account_asks_guests_to_sign_in(app: Flask, client: FlaskClient) -> None:
    open_pages = {
        "sign_in", "sign_up", "sign_out", "check_mail", "confirm_email", "resend_confirmation",
        "forgot_password", "reset_password",
    }  # fmt: skip
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("account.")]
    assert len(rules) >= 18
    for rule in rules:
        name = rule.endpoint.removeprefix("account.")
        path = re.sub(r"<uuid:\w+>", "0197f0a0-0000-7000-8000-000000000000", rule.rule)
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        fields = {} if method == "GET" else {"csrf_token": csrf_token(client)}
        answer = client.open(path, method=method, data=fields)
        asked = answer.status_code == 303 and str(answer.location).startswith("/account/sign-in")
        assert asked == (name not in open_pages), (name, answer.status_code)


def test_signing_out_ends_the_session_in_the_database_too(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        user = make_user()
    sign_in(client, user)
    cookie = client.get_cookie("shop_session").value  # type: ignore[union-attr]
    assert client.get("/account/sign-out").status_code == 405
    assert visitor_name(client) == user.email
    answer = post(client, "/account/sign-out", "/account/profile")
    assert (answer.status_code, answer.location) == (303, "/")
    assert visitor_name(client) is None
    thief = app.test_client()
    thief.set_cookie("shop_session", cookie)
    assert visitor_name(thief) is None
    with app.app_context():
        assert session().scalar(sa.select(sa.func.count()).select_from(UserSession)) == 0


def test_a_tampered_cookie_is_nobodys(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        user = make_user()
    sign_in(client, user)
    cookie = client.get_cookie("shop_session").value  # type: ignore[union-attr]
    assert visitor_name(client) == user.email
    for forged in (cookie[:-3] + "AAA", "x" + cookie[1:], cookie.partition(".")[0], "é", ""):
        client.set_cookie("shop_session", forged)
        page = client.get("/account/profile")
        assert (page.status_code, page.location) == (303, "/account/sign-in?next=/account/profile")


@pytest.mark.parametrize("token", [None, "", "guessed"])
def test_a_form_without_its_token_does_nothing_and_says_so(
    app: Flask, client: FlaskClient, token: str | None
) -> None:
    with app.app_context():
        user = make_user()
    fields = {"email": user.email, "password": user.password}
    if token is not None:
        fields["csrf_token"] = token
    answer = client.post("/account/sign-in", data=fields)
    assert answer.status_code == 400
    assert "This form had expired" in answer.text
    assert visitor_name(client) is None


def test_a_token_of_another_browser_is_refused(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        user = make_user()
    sign_in(client, user)
    foreign = csrf_token(app.test_client())
    answer = client.post("/account/sign-out", data={"csrf_token": foreign})
    assert answer.status_code == 400
    assert visitor_name(client) == user.email


def test_blocked_people_are_out_at_once(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        user = make_user()
    sign_in(client, user)
    assert visitor_name(client) == user.email
    with app.app_context():
        from storefront.core.db import transaction

        with transaction() as current:
            current.execute(sa.update(User).where(User.id == user.id).values(is_active=False))
    assert visitor_name(client) is None


def test_a_session_ends_when_its_time_is_over(app: Flask, client: FlaskClient, settings: Settings) -> None:
    with app.app_context():
        user = make_user()
        from storefront.core.db import transaction

        sign_in(client, user)
        with transaction() as current:
            current.execute(sa.update(UserSession).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert visitor_name(client) is None


def test_the_way_back_in(app: Flask, client: FlaskClient, folder: Path) -> None:
    with app.app_context():
        user = make_user("ada@example.com")
    elsewhere = app.test_client()
    sign_in(elsewhere, user)
    sent = post(client, "/account/forgot-password", email="ADA@example.com")
    assert (sent.status_code, sent.location) == (303, "/account/check-mail")
    (letter,) = letters(app, folder)
    assert letter.subject == "Choose a new password"
    link = link_in(letter)
    token = link.partition("token=")[2]
    weak = post(client, "/account/reset-password", link, token=token, new_password="short")
    assert weak.status_code == 422
    assert "at least 10 characters" in weak.text
    done = post(client, "/account/reset-password", link, token=token, new_password=NEW)
    assert (done.status_code, done.location) == (303, "/account")
    assert visitor_name(client) == "ada@example.com"
    assert visitor_name(elsewhere) is None
    assert client.get(link).status_code == 410
    replay = client.post(
        "/account/reset-password",
        data={
            "csrf_token": csrf_token(client, "/account/profile"),
            "token": token,
            "new_password": "yet-another-one",
        },
    )
    assert replay.status_code == 410
    assert letters(app, folder)[0].subject == "Your password was changed"
    assert sign_in(app.test_client(), type(user)(user.id, user.email, NEW)).location == "/account"


def test_the_outbox_never_holds_a_secret(app: Flask, client: FlaskClient, folder: Path) -> None:
    post(client, "/account/sign-up", email="ada@example.com", password=PASSWORD)
    post(client, "/account/forgot-password", email="ada@example.com")
    found = [link_in(letter).partition("token=")[2] for letter in letters(app, folder)]
    assert len(found) == 2
    with app.app_context():
        stored = str(session().execute(sa.text("SELECT payload::text FROM outbox")).all())
        users = str(session().execute(sa.text("SELECT * FROM users")).all())
    for secret in (*found, PASSWORD):
        assert secret not in stored
        assert secret not in users


def test_too_many_tries_are_slowed_down(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        user = make_user()
    token = csrf_token(client)
    codes = [
        client.post(
            "/account/sign-in", data={"csrf_token": token, "email": user.email, "password": "wrong"}
        ).status_code
        for _ in range(11)
    ]
    assert codes == [422] * 10 + [429]
    slowed = client.post(
        "/account/sign-in", data={"csrf_token": token, "email": user.email, "password": user.password}
    )
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) <= 60
    assert client.get("/account/sign-in").status_code == 200


def test_no_mailbox_is_flooded_through_our_forms(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        make_user("ada@example.com")
    codes = [
        post(client, "/account/forgot-password", email=address).status_code
        for address in ["ada@example.com", "ADA@example.com "] * 3 + ["ada@example.com"]
    ]
    assert codes == [303] * 6 + [429]
    assert post(client, "/account/forgot-password", email="bob@example.com").status_code == 303


def test_no_spelling_of_an_address_is_counted_apart(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        make_user("ada@example.com")
    spellings = ["ada@example.com", "ad\0a@example.com", "ada@exam\0ple.com", "ada@ｅｘａｍｐｌｅ.com"]
    for address in [*spellings, "ADA@example.com", "\0ada@example.com"]:
        assert post(client, "/account/forgot-password", email=address).status_code == 303
    assert post(client, "/account/forgot-password", email="ada\0@example.com").status_code == 429


def test_a_mail_server_that_is_away_loses_no_letter(app: Flask, client: FlaskClient, folder: Path) -> None:
    post(client, "/account/sign-up", email="ada@example.com", password=PASSWORD)
    folder.rmdir() if folder.exists() else None
    folder.write_text("in the way")
    try:
        with app.app_context():
            drain()
            entry = session().execute(sa.select(OutboxEntry.done_at, OutboxEntry.last_error)).one()
    finally:
        folder.unlink()
    assert entry.done_at is None
    assert "MailRefused" in entry.last_error
    assert "ada@example.com" not in entry.last_error
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert len(letters(app, folder)) == 1


def test_our_letters_carry_no_strangers_advertisement(app: Flask, client: FlaskClient, folder: Path) -> None:
    page = post(
        client,
        "/account/sign-up",
        email="victim@example.com",
        password=PASSWORD,
        first_name="Win: https://x.example",
    )
    assert page.status_code == 422
    assert 'id="first_name-error"' in page.text
    assert letters(app, folder) == []


def test_what_another_account_has_proved_stays_behind(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        ada, bob = make_user("ada@example.com"), make_user("bob@example.com")
    proved = [str(new_id())]
    sign_in(client, ada)
    with app.app_context(), transaction() as current:
        current.execute(sa.update(UserSession).values(data={"proved_orders": proved}))
    typed = {"email": bob.email, "password": PASSWORD}
    assert post(client, "/account/sign-in", "/account/profile", **typed).status_code == 303
    with app.app_context():
        assert session().scalars(sa.select(UserSession.data)).all() == [{}]
