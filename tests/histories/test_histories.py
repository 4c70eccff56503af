"""Histories that Hypothesis makes up: any order of buying, paying, cancelling and giving back leaves the books right.

``HISTORIES=1000`` makes up so many, afresh each time; without it twenty, the same ones in each run.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storefront.cart import services as carts
from storefront.core.clock import frozen, now
from storefront.core.db import release
from storefront.core.errors import DomainError, NotFound
from storefront.core.settings import Settings, for_this_application
from storefront.inventory.errors import InsufficientStock
from storefront.inventory.services import adjust_stock, release_expired
from storefront.jobs.payments import drain_payments
from storefront.orders.errors import CheckoutExpired, OrderNotCancellable, TotalChanged
from storefront.orders.queries_for_refunds import refundable
from storefront.orders.services import (
    RefundLine,
    RefundRequest,
    bring_up_to_date,
    cancel_order,
    capture_payment,
    place_order,
    refund_order,
    refund_payment,
)
from storefront.payments.errors import CaptureInProgress, NothingToCapture, RefundTooLarge
from storefront.promotions.errors import GiftCardBalanceChanged
from storefront.providers.payment_provider import PaymentProviderFailure
from tests.emptying import Emptier
from tests.factories.buying import make_guest, make_product, make_shipping, make_shopper, order_request
from tests.factories.promotions import make_gift_card, make_promotion
from tests.histories.bank import Bank
from tests.histories.world import (
    COUPON,
    GIFT_CARD,
    PRICES,
    STOCK,
    Bought,
    World,
    do_the_jobs,
    problems,
    unsettled,
)

BUYERS = range(3)
_WANTED = int(os.environ.get("HISTORIES", "0"))
METHODS = ("invoice", "on_delivery", "stripe", "stripe")


class History(RuleBasedStateMachine):
    """One made-up history. ``app`` and ``emptier`` are set by the test."""

    app: Flask
    emptier: Emptier

    def __init__(self) -> None:
        super().__init__()
        self._context = self.app.app_context()
        self._context.push()
        self._moment = now()

    @initialize(by_hand=some.booleans())
    def open_the_shop(self, by_hand: bool) -> None:
        """Three products, few of each; a shopper and two guests; gift cards and a code of three uses."""
        bank = Bank(capture_by_hand=by_hand)
        for_this_application("stripe_payments", bank)
        make_shipping()
        make_promotion("amount", str(COUPON), code="FIVE", usage_limit=3)
        products = tuple(
            make_product(f"Thing {number}", str(price), units)
            for number, (price, units) in enumerate(zip(PRICES, STOCK, strict=True))
        )
        cards = [make_gift_card(str(GIFT_CARD)) for _ in range(2)]
        self.world = World(
            products,
            (make_shopper(), make_guest(), make_guest()),
            tuple(card.id for card in cards),
            tuple(card.code for card in cards),
            bank,
            dict(zip(products, STOCK, strict=True)),
        )
        self.world.carts = {buyer: {} for buyer in self.world.buyers}

    # What shoppers do.

    @rule(
        who=some.sampled_from(BUYERS), what=some.sampled_from(range(3)), units=some.sampled_from((1, 1, 2, 3))
    )
    def put_into_the_cart(self, who: int, what: int, units: int) -> None:
        buyer, product_id = self.world.buyers[who], self.world.products[what]
        with suppress(InsufficientStock):
            carts.add_line(buyer, product_id, units)
            cart = self.world.carts[buyer]
            cart[product_id] = cart.get(product_id, 0) + units

    @rule(who=some.sampled_from(BUYERS), card=some.sampled_from((None, 0, 1)), coupon=some.booleans())
    def enter_codes(self, who: int, card: int | None, coupon: bool) -> None:
        buyer, world = self.world.buyers[who], self.world
        if not world.carts[buyer]:
            return
        if card is None:
            carts.remove_gift_card(buyer)
            world.cards_in_carts.pop(buyer, None)
        else:
            with suppress(DomainError):  # an empty one is not taken
                carts.enter_gift_card(buyer, world.codes[card])
                world.cards_in_carts[buyer] = card
        if coupon:
            with suppress(DomainError):
                carts.enter_coupon(buyer, "FIVE")
                world.coupons.add(buyer)
        elif buyer in world.coupons:
            carts.remove_coupon(buyer)
            world.coupons.discard(buyer)

    @rule(who=some.sampled_from(BUYERS), method=some.sampled_from(METHODS), wrong=some.booleans())
    def press_the_button(self, who: int, method: str, wrong: bool) -> None:
        buyer, world = self.world.buyers[who], self.world
        if not world.carts[buyer]:
            return
        total = world.total_of(buyer)
        request = order_request(
            str(total),
            payment_method=method,
            email="" if buyer.user_id else f"guest-{who}@example.com",
            expected_gift_card=world.gift_card_share(buyer, total),
        )
        if wrong:
            self._tampered(buyer, replace(request, expected_total=total - Decimal("0.01")))
        with suppress(InsufficientStock, PaymentProviderFailure, TotalChanged, GiftCardBalanceChanged):
            self._bought(buyer, request)

    def _tampered(self, buyer: Any, request: Any) -> None:
        before = problems(self.world)
        with pytest.raises(DomainError):
            place_order(buyer, request)
        assert problems(self.world) == before == []

    def _bought(self, buyer: Any, request: Any) -> None:
        world = self.world
        placed = place_order(buyer, request)
        world.orders.append(Bought(buyer, request, placed, dict(world.carts[buyer])))
        if not placed.needs_shopper:
            self._cart_is_gone(buyer)

    def _cart_is_gone(self, buyer: Any) -> None:
        world = self.world
        world.carts[buyer] = {}
        world.coupons.discard(buyer)
        world.cards_in_carts.pop(buyer, None)

    @precondition(lambda self: self.world.orders)
    @rule(data=some.data())
    def press_it_again(self, data: Any) -> None:
        bought = data.draw(some.sampled_from(self.world.orders))
        with suppress(CheckoutExpired, PaymentProviderFailure):
            again = place_order(bought.buyer, bought.request)
            assert again.order_id == bought.placed.order_id, "the same key is the same order"

    @precondition(lambda self: self.world.bank.intents)
    @rule(data=some.data(), approved=some.sampled_from((True, True, False)), comes_back=some.booleans())
    def pay_by_card(self, data: Any, approved: bool, comes_back: bool) -> None:
        intent = data.draw(some.sampled_from(sorted(self.world.bank.intents)))
        self.world.bank.pay(intent, approved=approved)
        if comes_back:
            self._news_of(intent)

    def _news_of(self, intent: str) -> None:
        with suppress(PaymentProviderFailure):
            bring_up_to_date(uuid.UUID(self.world.bank.intents[intent].order_id))
        self._carts_of_paid_orders()

    def _carts_of_paid_orders(self) -> None:
        """Whose order counts by now has an empty cart, but for what they have added since."""
        release()
        for buyer in self.world.buyers:
            found = {line.product_id: line.quantity for line in _lines(buyer)}
            if found != self.world.carts[buyer]:
                self.world.carts[buyer] = found
                if not found:
                    self._cart_is_gone(buyer)

    @precondition(lambda self: self.world.orders)
    @rule(data=some.data())
    def cancel(self, data: Any) -> None:
        bought = data.draw(some.sampled_from(self.world.orders))
        with suppress(OrderNotCancellable, DomainError):
            cancel_order(bought.me, bought.placed.number)
            bought.is_cancelled = True

    # What staff do.

    @precondition(lambda self: self.world.orders)
    @rule(data=some.data(), part=some.sampled_from((Decimal(1), Decimal("0.5"))), final=some.booleans())
    def capture(self, data: Any, part: Decimal, final: bool) -> None:
        bought = data.draw(some.sampled_from(self.world.orders))
        amount = ((bought.request.expected_total - bought.request.expected_gift_card) * part).quantize(
            Decimal("0.01")
        )
        with suppress(NothingToCapture, CaptureInProgress, PaymentProviderFailure):
            capture_payment(bought.placed.number, amount, final=final)

    @precondition(lambda self: self.world.orders)
    @rule(data=some.data(), cents=some.integers(1, 9_000))
    def refund(self, data: Any, cents: int) -> None:
        bought = data.draw(some.sampled_from(self.world.orders))
        with suppress(NotFound, RefundTooLarge, PaymentProviderFailure):  # a draft is none of the staff's
            refund_payment(bought.placed.number, Decimal(cents) / 100)

    @precondition(lambda self: self.world.orders)
    @rule(data=some.data(), card=some.booleans())
    def refund_a_unit(self, data: Any, card: bool) -> None:
        bought = data.draw(some.sampled_from(self.world.orders))
        with suppress(DomainError, PaymentProviderFailure):
            line = data.draw(some.sampled_from(refundable(bought.placed.number).lines))
            release()
            wanted = RefundRequest(
                lines=[RefundLine(line.id, 1)], destination="gift_card" if card else "original"
            )
            refund_order(None, bought.placed.number, wanted)

    @rule(what=some.sampled_from(range(3)), delta=some.sampled_from((-2, -1, 1, 2)))
    def count_the_shelf(self, what: int, delta: int) -> None:
        product_id = self.world.products[what]
        with suppress(InsufficientStock):
            adjust_stock(product_id, delta)
            self.world.shelf[product_id] += delta

    # What nobody asked for.

    @rule(when=some.sampled_from(("before", "after")))
    def the_bank_falls_silent(self, when: Any) -> None:
        self.world.bank.silent[:] = [when]

    @rule()
    def holds_run_out(self) -> None:
        with frozen(now() + timedelta(minutes=16)):
            release_expired()

    @rule()
    def jobs_run_much_later(self) -> None:
        with frozen(now() + timedelta(minutes=30)):
            do_the_jobs()
        self._carts_of_paid_orders()

    @rule()
    def work_on_payments(self) -> None:
        drain_payments.run()
        self._carts_of_paid_orders()

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
                for hours in (1, 8, 24, 48):
                    with frozen(now() + timedelta(hours=hours)):
                        do_the_jobs()
                assert problems(self.world) + unsettled(self.world) == []
        finally:
            release()
            self._context.pop()
            self.emptier.empty()


def _lines(buyer: Any) -> Any:
    from storefront.cart.queries import cart_view

    lines = cart_view(buyer).snapshot.lines
    release()
    return lines


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
            max_examples=_WANTED or 20,
            stateful_step_count=40,
            deadline=None,
            derandomize=not _WANTED,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
