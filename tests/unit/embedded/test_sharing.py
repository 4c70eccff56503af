"""The first user starts the servers, everybody shares them, the last one out stops them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from storefront.core import embedded
from storefront.core.embedded.services import in_use
from tests.unit.embedded.conftest import User, servers_of

UserFactory = Callable[[Path], User]


def answer(services: embedded.Services) -> tuple[int, bool]:
    """Ask both servers something."""
    with psycopg.connect(services.database_admin_url) as connection:
        row = connection.execute("SELECT 41 + 1").fetchone()
    with redis.Redis.from_url(services.redis_url) as client:
        pong = bool(client.ping())
    assert row is not None
    return row[0], pong


def test_second_user_joins_and_the_last_one_stops_the_servers(instance: Path, user: UserFactory) -> None:
    first = user(instance)
    assert first.services.started
    second = user(instance)
    assert not second.services.started
    assert second.services.database_admin_url == first.services.database_admin_url

    first.go()
    assert answer(second.services) == (42, True)
    assert in_use(instance)

    second.go()
    assert servers_of(instance) == []
    assert not in_use(instance)


def test_of_users_that_come_together_one_starts(instance: Path, user: UserFactory) -> None:
    users = [user(instance) for _ in range(4)]
    assert sorted(each.services.started for each in users) == [False, False, False, True]
    assert {each.services.redis_url for each in users} == {users[0].services.redis_url}
    for each in users:
        each.go()
    assert servers_of(instance) == []


def test_sigterm_and_ctrl_c_of_the_only_user_stop_the_servers(instance: Path, user: UserFactory) -> None:
    terminated = user(instance)
    assert terminated.services.started
    assert terminated.send(signal.SIGTERM) == 128 + signal.SIGTERM
    assert servers_of(instance) == []

    interrupted = user(instance)
    assert interrupted.services.started
    interrupted.send(signal.SIGINT)
    assert servers_of(instance) == []


def test_attaching_twice_in_one_process_is_one_attachment(instance: Path) -> None:
    first = embedded.attach(instance)
    again = embedded.attach(instance)
    assert (first.started, again.started) == (True, False)
    embedded.leave(instance)
    assert servers_of(instance) == []
    embedded.leave(instance)


def test_a_forked_child_keeps_the_servers_when_its_parent_leaves(instance: Path) -> None:
    services = embedded.attach(instance)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    try:
        embedded.leave(instance)
        assert answer(services) == (42, True)
    finally:
        os.close(writing)
        os.waitpid(child, 0)
    assert not embedded.attach(instance).started
    embedded.leave(instance)
    assert servers_of(instance) == []


def test_stop_ends_the_servers_whoever_uses_them(instance: Path, user: UserFactory) -> None:
    using = user(instance)
    assert using.services.started
    embedded.stop(instance)
    assert servers_of(instance) == []


def test_two_instances_do_not_meet(tmp_path: Path, instance: Path) -> None:
    other = tmp_path / "other"
    here, there = embedded.attach(instance), embedded.start_throwaway(other)
    try:
        assert here.database_admin_url != there.database_admin_url
        with psycopg.connect(here.database_admin_url) as connection:
            connection.execute("CREATE TABLE only_here ()")
        with psycopg.connect(there.database_admin_url) as connection:
            found = connection.execute("SELECT to_regclass('only_here')").fetchone()
        assert found == (None,)
        embedded.leave(other)
        assert answer(here) == (42, True)
    finally:
        embedded.leave(other)
        embedded.leave(instance)
