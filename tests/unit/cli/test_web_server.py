"""The web server as ``flask up`` starts it: what it lets through to the shop."""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from storefront.cli.up import web_server
from storefront.core.settings import Settings
from tests.servers import reserve_port


def measuring(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """An application that says how long the query of its address is."""
    start_response("200 OK", [("Content-Type", "text/plain")])
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
