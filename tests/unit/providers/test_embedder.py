"""The embedder: a process that answers on a socket, and those who ask it. The model is one of the test's own."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from storefront.core.db import TransactionOpen, session
from storefront.core.settings import Settings
from storefront.providers.embedder import LONGEST_TEXT, EmbedderClient
from storefront.providers.embeddings import EmbeddingFailure
from storefront.providers.minilm import MiniLM

pytestmark = pytest.mark.usefixtures("app_context")
ROOT = Path(__file__).parents[3]
_PROGRAM = """
import sys, time
from storefront.providers.embedder import serve

class Lengths:
    name = "lengths"

    def embed(self, texts, seconds):
        for text in texts:
            if text.startswith("sleep"):
                time.sleep(float(text.split()[1]))
            if text == "fail":
                raise ValueError
        return [(float(len(text)), 1.0) for text in texts]

serve(sys.argv[1], Lengths())
"""


class Embedder:
    """A process that serves lengths in place of meanings at ``address``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", _PROGRAM, self.address], cwd=ROOT)
        wait_for(self.address)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def wait_for(address: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket(socket.AF_UNIX) as probe:
            if not probe.connect_ex(address):
                return
        time.sleep(0.02)
    raise AssertionError("nobody listens")


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "e.sock")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    """One for all tests that leave it alive: a process takes a second or more to start."""
    served = Embedder(str(tmp_path_factory.mktemp("embedder") / "e.sock"))
    yield served
    served.kill()


@pytest.fixture
def embedder(running: Embedder) -> Embedder:
    """A running one, that no earlier test has ended."""
    assert running.process.poll() is None
    return running


@pytest.fixture
def mortal(address: str) -> Iterator[Embedder]:
    """One to end."""
    served = Embedder(address)
    yield served
    served.kill()


class Watch:
    """A clock that a test sets, in seconds."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def failure(act: Callable[[], object]) -> tuple[str, float]:
    """The failure's code, and how long it was waited for."""
    begun = time.monotonic()
    with pytest.raises(EmbeddingFailure) as failed:
        act()
    return failed.value.code, time.monotonic() - begun


def test_answers_in_order_to_many_at_once(embedder: Embedder) -> None:
    client = EmbedderClient(embedder.address)
    assert client.embed(["a", "bbb", "cc"], 5) == [(1, 1), (3, 1), (2, 1)]
    assert client.embed([], 5) == []

    def ask(number: int) -> list[tuple[float, ...]]:
        # A context of its own, as each web thread has.
        with embedder_app.app_context():
            return EmbedderClient(embedder.address).embed(["x" * number, "y"], 10)

    embedder_app = _app()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(40))) == [[(number, 1), (1, 1)] for number in range(40)]


def _app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def test_two_clients_do_not_mix_their_answers(embedder: Embedder) -> None:
    one, other = EmbedderClient(embedder.address), EmbedderClient(embedder.address)
    assert failure(lambda: one.embed(["sleep 0.5"], 0.05))[0] == "timeout"
    assert other.embed(["abcd"], 10) == [(4, 1)]


def test_late_answer_is_nobody_s(embedder: Embedder) -> None:
    watch = Watch()
    client = EmbedderClient(embedder.address, watch)
    code, seconds = failure(lambda: client.embed(["sleep 0.4"], 0.1))
    assert (code, seconds < 0.35) == ("timeout", True)
    watch.seconds = 6
    assert client.embed(["abc"], 10) == [(3, 1)]


def test_nobody_there_fails_at_once_and_is_left_alone(address: str) -> None:
    watch = Watch()
    client = EmbedderClient(address, watch)
    code, seconds = failure(lambda: client.embed(["tent"], 5))
    assert (code, seconds < 0.5) == ("unreachable", True)
    served = Embedder(address)
    try:
        watch.seconds = 4.9
        assert failure(lambda: client.embed(["tent"], 5))[0] == "unreachable"
        watch.seconds = 5.1
        assert client.embed(["tent"], 5) == [(4, 1)]
    finally:
        served.kill()


def test_new_process_is_found_by_those_who_knew_the_old_one(mortal: Embedder) -> None:
    client = EmbedderClient(mortal.address)
    assert client.embed(["tent"], 5) == [(4, 1)]
    mortal.kill()
    mortal.start()
    assert client.embed(["stove"], 5) == [(5, 1)]


def test_process_that_dies_at_work_is_a_failure(mortal: Embedder) -> None:
    client = EmbedderClient(mortal.address)
    threading.Timer(0.2, mortal.kill).start()
    code, seconds = failure(lambda: client.embed(["sleep 20"], 10))
    assert (code, seconds < 5) == ("unreachable", True)


def test_process_that_stands_still_costs_the_time_that_was_given(mortal: Embedder) -> None:
    mortal.process.send_signal(signal.SIGSTOP)
    try:
        waits = [failure(lambda: EmbedderClient(mortal.address).embed(["tent"], 0.05)) for _ in range(100)]
    finally:
        mortal.process.send_signal(signal.SIGCONT)
    assert {code for code, _seconds in waits} <= {"timeout", "unreachable"}
    assert max(seconds for _code, seconds in waits) < 1  # also when the listener's queue is full


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x00\x00\x05{not}",
        b"\x00\x00\x00\x07[1,2,3]",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\x80\x00\x00\x00",
        b"\x00",
        b"",
    ],
    ids=repr,
)
def test_garbage_harms_nobody_else(embedder: Embedder, garbage: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(embedder.address)
        stranger.sendall(garbage)
    assert EmbedderClient(embedder.address).embed(["tent"], 5) == [(4, 1)]
    assert embedder.process.poll() is None


def test_model_that_fails_is_a_failure_of_that_question_alone(embedder: Embedder) -> None:
    client = EmbedderClient(embedder.address)
    assert failure(lambda: client.embed(["fail"], 5))[0] == "unreachable"
    assert EmbedderClient(embedder.address).embed(["tent"], 5) == [(4, 1)]


def test_long_texts_are_cut_and_too_many_are_refused(embedder: Embedder) -> None:
    assert EmbedderClient(embedder.address).embed(["x" * 5_000], 5) == [(LONGEST_TEXT, 1)]
    client = EmbedderClient(embedder.address)
    assert failure(lambda: client.embed(["x"] * 65, 5))[0] == "wrong_shape"


def test_only_who_runs_it_may_connect(embedder: Embedder) -> None:
    mode = stat.S_IMODE(os.stat(embedder.address).st_mode)
    assert oct(mode) == oct(0o600)


def test_nobody_waits_with_a_transaction_open(embedder: Embedder) -> None:
    session().connection()
    with pytest.raises(TransactionOpen):
        EmbedderClient(embedder.address).embed(["tent"], 5)


def test_fork_does_not_talk_on_its_parent_s_connection(embedder: Embedder) -> None:
    client = EmbedderClient(embedder.address)
    assert client.embed(["tent"], 5) == [(4, 1)]
    parents = client._local.connection.fileno()
    client._local.process = -1  # what a forked child finds
    assert client.embed(["tents"], 5) == [(5, 1)]
    assert client._local.connection.fileno() != parents


def test_command_serves_the_shop_s_model(settings: Settings, tmp_path: Path) -> None:
    socket_path = tmp_path / "own.sock"
    environment = {
        **os.environ,
        "EMBEDDER_SOCKET": str(socket_path),
        "ENVIRONMENT": "test",
        "SECRET_KEY": settings.secret(),
        "INSTANCE_DIR": str(settings.instance_dir),
        "DATABASE_URL": settings.database_url.get_secret_value(),  # type: ignore[union-attr]
        "DATABASE_OWNER_URL": settings.database_owner_url.get_secret_value(),  # type: ignore[union-attr]
        "DATABASE_SHOPPER_URL": settings.database_shopper_url.get_secret_value(),  # type: ignore[union-attr]
        "REDIS_URL": settings.redis_url.get_secret_value(),  # type: ignore[union-attr]
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "embedder"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            wait_for(str(socket_path))
            texts: Sequence[str] = ["warm sleeping bag", "tent"]
            answered = EmbedderClient(str(socket_path)).embed(texts, 10)
        finally:
            process.terminate()
            assert process.wait(20) == 0
    for one, other in zip(answered, MiniLM().embed(texts), strict=True):
        assert one == pytest.approx(other, abs=1e-3)
