"""The letters about accounts and conversations, from the outbox to the file."""

from __future__ import annotations

import re
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.accounts.models import User
from storefront.assistant import services as assistant
from storefront.assistant.models import Handoff
from storefront.core.db import transaction
from storefront.core.settings import Settings
from storefront.http.mail import compose, mail_url
from storefront.jobs import mail
from storefront.jobs.outbox import drain
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import StoredMail, stored_mails
from tests.factories.accounts import make_user


def letters(settings: Settings) -> list[StoredMail]:
    return stored_mails(mail_folder(settings))


def test_a_request_for_a_person_reaches_the_shops_mailbox(app_context: Flask, settings: Settings) -> None:
    user = make_user()
    conversation_id = assistant.open_conversation(user.identity)
    assistant.request_handoff(
        user.identity,
        conversation_id,
        reason="complaint",
        summary="The <b>zip</b> of the tent broke.",
        contact_email=user.email,
    )
    assert drain() == 1
    (letter,) = letters(settings)
    assert (letter.to, letter.subject) == (settings.shop_email, "A shopper asks for a person")
    assert "A complaint." in letter.text
    assert "The <b>zip</b> of the tent broke." in letter.text
    assert "The &lt;b&gt;zip&lt;/b&gt; of the tent broke." in letter.html
    assert f"/admin/conversations/{conversation_id}" in letter.text


def test_a_request_that_is_closed_meanwhile_is_not_mailed(app_context: Flask, settings: Settings) -> None:
    user = make_user()
    conversation_id = assistant.open_conversation(user.identity)
    assistant.request_handoff(user.identity, conversation_id, reason="asked", summary="")
    with transaction() as current:
        current.execute(sa.update(Handoff).values(closed_at=sa.func.now(), outcome="withdrawn"))
    assert drain() == 1
    assert letters(settings) == []


@pytest.mark.parametrize(
    "handler", [mail.verify_email, mail.account_exists, mail.reset_password, mail.password_changed]
)
def test_nobody_is_written_to_who_is_gone(app_context: Flask, settings: Settings, handler: object) -> None:
    user = make_user(email_verified=False)
    with transaction() as current:
        current.execute(sa.update(User).where(User.id == user.id).values(deleted_at=sa.func.now()))
    for user_id in (user.id, uuid.uuid4()):
        handler(str(user_id))  # type: ignore[operator]
    assert letters(settings) == []


def test_a_confirmed_address_gets_no_second_link(app_context: Flask, settings: Settings) -> None:
    mail.verify_email(str(make_user().id))
    assert letters(settings) == []


def test_names_cannot_bring_markup_into_a_letter(app_context: Flask, settings: Settings) -> None:
    user = make_user(first_name='<a href="https://evil.example">click</a>', email_verified=False)
    mail.verify_email(str(user.id))
    (letter,) = letters(settings)
    assert '<a href="https://evil.example' not in letter.html
    assert "&lt;a href" in letter.html


def test_a_letter_says_the_same_twice_and_carries_its_style(app_context: Flask, settings: Settings) -> None:
    letter = compose("account_exists", to="ada@example.com", subject="S", first_name=None)
    for words in ("You already have an account", "Hello,", f"{settings.base_url()}/account/sign-in"):
        assert words in letter.text
        assert words in letter.html
    assert "\n\n\n\n" not in letter.text
    assert re.search(r'class="button"[^>]*style="[^"]*padding', letter.html)
    assert "prefers-color-scheme: dark" in letter.html
    assert "<link" not in letter.html
    assert letter.reply_to == settings.shop_email


def test_links_lead_to_the_public_address_whatever_host_a_request_named(app: Flask) -> None:
    with app.test_request_context("/", headers={"Host": "evil.example"}):
        link = mail_url("account.reset_password", token="a b")
    base = app.extensions["settings"].base_url()
    assert link == f"{base}/account/reset-password?token=a+b"
