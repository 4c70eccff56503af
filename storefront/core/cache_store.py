"""How kept values lie in Redis: entries, the moments at which tags were forgotten, turns, counts.

An entry holds the moment (of the server's clock) at which its making began. Forgetting a tag writes down the
moment; an entry that began earlier is worth nothing from then on, however many carry the tag. Each process knows all
moments and asks for the new ones once a second (:mod:`storefront.core.at_hand`). They lie in a fixed number of slots
without an expiry: the server makes room by dropping entries, never by losing a moment. Two tags that meet in a slot
cost a value now and then, never a wrong one. A server that drops whatever it likes (``allkeys-*``) may show what is
no longer so: ``flask ops verify`` says it.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from redis import Redis

from storefront.core.at_hand import AtHand, Forgotten, Stamp
from storefront.core.clock import now
from storefront.core.ids import new_secret

TURN_SECONDS = 10
"""How long somebody may make a value before another one may begin."""
LONGEST_WAIT_SECONDS = 1.0
"""How long the others wait for it, before they make it too."""
_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.05

MOST_SMALL = 4_000
"""Small values (a card each, 2 KB) that a process has at hand."""
MOST_LARGE = 256
"""Large ones (the counts beside a list), 50 KB each."""

_SLOTS = 1 << 16
_ENTRY = "cache:entry:"
_TURN = "cache:turn:"
_FORGOTTEN = "cache:forgotten"
_EPOCH = "cache:epoch"
_COUNTS = "cache:counts"
_FORGET = """
local time = redis.call('TIME')
local moment = string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', moment - ARGV[1]))
for place = 2, #ARGV do redis.call('ZADD', KEYS[1], moment, ARGV[place]) end
return moment
"""
"""In one step: no one may look between the moment and its being written down, and miss it. Moments go that are older
than the oldest entry there may be."""
_GIVE_UP = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end"


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One kept value: when its making began (microseconds of the server's clock), until when it counts as fresh
    (seconds of the wall clock), the tags it carries, and the value itself, encoded."""

    began: int
    fresh_until: float
    tags: tuple[str, ...]
    body: msgspec.Raw

    @property
    def is_fresh(self) -> bool:
        """Whether its time is not up. Afterwards it may stand in while somebody makes the next one."""
        return now().timestamp() < self.fresh_until

    def stamp(self) -> Stamp:
        """What decides whether it stands, without what is kept."""
        return Stamp(self.began, self.fresh_until, _slots(self.tags))


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to make a value, from the moment ``began``; ``won`` unless somebody else is late with it."""

    name: str
    owner: str
    won: bool
    began: int


V = TypeVar("V")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class CacheStore:
    """The entries of one Redis database. What asks Redis raises :class:`redis.RedisError` when it is away."""

    def __init__(self, client: Redis, longest_seconds: int) -> None:
        """``longest_seconds``: for how long any entry with tags counts as fresh."""
        self._redis: Any = client  # its types leave open whether answers are bytes; here they are
        self._oldest = 2_000_000 * (longest_seconds + TURN_SECONDS)
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._forgotten = Forgotten(self._look)
        self._epoch: bytes | None = None
        self._shelves: list[AtHand[Any]] = []
        self.small: AtHand[Any] = self.shelf(MOST_SMALL)
        self.large: AtHand[Any] = self.shelf(MOST_LARGE)

    def shelf(self, most: int) -> AtHand[Any]:
        """A place for ``most`` values at hand, emptied when the server is (:meth:`good` says which of them stand)."""
        self._shelves.append(AtHand(most))
        return self._shelves[-1]

    def follow(self) -> None:
        """See :meth:`storefront.core.at_hand.Forgotten.follow`."""
        self._forgotten.follow()

    def look_again(self) -> None:
        """See :meth:`storefront.core.at_hand.Forgotten.look_again`."""
        self._forgotten.look_again()

    def is_good(self, stamp: Stamp, at: float) -> bool:
        """Whether what has this stamp stands, as far as this process knows, and is fresh at ``at`` (seconds)."""
        return at < stamp.fresh_until and self._forgotten.stands(stamp)

    def good(self, shelf: AtHand[V], name: Hashable) -> V | None:
        """The value of that name that is at hand and good. One round trip a second (:meth:`follow`), else none."""
        self.follow()
        found = shelf.get(name)
        return found[1] if found is not None and self.is_good(found[0], now().timestamp()) else None

    def entry(self, name: str) -> Entry | None:
        """What is kept under ``name``, unless one of its tags was forgotten since it was made. One round trip."""
        self.follow()
        return self._standing(self._redis.get(_ENTRY + name))

    def entries(self, names: Sequence[str]) -> tuple[list[Entry | None], int]:
        """What is kept under each of ``names`` and stands, and the moment of the look. One round trip."""
        self.follow()
        pipeline = self._redis.pipeline(transaction=False)
        self._queue_look(pipeline)
        pipeline.mget([_ENTRY + name for name in names])
        *looked, found = pipeline.execute()
        moment = self._learn(*looked)
        return [self._standing(one) for one in found], moment

    def keep_all(
        self, began: int, bodies: Mapping[str, tuple[bytes, Sequence[str]]], seconds: int
    ) -> dict[str, Stamp]:
        """Keep each body, with its tags, under its name: found out since ``began``. Returns their stamps by name."""
        pipeline = self._redis.pipeline(transaction=False)
        fresh_until = now().timestamp() + seconds
        stamps = {}
        for name, (body, tags) in bodies.items():
            entry = Entry(began, fresh_until, tuple(tags), msgspec.Raw(body))
            pipeline.set(_ENTRY + name, _encode(entry), ex=seconds)
            stamps[name] = entry.stamp()
        for counter, number in self._counted().items():
            pipeline.hincrby(_COUNTS, counter, number)
        pipeline.execute()
        return stamps

    def obtain(self, name: str) -> Entry | Turn:
        """What is kept under ``name``, or a turn to make it.

        When it is missing and somebody is making it already, the others wait, and after LONGEST_WAIT_SECONDS make
        it too. When only its time is up, they take it as it is.
        """
        known = self.entry(name)
        if known is not None and known.is_fresh:
            return known
        owner = new_secret()
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while True:
            turn, latest = self._try_turn(name, owner)
            if latest is not None and (latest.is_fresh or not turn.won):
                if turn.won:
                    self.give_up(turn)
                return latest
            if turn.won or time.monotonic() > deadline:
                return turn
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _try_turn(self, name: str, owner: str) -> tuple[Turn, Entry | None]:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(_TURN + name, owner, nx=True, ex=TURN_SECONDS)
        self._queue_look(pipeline)
        pipeline.get(_ENTRY + name)
        won, *looked, found = pipeline.execute()
        return Turn(name, owner, bool(won), self._learn(*looked)), self._standing(found)

    def keep(self, turn: Turn, body: bytes, seconds: int, tags: Iterable[str]) -> Entry:
        """Keep ``body``: fresh for ``seconds``, and as long again as a stand-in. The turn is over."""
        entry = Entry(turn.began, now().timestamp() + seconds, tuple(tags), msgspec.Raw(body))
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(_ENTRY + turn.name, _encode(entry), ex=2 * seconds)
        pipeline.eval(_GIVE_UP, 1, _TURN + turn.name, turn.owner)
        for counter, number in self._counted().items():
            pipeline.hincrby(_COUNTS, counter, number)
        pipeline.execute()
        return entry

    def give_up(self, turn: Turn) -> None:
        """The value is not made after all; somebody else may."""
        self._redis.eval(_GIVE_UP, 1, _TURN + turn.name, turn.owner)

    def forget(self, tags: Iterable[str]) -> None:
        """From now on nothing stands that carries one of ``tags`` and was begun before."""
        slots = _slots(tags)
        moment = int(self._redis.eval(_FORGET, 1, _FORGOTTEN, self._oldest, *slots))
        self._forgotten.learn(dict.fromkeys(slots, moment))

    def _look(self) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        self._queue_look(pipeline)
        self._learn(*pipeline.execute())

    def _queue_look(self, pipeline: Any) -> None:
        """Ask for the moment, the server's epoch, and what was forgotten since the last look: four answers.

        With each beginning of a value too: what it is made of may be at hand, and must not have been forgotten before.
        """
        pipeline.time()  # first: what is forgotten in between is seen now and next time, never missed
        pipeline.set(_EPOCH, new_secret(), nx=True)
        pipeline.get(_EPOCH)
        pipeline.zrange(_FORGOTTEN, self._forgotten.since, "+inf", byscore=True, withscores=True)

    def _learn(self, time_of_day: Any, _new: Any, epoch: bytes, lately: Sequence[tuple[bytes, float]]) -> int:
        """Learn what a look has told; returns its moment. A server that was emptied has another epoch."""
        moment = _microseconds(time_of_day)
        if epoch != self._epoch:
            self._forgotten.begin_anew()
            for shelf in self._shelves:
                shelf.clear()
            self._epoch = epoch
        self._forgotten.learn({int(slot): int(at) for slot, at in lately}, until=moment)
        return moment

    def dropping_policy(self) -> str | None:
        """What the server calls its way to make room where that may cost a moment; None where all is well."""
        policy = str(self._redis.info("memory").get("maxmemory_policy", ""))
        return policy if policy.startswith("allkeys-") else None

    def count(self, counter: str, number: int = 1) -> None:
        """Add to a counter; it travels with the next entry that is kept."""
        with self._counting:
            self._counts[counter] += number

    def counts(self) -> dict[str, int]:
        """The counters of all processes, and what this one has not sent yet."""
        stored: dict[bytes, bytes] = self._redis.hgetall(_COUNTS)
        total = Counter({name.decode(): int(number) for name, number in stored.items()})
        with self._counting:
            total.update(self._counts)
        return dict(total)

    def _counted(self) -> Counter[str]:
        with self._counting:
            counted, self._counts = self._counts, Counter()
        return counted

    def _standing(self, found: bytes | None) -> Entry | None:
        """The entry in ``found``, unless one of its tags was forgotten since it was made."""
        if found is None:
            return None
        try:
            entry = _decode(found)
        except msgspec.MsgspecError:
            return None
        return entry if self._forgotten.stands(entry.stamp()) else None


def _slots(tags: Iterable[str]) -> tuple[int, ...]:
    return tuple(zlib.crc32(tag.encode()) % _SLOTS for tag in tags)


def _microseconds(moment: Any) -> int:
    seconds, microseconds = moment
    return int(seconds) * 1_000_000 + int(microseconds)
