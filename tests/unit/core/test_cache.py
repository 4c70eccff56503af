"""Remembered values: made once, forgotten by tag, never misread, and never needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, make_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import redis
from flask import Flask
from pydantic import SecretStr

from storefront.core import at_hand
from storefront.core.cache import CacheKind, cache_counts, cache_store, forget, remembered, remembered_each
from storefront.core.cache_store import CacheStore
from storefront.core.clock import frozen, now
from storefront.core.embedded import processes
from storefront.core.embedded.valkey import ValkeyServer
from storefront.core.redis import ASKED_AGAIN_AFTER_SECONDS, init_redis
from storefront.core.settings import Settings, current_settings
from tests.concurrency.threads import at_once

CARD = CacheKind.PRODUCT_CARD
_TYPED_WRONGLY = msgspec.msgpack.encode((1, 9e9, (), {"name": 1}))


@pytest.fixture(autouse=True)
def _remembering(app_context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = current_settings().model_copy(update={"cache_product_card_seconds": 300})
    monkeypatch.setitem(app_context.extensions, "settings", kept)


@dataclass(frozen=True, slots=True)
class Price:
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Card:
    id: UUID
    name: str
    price: Price
    seen_at: datetime
    extra: dict[str, Any]
    sizes: tuple[str, ...] = ()


def card(name: str = "Kestrel 2") -> Card:
    price = Price(Decimal("329.00"), "EUR")
    return Card(uuid4(), name, price, datetime(2026, 11, 24, tzinfo=UTC), {"weight": 1.4}, ("S", "M"))


class Counted:
    """Makes cards and counts how often it was asked."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.calls = 0
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self) -> Card:
        with self._lock:
            self.calls += 1
            number = self.calls
        time.sleep(self._seconds)
        return card(f"number {number}")


def ask(make: Callable[[], Card], *tags: str) -> Card:
    return remembered(CARD, "kestrel", Card, make, tags=tags)


def test_a_value_comes_back_as_it_was_made(app_context: Flask) -> None:
    made = ask(card)
    assert ask(pytest.fail) == made


def test_lists_and_tuples_of_values_come_back_too(app_context: Flask) -> None:
    cards = remembered(CARD, "all", list[Card], lambda: [card("a"), card("b")])
    assert remembered(CARD, "all", list[Card], pytest.fail) == cards
    vector = remembered(CacheKind.QUERY_VECTOR, "tent", tuple[float, ...], lambda: (0.5, -1.0))
    assert remembered(CacheKind.QUERY_VECTOR, "tent", tuple[float, ...], pytest.fail) == vector == (0.5, -1.0)


def test_kinds_and_keys_are_apart_however_long(app_context: Flask) -> None:
    long = "x" * 10_000
    names = {
        remembered(kind, key, str, lambda kind=kind, key=key: f"{kind} {key}")  # type: ignore[misc]
        for kind in (CARD, CacheKind.PAGE)
        for key in ("a", "b", long, long + "y", "\x00", "ü")
    }
    assert len(names) == 12


def test_fifty_at_once_make_it_once(app_context: Flask) -> None:
    make = Counted(seconds=0.2)
    answers = at_once(app_context, [lambda: ask(make)] * 50)
    assert make.calls == 1
    assert set(map(str, answers)) == {str(answers[0])}
    assert isinstance(answers[0], Card)


def test_past_its_time_one_makes_it_anew_and_the_others_take_the_old(app_context: Flask) -> None:
    make = Counted(seconds=0.3)
    ask(make)
    later = now() + timedelta(seconds=current_settings().cache_product_card_seconds + 1)

    def ask_later() -> Card:
        with frozen(later):
            return ask(make)

    answers = at_once(app_context, [ask_later] * 20)
    names = [answer.name for answer in answers if isinstance(answer, Card)]
    assert make.calls == 2
    assert (names.count("number 1"), names.count("number 2")) == (19, 1)


def test_somebody_who_is_late_holds_the_others_up_for_a_second_at_most(app_context: Flask) -> None:
    make = Counted(seconds=1.6)
    late = threading.Thread(target=at_once, args=(app_context, [lambda: ask(make)]))
    late.start()
    time.sleep(0.1)
    started = time.perf_counter()
    assert ask(lambda: card("impatient")).name == "impatient"
    assert 0.9 < time.perf_counter() - started < 1.5
    late.join()


def test_an_error_is_the_callers_and_the_next_one_tries_at_once(app_context: Flask) -> None:
    def refuse() -> Card:
        raise LookupError

    with pytest.raises(LookupError):
        ask(refuse)
    started = time.perf_counter()
    assert ask(card).name == "Kestrel 2"
    assert time.perf_counter() - started < 0.5


def test_forgetting_one_tag_makes_everything_stale_that_carries_it(app_context: Flask) -> None:
    make = Counted()
    for _ in range(2):
        ask(make, "catalog", "product:1")
    remembered(CARD, "other", str, lambda: "other", tags=["product:2"])
    forget("product:1")
    assert ask(make, "catalog", "product:1").name == "number 2"
    assert remembered(CARD, "other", str, pytest.fail, tags=["product:2"]) == "other"
    forget("category:7", "catalog")
    assert ask(make, "catalog", "product:1").name == "number 3"


def test_what_is_forgotten_while_it_is_made_does_not_stay(app_context: Flask) -> None:
    def overtaken() -> Card:
        forget("product:1")
        return card("of yesterday")

    assert ask(overtaken, "product:1").name == "of yesterday"
    assert ask(lambda: card("of today"), "product:1").name == "of today"


def test_a_forgotten_value_never_stands_in(app_context: Flask) -> None:
    ask(card, "product:1")
    forget("product:1")
    answers = at_once(app_context, [lambda: ask(Counted(seconds=0.2), "product:1")] * 5)
    assert {answer.name for answer in answers if isinstance(answer, Card)} == {"number 1"}


def test_values_of_another_shape_are_not_read(app_context: Flask) -> None:
    old = make_dataclass("Offer", [("name", str), ("amount", str)], frozen=True)
    new = make_dataclass("Offer", [("name", str), ("amount", Decimal)], frozen=True)
    more = make_dataclass(
        "Offer", [("name", str), ("amount", Decimal), ("tax", Decimal, Decimal(0))], frozen=True
    )
    for shape, amount in ((old, "1"), (new, Decimal(1)), (more, Decimal(1))):
        made = shape("tent", amount)
        assert remembered(CARD, "offer", shape, lambda made=made: made) == made  # type: ignore[misc]
        assert remembered(CARD, "offer", shape, pytest.fail) == made


def test_what_somebody_else_wrote_into_redis_is_as_if_it_were_not_there(
    app_context: Flask, redis_client: redis.Redis
) -> None:
    ask(card)
    (name,) = redis_client.keys("cache:entry:*")  # type: ignore[misc]
    for rubbish in (b"", b"\x80\x04cposix\nsystem\n.", b"\x94\x01\x02\x03\x04", _TYPED_WRONGLY):
        redis_client.set(name, rubbish)
        assert ask(lambda: card("new")).name == "new"


def test_zero_seconds_switch_a_kind_off(app_context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    off = current_settings().model_copy(update={"cache_product_card_seconds": 0})
    monkeypatch.setitem(app_context.extensions, "settings", off)
    make = Counted()
    assert [ask(make).name, ask(make).name] == ["number 1", "number 2"]


def test_a_hit_asks_redis_once(
    app_context: Flask, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "SECONDS", 3600.0)
    ask(card, "catalog", "product:1")
    before = _round_trips(redis_client)
    ask(pytest.fail, "catalog", "product:1")
    assert _round_trips(redis_client) - before == 1


def test_what_is_at_hand_asks_nothing_until_it_is_forgotten(
    app_context: Flask, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "SECONDS", 3600.0)
    counts, one = Counted(), Counted()

    def look() -> tuple[str, str]:
        large = remembered(CARD, "counts", Card, counts, tags=["category:1"], at_hand=True)
        small = remembered_each(
            CARD, ["one"], Card, lambda keys: {key: one() for key in keys}, tags=lambda _key: ["product:1"]
        )
        return large.name, small["one"].name

    assert look() == ("number 1", "number 1")
    before = _round_trips(redis_client)
    assert look() == ("number 1", "number 1")
    assert _round_trips(redis_client) == before
    forget("product:1")
    assert look() == ("number 1", "number 2")
    forget("category:1")
    assert look() == ("number 2", "number 2")


def test_what_another_process_forgets_is_seen_with_the_next_look(
    app_context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, elsewhere = Counted(), CacheStore(app_context.extensions["binary_redis"], 300)

    def look() -> str:
        return remembered(CARD, "elsewhere", Card, make, tags=["category:1"], at_hand=True).name

    monkeypatch.setattr(at_hand, "SECONDS", 3600.0)
    assert look() == "number 1"
    elsewhere.forget(["category:1"])
    assert look() == "number 1"
    monkeypatch.setattr(at_hand, "SECONDS", 0.0)
    assert look() == "number 2"


def test_a_process_that_begins_knows_what_was_forgotten_before(app_context: Flask) -> None:
    store = cache_store()
    ask(card, "product:1")
    (name,) = [one.decode().removeprefix("cache:entry:") for one in store._redis.keys("cache:entry:*")]
    assert CacheStore(app_context.extensions["binary_redis"], 300).entry(name) is not None
    forget("product:1")
    assert CacheStore(app_context.extensions["binary_redis"], 300).entry(name) is None


def test_a_value_is_not_made_of_what_was_forgotten_before_its_making_began(
    app_context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "SECONDS", 3600.0)
    price, elsewhere = Counted(), CacheStore(app_context.extensions["binary_redis"], 300)

    def small() -> str:
        made = remembered_each(
            CARD, ["price"], Card, lambda keys: dict.fromkeys(keys, price()), tags=lambda _key: ["product:1"]
        )
        return made["price"].name

    assert small() == "number 1"
    elsewhere.forget(["product:1"])
    assert remembered(CARD, "page", str, small, tags=["product:1"]) == "number 2"


def test_an_emptied_server_empties_what_is_at_hand(
    app_context: Flask, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Counted()

    def look() -> str:
        return remembered(CARD, "emptied", Card, make, tags=["category:1"], at_hand=True).name

    monkeypatch.setattr(at_hand, "SECONDS", 0.0)
    assert (look(), look()) == ("number 1", "number 1")
    redis_client.flushdb()
    assert look() == "number 2"


def test_moments_go_that_nothing_kept_is_older_than(
    app_context: Flask, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CacheStore(app_context.extensions["binary_redis"], 300)
    store.forget(["product:1"])
    monkeypatch.setattr(store, "_oldest", 0)
    store.forget(["product:2"])
    assert redis_client.zcard("cache:forgotten") == 1


def test_an_earlier_moment_never_takes_the_place_of_a_later_one() -> None:
    known = at_hand.Forgotten(lambda: None)
    known.learn({1: 15, 2: 9}, until=20)
    known.learn({1: 12}, until=14)
    assert known.since == 20
    assert not known.stands(at_hand.Stamp(began=13, fresh_until=0, slots=(1,)))
    assert known.stands(at_hand.Stamp(began=16, fresh_until=0, slots=(1, 2, 3)))


def test_who_wants_another_look_while_somebody_looks_gets_it() -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            known.look_again()

    known = at_hand.Forgotten(look)
    known.learn({}, until=1)
    for _ in range(3):
        known.follow()
    assert len(looks) == 2


def test_a_look_that_failed_is_tried_again() -> None:
    answers = iter([redis.ConnectionError, None])

    def look() -> None:
        if (problem := next(answers)) is not None:
            raise problem

    known = at_hand.Forgotten(look)
    known.learn({}, until=1)
    with pytest.raises(redis.ConnectionError):
        known.follow()
    known.follow()
    known.follow()
    assert next(answers, "all asked") == "all asked"


def test_one_looks_for_all_the_others_go_on(app_context: Flask) -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        time.sleep(0.2)

    known = at_hand.Forgotten(look)
    known.learn({}, until=1)
    started = time.perf_counter()
    at_once(app_context, [known.follow] * 5)
    assert len(looks) == 1
    assert time.perf_counter() - started < 1.0


def _round_trips(client: redis.Redis) -> int:
    calls = client.info("commandstats")
    return sum(one["calls"] for name, one in calls.items() if name not in ("cmdstat_info", "cmdstat_ping"))  # type: ignore[union-attr]


def test_hits_and_misses_are_counted_by_kind(app_context: Flask) -> None:
    before = cache_counts()
    for _ in range(3):
        ask(card)
    after = cache_counts()
    assert after[CARD].hits - before[CARD].hits == 2
    assert after[CARD].misses - before[CARD].misses == 1
    assert after[CacheKind.PAGE] == before[CacheKind.PAGE]


@pytest.fixture
def own_server(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A Valkey of this test, to be killed."""
    sockets = Path("/tmp") / f"cache-{uuid4().hex[:8]}"
    sockets.mkdir(mode=0o700)
    server = ValkeyServer(tmp_path, sockets, durable=False)
    server.ensure_running()
    yield server
    _kill(server)
    for file in sockets.iterdir():
        file.unlink()
    sockets.rmdir()


def _kill(server: ValkeyServer) -> None:
    processes.kill(processes.working_in(server.home, "valkey-server"))


@pytest.fixture
def own_redis(app_context: Flask, own_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> ValkeyServer:
    """The application speaks to ``own_server``."""
    for name in ("redis", "waiting_redis", "binary_redis", "cache_store"):
        monkeypatch.setitem(app_context.extensions, name, app_context.extensions[name])
    settings: Settings = current_settings().model_copy(update={"redis_url": SecretStr(own_server.url)})
    init_redis(app_context, settings)
    app_context.extensions["cache_store"] = CacheStore(app_context.extensions["binary_redis"], 300)
    return own_server


def test_redis_away_costs_no_time_and_redis_back_remembers_again(own_redis: ValkeyServer) -> None:
    make = Counted()
    assert [ask(make).name, ask(make).name] == ["number 1", "number 1"]
    _kill(own_redis)
    started = time.perf_counter()
    assert len({ask(make).name for _ in range(200)}) == 200
    forget("catalog")
    assert time.perf_counter() - started < 0.5
    own_redis.ensure_running()
    time.sleep(ASKED_AGAIN_AFTER_SECONDS)
    assert ask(make).name == ask(make).name
    assert cache_store().counts()


def test_a_server_that_hangs_is_waited_for_once_a_second(own_redis: ValkeyServer) -> None:
    ask(card)
    (server,) = processes.working_in(own_redis.home, "valkey-server")
    server.suspend()
    try:
        started = time.perf_counter()
        for _ in range(100):
            ask(card)
        waited = time.perf_counter() - started
    finally:
        server.resume()
    assert waited < 4 * current_settings().redis_timeout_seconds
