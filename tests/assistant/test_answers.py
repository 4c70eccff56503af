"""Who takes an answer on, for whom, and how one ends that nobody finishes."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from pydantic import SecretStr

from storefront.accounts.models import User, UserSession
from storefront.assistant import event_log, queries, services
from storefront.assistant.answers import owner_of, take_assignment
from storefront.assistant.engines.builtin import BuiltinEngine
from storefront.assistant.engines.provider import ProviderEngine
from storefront.assistant.events import CartChanged, Done, Failure, TextDelta
from storefront.assistant.loop import make_answer
from storefront.assistant.models import Message
from storefront.core.clock import now
from storefront.core.db import transaction, write
from storefront.core.redis import redis_client
from storefront.http.answering import LogSink, StopSwitch, make_logged_answer, stop_answer
from storefront.jobs.chat import make_answer as chat_task
from storefront.jobs.upkeep import close_abandoned_answers
from tests.factories.assistant import ask, message_row, workshop
from tests.factories.buying import make_guest, make_product, make_shopper
from tests.openai_server import Hangs, OpenAIServer, Says


@pytest.mark.usefixtures("app_context")
def test_an_answer_is_taken_on_once() -> None:
    exchange = ask(make_guest(), "hello")
    first = take_assignment(exchange.answer_id)
    assert first is not None
    assert take_assignment(exchange.answer_id) is None


def test_many_who_want_the_same_answer_at_once(app: Flask) -> None:
    with app.app_context():
        exchange = ask(make_guest(), "hello")
    taken: list[object] = []
    together = threading.Barrier(8)

    def take() -> None:
        with app.app_context():
            together.wait()
            taken.append(take_assignment(exchange.answer_id))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in taken if one is not None]) == 1


@pytest.mark.usefixtures("app_context")
def test_a_question_and_a_finished_answer_cannot_be_taken_on() -> None:
    exchange = ask(make_guest(), "hello")
    assert take_assignment(exchange.message_id) is None
    with transaction():
        write(sa.update(Message).where(Message.id == exchange.answer_id).values(status="complete"))
    assert take_assignment(exchange.answer_id) is None
    assert take_assignment(uuid.uuid4()) is None


@pytest.mark.usefixtures("app_context")
def test_the_owner_comes_from_the_database() -> None:
    guest, shopper = make_guest(), make_shopper()
    for identity in (guest, shopper):
        assignment = take_assignment(ask(identity, "hello").answer_id)
        assert assignment is not None
        assert assignment.identity == identity


@pytest.mark.usefixtures("app_context")
def test_orders_that_a_guest_has_proved_come_with_the_session() -> None:
    guest, order_id = make_guest(), uuid.uuid4()
    with transaction():
        write(
            sa.update(UserSession)
            .where(UserSession.id == guest.session_id)
            .values(data={"proved_orders": [str(order_id)]})
        )
    owner = owner_of(ask(guest, "hello").conversation_id)
    assert owner is not None
    assert owner.proved_order_ids == frozenset({order_id})


@pytest.mark.usefixtures("app_context")
def test_after_a_sign_in_the_guests_session_counts_no_more() -> None:
    guest, shopper = make_guest(), make_shopper()
    exchange = ask(guest, "hello")
    assert guest.session_id
    assert shopper.user_id
    services.adopt_conversations(guest.session_id, shopper.user_id)
    owner = owner_of(exchange.conversation_id)
    assert owner is not None
    assert (owner.user_id, owner.session_id) == (shopper.user_id, None)


@pytest.mark.usefixtures("app_context")
def test_nobody_answers_a_blocked_account_or_an_expired_session() -> None:
    guest, shopper = make_guest(), make_shopper()
    of_guest, of_shopper = ask(guest, "hello"), ask(shopper, "hello")
    with transaction():
        write(sa.update(User).where(User.id == shopper.user_id).values(is_active=False))
        write(
            sa.update(UserSession)
            .where(UserSession.id == guest.session_id)
            .values(created_at=now() - timedelta(days=9), expires_at=now() - timedelta(minutes=1))
        )
    assert take_assignment(of_guest.answer_id) is None
    assert take_assignment(of_shopper.answer_id) is None


# -- the task -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("app_context")
def test_the_task_answers_into_the_log_and_the_row() -> None:
    guest = make_guest()
    make_product("Copper kettle", sku="KET-1")
    exchange = ask(guest, "add KET-1 to my cart")
    chat_task(str(exchange.answer_id), "en")
    events = [logged.event for logged in event_log.read_all(redis_client(), exchange.answer_id)]
    assert CartChanged(1) in events
    assert isinstance(events[-1], Done)
    row = message_row(exchange.answer_id)
    assert row.status == "complete"
    assert row.content == "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.usefixtures("app_context")
def test_a_task_that_comes_twice_answers_once() -> None:
    guest = make_guest()
    make_product("Copper kettle", sku="KET-1")
    exchange = ask(guest, "add KET-1 to my cart")
    chat_task(str(exchange.answer_id), "en")
    logged = event_log.read_all(redis_client(), exchange.answer_id)
    chat_task(str(exchange.answer_id), "en")
    assert event_log.read_all(redis_client(), exchange.answer_id) == logged


@pytest.mark.usefixtures("no_redis")
def test_without_redis_the_answer_is_made_all_the_same(app_context: Flask) -> None:
    nowhere = app_context.extensions["redis"]
    exchange = ask(make_guest(), "hello")
    assignment = take_assignment(exchange.answer_id)
    assert assignment
    stop = StopSwitch(nowhere, exchange.answer_id)
    shop = workshop(BuiltinEngine(), stopped=stop)
    assert make_answer(assignment, shop, LogSink(nowhere, exchange.answer_id)) == "complete"
    assert message_row(exchange.answer_id).content.startswith("Hello")


@pytest.mark.usefixtures("app_context")
def test_an_error_of_ours_ends_the_answer_calmly(redis_client: redis.Redis) -> None:
    class Broken:
        def answer(self, turn: object) -> object:
            raise ZeroDivisionError

    exchange = ask(make_guest(), "hello")
    assignment = take_assignment(exchange.answer_id)
    assert assignment
    events: list[object] = []
    assert make_answer(assignment, workshop(Broken()), events.append) == "failed"  # type: ignore[arg-type]
    failure, done = events
    assert isinstance(failure, Failure)
    assert "ZeroDivision" not in failure.message
    assert isinstance(done, Done)
    row = message_row(exchange.answer_id)
    assert (row.status, len(row.parts)) == ("failed", 1)


# -- stopping -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("app_context")
def test_the_stop_switch_asks_redis_four_times_a_second_at_most(
    redis_client: redis.Redis, app: Flask
) -> None:
    answer_id = uuid.uuid4()
    switch = StopSwitch(app.extensions["redis"], answer_id)

    def reads() -> int:
        stats = redis_client.info("commandstats")
        return int(stats.get("cmdstat_exists", {}).get("calls", 0))  # type: ignore[union-attr]

    before, end = reads(), time.monotonic() + 0.6
    while time.monotonic() < end:
        assert switch() is False
    assert 2 <= reads() - before <= 4
    event_log.ask_to_stop(app.extensions["redis"], answer_id)
    deadline = time.monotonic() + 1
    while not switch():
        assert time.monotonic() < deadline, "the switch never saw the wish to stop"


def test_an_answer_is_stopped_from_another_thread(
    app: Flask, provider: OpenAIServer, provider_engine: Callable[..., ProviderEngine]
) -> None:
    provider.script(Says("word " * 100, pieces=100, pause=0.1))
    with app.app_context():
        guest = make_guest()
        exchange = ask(guest, "talk to me")
        assignment = take_assignment(exchange.answer_id)
        assert assignment
    begun = threading.Event()

    def work() -> None:
        with app.app_context():
            redis = redis_client()
            sink = LogSink(redis, exchange.answer_id)
            shop = workshop(provider_engine(), stopped=StopSwitch(redis, exchange.answer_id))
            make_answer(assignment, shop, lambda event: (sink(event), begun.set())[0])

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(5)
    with app.app_context():
        answer = queries.message(guest, exchange.answer_id)
        assert answer
        stop_answer(answer)
        row = message_row(exchange.answer_id)
        worker.join(5)
        assert not worker.is_alive()
        assert row.status == "stopped"
        assert row.content.startswith("word")
        events = [logged.event for logged in event_log.read_all(redis_client(), exchange.answer_id)]
        assert [event.status for event in events if isinstance(event, Done)] == ["stopped"]


def test_an_answer_whose_maker_hangs_is_closed_with_what_was_said(app: Flask) -> None:
    with app.app_context():
        guest = make_guest()
        exchange = ask(guest, "talk to me")
        sink = LogSink(redis_client(), exchange.answer_id)
        sink(TextDelta("Let me think"))  # and then nothing: its maker waits, or has died
        answer = queries.message(guest, exchange.answer_id)
        assert answer
        begun = time.monotonic()
        stop_answer(answer)
        assert time.monotonic() - begun < 4
        row = message_row(exchange.answer_id)
        assert (row.status, row.content) == ("stopped", "Let me think")
        # What its maker writes later changes nothing.
        late = services.FinishedAnswer("complete", "Too late", [], [], [], [], 0, 0, None, 1, None)
        assert services.finish_answer(exchange.answer_id, exchange.answer_created_at, late) is False


# -- answers that nobody ends ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("app_context")
def test_abandoned_answers_are_closed_and_running_ones_are_not() -> None:
    dead, running = ask(make_guest(), "hello"), ask(make_guest(), "hello")
    with transaction():
        write(
            sa.update(Message)
            .where(Message.id == dead.answer_id)
            .values(created_at=now() - services.ABANDONED_AFTER - timedelta(seconds=1))
        )
    close_abandoned_answers()
    assert message_row(dead.answer_id).status == "failed"
    assert message_row(running.answer_id).status == "streaming"


@pytest.mark.usefixtures("app_context")
def test_make_logged_answer_asks_the_configured_provider(app: Flask, provider: OpenAIServer) -> None:
    configured = app.extensions["settings"]
    app.extensions["settings"] = configured.model_copy(
        update={
            "openai_api_key": SecretStr("test-key"),
            "openai_base_url": provider.url,
            "chat_model": "test-model",
            "chat_first_token_timeout_seconds": 0.5,
        }
    )
    try:
        provider.script(Says("From the provider."), Hangs())
        first, second = ask(make_guest(), "hello"), ask(make_guest(), "hello")
        for exchange in (first, second):
            assignment = take_assignment(exchange.answer_id)
            assert assignment
            make_logged_answer(assignment)
        assert message_row(first.answer_id).content == "From the provider."
        row = message_row(second.answer_id)
        assert row.content.startswith("Hello!")
        assert [part["code"] for part in row.parts] == ["timeout"]
    finally:
        app.extensions["settings"] = configured
        for name in [name for name in app.extensions if name.startswith("language_model")]:
            del app.extensions[name]
