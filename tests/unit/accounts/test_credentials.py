from __future__ import annotations

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from storefront.accounts import queries, services
from storefront.accounts.errors import LinkRefused, PasswordRefused, SignInRefused, WrongPassword
from storefront.accounts.models import User, UserSession
from storefront.core import clock
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import ANONYMOUS, Identity
from storefront.core.ids import digest
from storefront.core.outbox import OutboxEntry
from tests.factories.accounts import PASSWORD, MadeUser, make_user

pytestmark = pytest.mark.usefixtures("app_context")

NEW = "fourteen-slow-rivers"


def kinds() -> list[str]:
    return list(session().scalars(sa.select(OutboxEntry.kind).order_by(OutboxEntry.id)))


def begin(user: MadeUser) -> services.StartedSession:
    return services.start_session(user.id, ip_address="192.0.2.7", user_agent="Firefox/140", days=30)


def stored_hash(user: MadeUser) -> str | None:
    return session().scalar(sa.select(User.password_hash).where(User.id == user.id))


def test_the_right_password_opens_and_is_counted() -> None:
    user = make_user("ada@example.com")
    assert services.authenticate(" ADA@example.com ", PASSWORD) == user.id
    row = session().execute(sa.select(User.login_count, User.last_login_at).where(User.id == user.id)).one()
    assert row.login_count == 1
    assert clock.now() - row.last_login_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    "values",
    [
        {"email_verified": False},
        {"is_active": False},
        {"deleted_at": clock.now()},
        {"password": "other-than-that-1"},
    ],
)
def test_every_reason_to_refuse_looks_alike(values: dict[str, object]) -> None:
    make_user("ada@example.com", **values)  # type: ignore[arg-type]
    with pytest.raises(SignInRefused) as refused:
        services.authenticate("ada@example.com", PASSWORD)
    assert refused.value.data() == {}
    assert session().scalar(sa.select(sa.func.sum(User.login_count))) == 0


def test_an_unknown_address_takes_as_long_as_a_wrong_password() -> None:
    make_user("ada@example.com")

    def work(email: str) -> float:
        begun = time.thread_time()  # whatever else the machine does meanwhile
        with pytest.raises(SignInRefused):
            services.authenticate(email, "a-wrong-password")
        return time.thread_time() - begun

    by_turns = [(work("ada@example.com"), work("nobody@example.com")) for _ in range(8)]
    known, unknown = map(min, zip(*by_turns, strict=True))
    assert unknown > known * 0.6


def test_an_outdated_hash_is_renewed_at_sign_in() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    user = make_user("ada@example.com")
    with transaction() as current:
        current.execute(sa.update(User).where(User.id == user.id).values(password_hash=old))
    assert services.authenticate("ada@example.com", PASSWORD) == user.id
    renewed = stored_hash(user)
    assert renewed is not None
    assert "m=19456,t=2,p=1" in renewed
    assert services.authenticate("ada@example.com", PASSWORD) == user.id


def test_a_changed_password_ends_every_other_session_and_is_told() -> None:
    user, other = make_user(), make_user()
    here, elsewhere, others = begin(user), begin(user), begin(other)
    ended = services.change_password(Identity(user.id, here.id), PASSWORD, NEW)
    assert ended == 1
    assert set(session().scalars(sa.select(UserSession.id))) == {here.id, others.id}
    assert elsewhere.id not in session().scalars(sa.select(UserSession.id))
    assert services.authenticate(user.email, NEW) == user.id
    with pytest.raises(SignInRefused):
        services.authenticate(user.email, PASSWORD)
    assert kinds() == ["mail.password_changed"]


def test_changing_needs_the_current_password_and_a_good_new_one() -> None:
    user = make_user(first_name="Bartholomew")
    begin(user)
    identity = Identity(user.id)
    with pytest.raises(WrongPassword):
        services.change_password(identity, "not-the-password", NEW)
    with pytest.raises(PasswordRefused):
        services.change_password(identity, PASSWORD, "bartholomew1")
    with pytest.raises(NotFound):
        services.change_password(ANONYMOUS, PASSWORD, NEW)
    assert services.authenticate(user.email, PASSWORD) == user.id
    assert len(queries.sessions_of(user.id)) == 1


def test_a_reset_link_sets_the_password_once_and_ends_all_sessions() -> None:
    user = make_user()
    begin(user)
    begin(user)
    issued = services.issue_password_reset(user.id)
    assert issued is not None
    token = issued[1].token
    row = session().execute(sa.select(User.password_reset_token, User.password_reset_expires)).one()
    assert row.password_reset_token == digest(token)
    assert timedelta(minutes=59) < row.password_reset_expires - clock.now() <= timedelta(hours=1)
    assert services.reset_password(token, NEW) == user.id
    assert queries.sessions_of(user.id) == []
    assert services.authenticate(user.email, NEW) == user.id
    with pytest.raises(LinkRefused):
        services.reset_password(token, "yet-another-phrase")
    assert kinds() == ["mail.password_changed"]


def test_a_reset_proves_the_address() -> None:
    user = make_user(email_verified=False)
    issued = services.issue_password_reset(user.id)
    assert issued is not None
    services.reset_password(issued[1].token, NEW)
    assert services.authenticate(user.email, NEW) == user.id


def test_a_weak_new_password_leaves_the_link_as_it_is() -> None:
    user = make_user()
    issued = services.issue_password_reset(user.id)
    assert issued is not None
    with pytest.raises(PasswordRefused):
        services.reset_password(issued[1].token, "password123")
    assert services.reset_password(issued[1].token, NEW) == user.id


def test_a_reset_link_ends_after_an_hour() -> None:
    user = make_user()
    issued = services.issue_password_reset(user.id)
    assert issued is not None
    with clock.frozen(clock.now() + timedelta(hours=1, seconds=1)):
        assert queries.email_of_password_reset(issued[1].token) is None
        with pytest.raises(LinkRefused):
            services.reset_password(issued[1].token, NEW)


def test_changing_the_password_spends_an_open_reset_link() -> None:
    user = make_user()
    issued = services.issue_password_reset(user.id)
    assert issued is not None
    services.change_password(Identity(user.id), PASSWORD, NEW)
    with pytest.raises(LinkRefused):
        services.reset_password(issued[1].token, "yet-another-phrase")


def test_a_confirmation_link_resets_no_password() -> None:
    user = make_user(email_verified=False)
    issued = services.issue_verification(user.id)
    assert issued is not None
    with pytest.raises(LinkRefused):
        services.reset_password(issued[1].token, NEW)


def test_asking_for_a_reset_is_silent_for_strangers() -> None:
    user = make_user("ada@example.com")
    make_user("blocked@example.com", is_active=False)
    for address in ("nobody@example.com", "blocked@example.com", "Ada@example.com"):
        services.request_password_reset(address)
    rows = session().execute(sa.select(OutboxEntry.kind, OutboxEntry.payload)).all()
    assert [tuple(row) for row in rows] == [("mail.reset_password", {"user_id": str(user.id)})]
