"""The chat worker as production runs it: a process of its own, on greenlets, fed through Redis."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from pydantic import SecretStr

from storefront.assistant import event_log
from storefront.assistant.events import Done, TextDelta
from storefront.assistant.models import Message
from storefront.core.db import release, session
from storefront.core.redis import redis_client, waiting_redis_client
from storefront.core.settings import ROOT, Settings
from storefront.http.answering import hand_to_worker
from storefront.jobs.celery_app import celery_url
from tests.factories.assistant import ask, message_row
from tests.factories.buying import make_guest, make_product
from tests.openai_server import Calls, OpenAIServer, Says

TALKS = 12
PAUSE = 0.25


@pytest.fixture
def worker(
    settings: Settings, app: Flask, provider: OpenAIServer, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """``celery worker`` with the gevent pool, asking the scripted provider."""
    environment = dict(os.environ)
    for name in ("secret_key", "database_url", "database_owner_url", "database_shopper_url", "redis_url"):
        value = getattr(settings, name)
        environment[name.upper()] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    environment |= {
        "ENVIRONMENT": "test",
        "INSTANCE_DIR": str(settings.instance_dir),
        "OPENAI_API_KEY": "test-key",
        "OPENAI_BASE_URL": provider.url,
        "CHAT_MODEL": "test-model",
    }
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "wsgi:celery",
        "worker",
        "-Q",
        "chat",
        "-P",
        "gevent",
        "-c",
        "50",
    ]
    command += [
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "-n",
        f"test-{uuid.uuid4()}@%h",
    ]
    with (tmp_path / "worker.log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    yield process
    process.kill()  # a polite stop waits for seconds, and there is nothing left to finish
    process.wait()


def test_many_answers_at_once_in_one_process(
    app: Flask, worker: subprocess.Popen[bytes], provider: OpenAIServer
) -> None:
    text = "I looked for you and found the copper kettle."
    with app.app_context():
        make_product("Copper kettle", sku="KET-1")
        # The first answer shows that the worker is there; the others come together.
        provider.script(Says("Ready."))
        first = ask(make_guest(), "hello")
        assert hand_to_worker(first.answer_id)
        follow(first.answer_id)
        provider.script(*[Calls(("search_products", {"query": "kettle"}))] * TALKS)
        provider.script(*[Says(text, pieces=8, pause=PAUSE)] * TALKS)
        asked = [ask(make_guest(), f"kettle {number}") for number in range(TALKS)]
        begun = time.monotonic()
        for exchange in asked:
            assert hand_to_worker(exchange.answer_id)
        for exchange in asked:
            follow(exchange.answer_id)
        seconds = time.monotonic() - begun
        rows = session().scalars(sa.select(Message.status).where(Message.role == "assistant")).all()
        release()
        assert set(rows) == {"complete"}
        # Each answer alone waits for 7 pauses; one after the other they would take twelve times as long.
        assert seconds < TALKS * 7 * PAUSE / 2, f"{TALKS} answers took {seconds:.1f} s"


def follow(answer_id: uuid.UUID) -> None:
    """Wait for the end of an answer, and look at what the log held."""
    events = [
        logged.event
        for logged in event_log.follow(waiting_redis_client(), answer_id, wait_ms=2_000, patience_ms=40_000)
        if logged is not None
    ]
    assert isinstance(events[-1], Done)
    assert events[-1].status == "complete"
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert message_row(answer_id).content == text.strip()


def test_a_socket_with_a_database_number_is_understood(app: Flask) -> None:
    assert celery_url("unix:///run/redis.sock?db=3") == "redis+socket:///run/redis.sock?virtual_host=3"
    assert celery_url("unix:///run/redis.sock") == "redis+socket:///run/redis.sock"
    assert celery_url("redis://cache:6379/2") == "redis://cache:6379/2"
    with app.app_context():
        assert redis_client().ping()
