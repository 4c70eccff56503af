"""How many people asked for the same: each asker counts once for a text in thirty days.

An asker and a text are one bit, at a place that their digest says, of some megabytes in Redis for every ten days: as
much memory for a million searches as for ten, and nothing in it leads back to who asked. Two pairs that share a bit
count as one, so that a text may seem rarer than it is, never more common.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from storefront.core.redis import binary_redis_client

PERIOD_DAYS = 10
_PERIODS_BEFORE = 3
_BITS = 1 << 25
_KEPT_SECONDS = (_PERIODS_BEFORE + 2) * PERIOD_DAYS * 86_400


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Somebody asked for ``text`` on ``day``."""

    day: date
    asker: str
    text: str

    @property
    def place(self) -> int:
        """Where the bit of the asker and the text is."""
        digest = hashlib.blake2b(f"{self.asker}\n{self.text}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % _BITS

    def period(self, before: int = 0) -> str:
        """The name of the bits of its ten days, or of those ``before`` them."""
        return f"search:counted:{self.day.toordinal() // PERIOD_DAYS - before}"


def first_times(asked: Sequence[AskedFor]) -> list[AskedFor]:
    """Those of ``asked`` that have not been asked by the same person for thirty days; they are noted."""
    pipeline = binary_redis_client().pipeline(transaction=False)
    for one in asked:
        for before in range(1, _PERIODS_BEFORE + 1):
            pipeline.getbit(one.period(before), one.place)
    bits = pipeline.execute()
    known = (bits[at : at + _PERIODS_BEFORE] for at in range(0, len(bits), _PERIODS_BEFORE))
    fresh = [one for one, earlier in zip(asked, known, strict=True) if not any(earlier)]
    for one in fresh:
        pipeline.setbit(one.period(), one.place, 1)
    for period in {one.period() for one in fresh}:
        pipeline.expire(period, _KEPT_SECONDS)
    were_set = pipeline.execute()
    return [one for one, was_set in zip(fresh, were_set, strict=False) if not was_set]


def forget(asked: Sequence[AskedFor]) -> None:
    """They could not be counted: the next time is their first."""
    pipeline = binary_redis_client().pipeline(transaction=False)
    for one in asked:
        pipeline.setbit(one.period(), one.place, 0)
    pipeline.execute()
