"""What is found after a crash: a server that answers is taken over, any other is replaced, data stay."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import redis

from storefront.core import embedded
from tests.unit.embedded.conftest import User, servers_of

UserFactory = Callable[[Path], User]


def postmaster(instance: Path) -> psutil.Process:
    """The main PostgreSQL process of the folder."""
    pid_file = instance / "postgres" / "data" / "postmaster.pid"
    return psutil.Process(int(pid_file.read_text().split()[0]))


def keep_a_note(services: embedded.Services) -> None:
    """Leave something in both servers."""
    with psycopg.connect(services.database_admin_url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    with redis.Redis.from_url(services.redis_url) as client:
        client.set("note", "kept")
        client.execute_command("WAITAOF", 1, 0, 2_000)


def read_note(services: embedded.Services) -> tuple[str, bytes]:
    """Read it again."""
    with psycopg.connect(services.database_admin_url) as connection:
        row = connection.execute("SELECT text FROM note").fetchone()
    assert row is not None
    with redis.Redis.from_url(services.redis_url) as client:
        return row[0], client.get("note")


def test_servers_orphaned_by_kill_9_are_taken_over(instance: Path, user: UserFactory) -> None:
    killed = user(instance)
    assert killed.services.started
    orphan = postmaster(instance)
    killed.send(signal.SIGKILL)
    assert orphan.is_running()

    heir = user(instance)
    assert not heir.services.started
    assert postmaster(instance) == orphan
    heir.go()
    assert servers_of(instance) == []


def test_killed_servers_start_again_with_their_data(instance: Path) -> None:
    keep_a_note(embedded.attach(instance))
    for server in servers_of(instance):
        server.kill()
    embedded.leave(instance)
    again = embedded.attach(instance)
    assert again.started
    assert read_note(again) == ("kept", b"kept")
    embedded.leave(instance)


def test_a_pid_file_that_names_a_stranger_is_stale(instance: Path) -> None:
    embedded.attach(instance)
    embedded.leave(instance)
    pid_file = instance / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getppid()}\n{instance}/postgres/data\n0\n5432\n")
    assert embedded.attach(instance).started
    assert postmaster(instance).pid != os.getppid()
    embedded.leave(instance)


def test_a_half_made_cluster_is_made_anew(instance: Path) -> None:
    unfinished = instance / "postgres" / "data.unfinished"
    unfinished.mkdir(parents=True, mode=0o700)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert embedded.attach(instance).started
    assert not unfinished.exists()
    embedded.leave(instance)


def test_servers_of_a_removed_folder_are_replaced(instance: Path) -> None:
    embedded.attach(instance)
    for path in (instance / "postgres", instance / "valkey"):
        while path.exists():  # the server, still running, removes some of it itself
            shutil.rmtree(path, ignore_errors=True)
    embedded.leave(instance)
    assert servers_of(instance) == []
    assert embedded.attach(instance).started
    embedded.leave(instance)
