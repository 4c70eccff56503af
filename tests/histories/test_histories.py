"""Histories that Hypothesis makes up: any order of buying, paying, cancelling and giving back leaves the books right.

``HISTORIES=1000`` makes up so many, afresh each time; without it a few, the same ones in each run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from storefront.core.clock import frozen, now
from storefront.core.db import release
from storefront.core.settings import Settings
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.services import adjust_stock, release_expired
from storefront.jobs.payments import drain_payments
from tests.emptying import Emptier
from tests.histories.afterwards import BY_CARD, Afterwards
from tests.histories.shopping import PURCHASES, WHO, Purchase, opened
from tests.histories.world import Draw, do_the_jobs, problems, unsettled

_WANTED = int(os.environ.get("HISTORIES", "0"))


HAPPENS = {
    "somebody_buys": 3,
    "fill_a_cart": 1,
    "enter_codes": 1,
    "press_the_button": 1,
    "press_it_again": 1,
    "pay_by_card": 1,
    "cancel": 1,
    "capture": 2,
    "refund": 2,
    "refund_units": 3,
    "a_parcel_leaves": 3,
    "parcels_arrive": 3,
    "close_what_is_left": 1,
    "send_back": 5,
    "decide_about_a_return": 3,
    "finish_a_return": 3,
    "pay_a_difference": 2,
    "count_the_shelf": 1,
    "the_bank_makes_trouble": 3,
    "time_passes": 3,
}
"""What may happen, and how much more often than the rarest."""


class History(Afterwards, RuleBasedStateMachine):
    """One made-up history. ``app`` and ``emptier`` are set by the test."""

    app: Flask
    emptier: Emptier

    def __init__(self) -> None:
        super().__init__()
        self._context = self.app.app_context()
        self._context.push()
        self._moment = now()

    @initialize(
        by_hand=some.booleans(),
        firsts=some.lists(PURCHASES, min_size=1, max_size=3),
        arrived=some.sampled_from((1, 0, 2, 3)),
        exchange=some.sampled_from(("", "approved", *BY_CARD)),
    )
    def open_the_shop(self, by_hand: bool, firsts: list[Purchase], arrived: int, exchange: str) -> None:
        """Each history begins with something that was bought, so that its rules have something to work on."""
        changed = {"stripe_capture": "manual" if by_hand else "automatic"}
        self.app.extensions["settings"] = self.app.extensions["settings"].model_copy(update=changed)
        self.world = opened()
        for one in firsts:
            self.buy_and_go_on(one)
        for bought in self.world.orders[:arrived]:
            self.send(bought)
            self.arrive(bought)
            if exchange:
                self.agree_to_a_dearer_one(bought, exchange)

    # One rule for all of it: of several, Hypothesis leaves some out of each history, and most then lead nowhere.
    @rule(
        data=some.data(),
        what=some.sampled_from([one for one, weight in HAPPENS.items() for _ in range(weight)]),
    )
    def something_happens(self, data: Any, what: str) -> None:
        getattr(self, what)(data.draw)

    def count_the_shelf(self, draw: Draw) -> None:
        product_id, delta = self.world.products[draw(WHO)], draw(some.sampled_from((-2, -1, 1, 2)))
        with suppress(InsufficientStock):
            adjust_stock(product_id, delta)
            self.world.shelf[product_id] += delta

    def the_bank_makes_trouble(self, draw: Draw) -> None:
        """It falls silent, before the deed or after it, or gives the next refund no way."""
        how = draw(some.sampled_from(("before", "after", "refuses")))
        if how == "refuses":
            self.world.bank.refuses_refunds = 1
        else:
            self.world.bank.silent[:] = [how]

    def time_passes(self, draw: Draw) -> None:
        minutes, job = draw(
            some.sampled_from(((0, drain_payments.run), (16, release_expired), (30, do_the_jobs)))
        )
        with frozen(now() + timedelta(minutes=minutes)):
            job()
        self.look_at_carts()

    @invariant()
    def books_agree(self) -> None:
        release()
        if hasattr(self, "world"):
            assert problems(self.world) == []

    def teardown(self) -> None:
        """Everything comes to its end; then nothing may be left over, at the bank neither."""
        try:
            if hasattr(self, "world"):
                self.world.bank.silent.clear()
                self.world.bank.refuses_refunds = 0
                for hours in (1, 8, 24, 48):
                    with frozen(now() + timedelta(hours=hours)):
                        do_the_jobs()
                assert problems(self.world) + unsettled(self.world) == []
        finally:
            release()
            self._context.pop()
            self.emptier.empty()


@pytest.fixture
def shop_with_a_bank(settings: Settings, _emptier: Emptier, clean_database: None) -> Iterator[Flask]:
    """An application that takes cards; histories put a bank of this process in the provider's place."""
    History.emptier = _emptier
    from pydantic import SecretStr

    from storefront import create_app
    from storefront.core.db import db

    built = create_app(
        settings.model_copy(
            update={
                "stripe_secret_key": SecretStr("sk_test_history"),
                "stripe_publishable_key": "pk_test_history",
                "stripe_webhook_secret": SecretStr("whsec_history"),
            }
        )
    )
    yield built
    with built.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_any_history_leaves_the_books_right(shop_with_a_bank: Flask) -> None:
    History.app = shop_with_a_bank
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=_WANTED or 10,
            stateful_step_count=33,
            deadline=None,
            derandomize=not _WANTED,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
