"""The whole of it: a shop, buyers, kills, the jobs' work afterwards, and the check."""

from __future__ import annotations

import itertools
import random
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from storefront.core.clock import frozen, now
from storefront.core.db import release
from tests.chaos.books import Findings, check, left_over
from tests.chaos.buyers import Buyer, Note, Wares
from tests.chaos.killing import Kill, Killer
from tests.chaos.shop import Shop, inside, running_shop
from tests.chaos.web import Tally
from tests.factories.buying import make_product, make_shipping
from tests.factories.promotions import make_gift_card
from tests.stripe_server import StripeServer, stripe_server

GIFT_CARDS, GIFT_CARD_WORTH = 24, Decimal("150.00")
LONGEST_SETTLING_SECONDS = 60.0
"""For the short form, in which the jobs' work is done here beside the shop's own jobs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much. ``every`` is the mean time between kills in seconds; ``patience`` how long the jobs may take
    afterwards, in seconds: 0 has their work done here, with the clock moved."""

    seed: int
    kills: int
    buyers: int
    every: float
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """What happened. ``settled_after``: seconds until the jobs had nothing left to do; ``verified`` what
    ``flask ops verify`` said, with its exit code."""

    kills: list[Kill]
    notes: list[Note]
    tally: Tally
    findings: Findings
    seconds: float
    settled_after: float
    verified: tuple[int, str]


def torment(plan: Plan, folder: Path | None = None) -> Result:
    """Run it. ``folder`` is kept; without one a temporary folder is used."""
    with ExitStack() as stack:
        home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        stripe = stack.enter_context(stripe_server())
        shop = stack.enter_context(running_shop(home / "shop", stripe))
        wares = _fill(shop)
        begun, tally = time.monotonic(), Tally()
        killer = Killer(shop, random.Random(plan.seed), plan.kills, plan.every)
        notes = _buy_while(killer.run, plan, shop, wares, stripe, tally)
        seconds = time.monotonic() - begun
        settled_after = _settle(shop, plan.patience)
        findings = check(shop.database, notes, stripe, GIFT_CARDS * GIFT_CARD_WORTH)
        said = shop.flask("ops", "verify")
    verified = (said.returncode, said.stdout + said.stderr)
    return Result(killer.done, notes, tally, findings, seconds, settled_after, verified)


def _fill(shop: Shop) -> Wares:
    with inside(shop):
        make_shipping()
        plenty = [make_product(f"Kettle {number}", f"{7 + number}.90", 100_000) for number in range(8)]
        scarce = [make_product(f"Last kettle {number}", "19.90", 15) for number in range(3)]
        cards = [make_gift_card(str(GIFT_CARD_WORTH)) for _ in range(GIFT_CARDS)]
    return Wares(tuple(map(str, plenty)), tuple(map(str, scarce)), tuple(card.code for card in cards))


def _buy_while(
    kill: Callable[[], None], plan: Plan, shop: Shop, wares: Wares, stripe: StripeServer, tally: Tally
) -> list[Note]:
    """``plan.buyers`` people at a time, one after the other, for as long as ``kill`` is at it; then the last ones."""
    over, numbers = threading.Event(), itertools.count(1)
    notes: list[Note] = []

    def keep_buying() -> None:
        while not over.is_set():
            number = next(numbers)
            chance = random.Random(f"{plan.seed}-{number}")
            notes.append(Buyer(number, shop.url, wares, stripe, chance, tally).buy())

    with ThreadPoolExecutor(plan.buyers) as people:
        buying = [people.submit(keep_buying) for _ in range(plan.buyers)]
        try:
            kill()
        finally:
            over.set()
        for one in buying:
            one.result()
    return notes


def _settle(shop: Shop, patience: float) -> float:
    """Until nothing is left to do: by the shop's own jobs, or by the same jobs here, as hours pass."""
    begun = time.monotonic()
    if patience:
        while left_over(shop.database) and time.monotonic() - begun < patience:
            time.sleep(1)
        return time.monotonic() - begun
    from storefront.inventory.services import release_expired
    from storefront.jobs.cache import forget_changes
    from storefront.jobs.outbox import drain
    from storefront.jobs.payments import drain_payments
    from storefront.orders.services import reconcile_payments, settle_stranded_orders

    jobs = (
        release_expired,
        settle_stranded_orders,
        reconcile_payments,
        drain_payments.run,
        drain,
        forget_changes.run,
    )
    with inside(shop):
        for hours in itertools.chain(range(1, 13), itertools.repeat(12)):
            with frozen(now() + timedelta(hours=hours)):
                for job in jobs:
                    job()
                    release()
            if not left_over(shop.database) or time.monotonic() - begun > LONGEST_SETTLING_SECONDS:
                break
            if hours == 12:  # what is left is in the hands of the shop's own jobs: they need time, not hours
                time.sleep(0.5)
    return time.monotonic() - begun
