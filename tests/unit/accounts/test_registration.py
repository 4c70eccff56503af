from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.accounts import queries, services
from storefront.accounts.errors import (
    EmailInvalid,
    LinkRefused,
    PasswordRefused,
    SignInRefused,
    WrongPassword,
)
from storefront.accounts.models import User
from storefront.core import clock
from storefront.core.db import session
from storefront.core.ids import digest
from storefront.core.outbox import OutboxEntry
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.usefixtures("app_context")


def letters() -> list[tuple[str, dict[str, str]]]:
    rows = session().execute(sa.select(OutboxEntry.kind, OutboxEntry.payload).order_by(OutboxEntry.id))
    return [(row.kind, row.payload) for row in rows]


def user_named(email: str) -> User:
    return session().scalars(sa.select(User).where(User.email == email)).one()


def confirmed_by_link(user_id: uuid.UUID, password: str = PASSWORD) -> uuid.UUID:
    issued = services.issue_verification(user_id)
    assert issued is not None
    return services.verify_email(issued[1].token, password)


def test_a_new_account_waits_for_its_confirmation() -> None:
    services.register(" Ada@Example.COM ", PASSWORD, first_name="Ada", last_name=" ")
    user = user_named("ada@example.com")
    assert (user.email, user.first_name, user.last_name) == ("Ada@example.com", "Ada", None)
    assert user.roles == ["customer"]
    assert not user.email_verified
    assert user.password_hash is not None
    assert PASSWORD not in user.password_hash
    assert letters() == [("mail.verify_email", {"user_id": str(user.id)})]
    with pytest.raises(SignInRefused):
        services.authenticate("ada@example.com", PASSWORD)


def test_signing_up_with_a_known_address_changes_nothing_and_tells_its_owner() -> None:
    owner = make_user("ada@example.com")
    services.register("ADA@example.com", "another-long-phrase", first_name="Mallory")
    assert letters() == [("mail.account_exists", {"user_id": str(owner.id)})]
    assert services.authenticate("ada@example.com", PASSWORD) == owner.id
    assert user_named("ada@example.com").first_name is None
    with pytest.raises(SignInRefused):
        services.authenticate("ada@example.com", "another-long-phrase")


def test_signing_up_again_before_confirming_takes_the_newer_password() -> None:
    services.register("ada@example.com", "an-earlier-phrase-9")
    services.register("ada@example.com", PASSWORD)
    user = user_named("ada@example.com")
    assert [kind for kind, _ in letters()] == ["mail.verify_email", "mail.verify_email"]
    assert confirmed_by_link(user.id) == user.id
    assert services.authenticate("ada@example.com", PASSWORD) == user.id


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@example", "a\x00@b.de"]
)
def test_refuses_what_is_no_address(email: str) -> None:
    with pytest.raises(EmailInvalid):
        services.register(email, PASSWORD)
    assert letters() == []


def test_refuses_weak_passwords_before_anything_is_written() -> None:
    with pytest.raises(PasswordRefused):
        services.register("ada@example.com", "password123")
    assert session().scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_the_link_alone_confirms_nothing_the_password_is_needed_too() -> None:
    """Somebody signs up with a stranger's address; the stranger follows the link: no account for either."""
    user = make_user("victim@example.com", email_verified=False)
    issued = services.issue_verification(user.id)
    assert issued is not None
    with pytest.raises(WrongPassword):
        services.verify_email(issued[1].token, "what-the-victim-guesses")
    assert not user_named("victim@example.com").email_verified
    assert services.verify_email(issued[1].token, PASSWORD) == user.id


def test_a_link_works_once_and_only_its_hash_is_stored() -> None:
    user = make_user(email_verified=False)
    issued = services.issue_verification(user.id)
    assert issued is not None
    recipient, link = issued
    assert recipient.email == user.email
    assert user_named(user.email).email_verification_token == digest(link.token)
    assert queries.email_of_verification(link.token) == user.email
    services.verify_email(link.token, user.password)
    assert queries.email_of_verification(link.token) is None
    with pytest.raises(LinkRefused):
        services.verify_email(link.token, user.password)
    assert services.issue_verification(user.id) is None


def test_a_newer_link_replaces_the_one_before() -> None:
    user = make_user(email_verified=False)
    first, second = services.issue_verification(user.id), services.issue_verification(user.id)
    assert first is not None
    assert second is not None
    with pytest.raises(LinkRefused):
        services.verify_email(first[1].token, user.password)
    assert services.verify_email(second[1].token, user.password) == user.id


def test_a_link_ends_after_three_days() -> None:
    user = make_user(email_verified=False)
    issued = services.issue_verification(user.id)
    assert issued is not None
    with clock.frozen(clock.now() + timedelta(days=3, seconds=1)), pytest.raises(LinkRefused):
        services.verify_email(issued[1].token, user.password)


def test_the_link_is_sent_again_only_to_those_who_wait_for_it(app: Flask) -> None:
    waiting = make_user("waiting@example.com", email_verified=False)
    make_user("done@example.com")
    make_user("blocked@example.com", email_verified=False, is_active=False)
    for address in ("WAITING@example.com", "done@example.com", "blocked@example.com", "nobody@example.com"):
        services.request_verification(address)
    assert letters() == [("mail.verify_email", {"user_id": str(waiting.id)})]


def test_the_shops_own_name_makes_no_password() -> None:
    with pytest.raises(PasswordRefused) as refused:
        services.register("ada@example.com", "Larkfell2026")
    assert refused.value.reason == "personal"
