from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storefront.accounts import queries, services
from storefront.accounts.models import UserSession
from storefront.core import clock
from storefront.core.db import session
from storefront.core.errors import NotFound
from storefront.core.identity import ANONYMOUS, Identity
from storefront.core.ids import digest
from tests.factories.accounts import make_user

pytestmark = pytest.mark.usefixtures("app_context")


def begin(user_id: uuid.UUID | None, days: int = 30) -> services.StartedSession:
    return services.start_session(user_id, ip_address="192.0.2.7", user_agent="Firefox/140", days=days)


def stored(session_id: uuid.UUID) -> UserSession:
    return session().scalars(sa.select(UserSession).where(UserSession.id == session_id)).one()


def test_only_the_hash_of_the_secret_is_stored() -> None:
    started = begin(None)
    row = stored(started.id)
    assert row.session_token_hash == digest(started.token)
    assert len(started.token) == 43
    assert started.token not in str(row.__dict__)
    assert (row.user_id, row.ip_address, row.user_agent, row.data) == (None, "192.0.2.7", "Firefox/140", {})


def test_a_visit_moves_the_end() -> None:
    started = begin(None, days=2)
    tomorrow = clock.now() + timedelta(days=1)
    with clock.frozen(tomorrow):
        assert services.touch_session(started.id, 2)
    session().expire_all()
    row = stored(started.id)
    assert row.expires_at == tomorrow + timedelta(days=2)
    assert row.last_activity_at == tomorrow


def test_an_ended_session_is_not_revived() -> None:
    started = begin(None, days=2)
    with clock.frozen(clock.now() + timedelta(days=2, seconds=1)):
        assert not services.touch_session(started.id, 2)
    services.end_session(started.id)
    assert not services.touch_session(started.id, 2)


def test_proved_orders_are_kept_once_each_and_beside_other_data() -> None:
    started = begin(None)
    first, second = uuid.uuid4(), uuid.uuid4()
    for order_id in (first, second, first):
        services.remember_proved_order(started.id, order_id)
    assert stored(started.id).data == {"proved_orders": [str(second), str(first)]}
    with pytest.raises(NotFound):
        services.remember_proved_order(uuid.uuid4(), first)


def test_people_see_and_end_their_own_sessions_only() -> None:
    user, stranger = make_user(), make_user()
    mine, theirs, over = begin(user.id), begin(stranger.id), begin(user.id, days=1)
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert [entry.id for entry in queries.sessions_of(user.id)] == [mine.id]
    assert {entry.id for entry in queries.sessions_of(user.id)} == {mine.id, over.id}
    entry = next(entry for entry in queries.sessions_of(user.id) if entry.id == mine.id)
    assert (entry.ip_address, entry.user_agent) == ("192.0.2.7", "Firefox/140")
    for identity in (Identity(user.id), ANONYMOUS):
        with pytest.raises(NotFound):
            services.revoke_session(identity, theirs.id)
    services.revoke_session(Identity(user.id), mine.id)
    assert {entry.id for entry in queries.sessions_of(user.id)} == {over.id}
    assert [entry.id for entry in queries.sessions_of(stranger.id)] == [theirs.id]


def test_a_guests_sessions_cannot_be_ended_as_nobodys() -> None:
    guest = begin(None)
    with pytest.raises(NotFound):
        services.revoke_session(ANONYMOUS, guest.id)
    assert stored(guest.id).id == guest.id


def test_ending_all_others_keeps_this_one() -> None:
    user, stranger = make_user(), make_user()
    here, _there, theirs = begin(user.id), begin(user.id), begin(stranger.id)
    assert services.end_other_sessions(user.id, keep=here.id) == 1
    assert set(session().scalars(sa.select(UserSession.id))) == {here.id, theirs.id}
    assert services.end_other_sessions(user.id, keep=None) == 1
