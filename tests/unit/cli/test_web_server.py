"""The web server as ``flask up`` starts it: what it lets through to the shop."""

from __future__ import annotations

import http.client
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from storefront.cli.up import web_server
from storefront.core.settings import Settings
from tests.servers import reserve_port

SLEEP_SECONDS = 2


def measuring(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """An application that says how long the query of its address is, or waits for the database."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/sleep":
        with psycopg.connect(environ["QUERY_STRING"]) as connection:
            connection.execute("SELECT pg_sleep(%s)", [SLEEP_SECONDS])
    return [str(len(environ["QUERY_STRING"])).encode()]


@pytest.fixture(scope="module")
def port(settings: Settings) -> Iterator[int]:
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        command = web_server(
            settings.model_copy(update={"port": port, "web_workers": 1}), f"{__name__}:measuring"
        )
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert running.stderr
        next(line for line in running.stderr if "Booting worker" in line)
        yield port
        running.terminate()
        running.communicate(timeout=30)


def ask(port: int, length: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # it answers before all of it is read
            connection.request("GET", "/?" + "a" * length)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_ten_thousand_characters_reach_the_shop_however_they_are_written(port: int) -> None:
    for length in (10_000, 120_000):
        assert ask(port, length) == (200, str(length).encode())


def test_what_is_no_address_any_more_is_refused(port: int) -> None:
    assert ask(port, 140_000)[0] == 414


def test_who_waits_for_the_database_holds_nobody_up(port: int, settings: Settings) -> None:
    assert settings.database_url
    url = sa.make_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    waiting = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    waiting.request("GET", "/sleep?" + url.render_as_string(hide_password=False))
    began = time.monotonic()
    time.sleep(0.3)
    assert ask(port, 5) == (200, b"5")
    answered_after = time.monotonic() - began
    waiting.getresponse().read()
    waiting.close()
    assert answered_after < SLEEP_SECONDS <= time.monotonic() - began
