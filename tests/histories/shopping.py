"""What shoppers do: fill a cart, enter codes, press the button, pay by card, think better of it."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as some

from storefront.cart import services as carts
from storefront.cart.queries import cart_view
from storefront.core.db import release
from storefront.core.errors import DomainError
from storefront.core.per_application import for_this_application
from storefront.inventory.errors import InsufficientStock
from storefront.orders.errors import CheckoutExpired, OrderNotCancellable, TotalChanged
from storefront.orders.services import PlacedOrder, bring_up_to_date, cancel_order, place_order
from storefront.promotions.errors import GiftCardBalanceChanged
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.returns.services import settle_difference
from tests.factories.accounts import make_staff
from tests.factories.buying import make_guest, make_product, make_shipping, make_shopper, order_request
from tests.factories.promotions import make_gift_card, make_promotion
from tests.histories.bank import Bank
from tests.histories.world import (
    BACKORDERS,
    COUPON,
    GIFT_CARD,
    PRICES,
    STOCK,
    Bought,
    Draw,
    World,
    problems,
    rows,
)

BUYERS = range(3)
WHO = some.sampled_from(BUYERS)
METHODS = ("invoice", "on_delivery", "stripe", "stripe")


@dataclass(frozen=True)
class Purchase:
    """Somebody buys units of a size, and of the next one, and goes as far as they go."""

    who: int
    what: int
    units: tuple[int, int]
    method: str
    card: int | None
    coupon: bool


PURCHASES = some.builds(
    Purchase,
    who=WHO,
    what=WHO,
    units=some.tuples(some.integers(1, 3), some.integers(0, 2)),
    method=some.sampled_from(METHODS),
    card=some.sampled_from((None, None, 0, 1)),
    coupon=some.booleans(),
)


def opened() -> World:
    """A product in three sizes, few of each; a shopper and two guests; gift cards and a code of three uses."""
    bank = Bank()
    for_this_application("stripe_payments", bank)
    make_shipping()
    make_promotion("amount", str(COUPON), code="FIVE", usage_limit=3)
    family = make_product("Thing", stock=0)
    products = tuple(
        make_product(
            f"Thing {number}",
            str(price),
            units,
            parent_id=family,
            options={"Size": str(number)},
            backorder_limit=BACKORDERS if number == 2 else 0,
        )
        for number, (price, units) in enumerate(zip(PRICES, STOCK, strict=True))
    )
    cards = [make_gift_card(str(GIFT_CARD)) for _ in range(2)]
    world = World(
        products,
        (make_shopper(), make_guest(), make_guest()),
        tuple(card.id for card in cards),
        tuple(card.code for card in cards),
        bank,
        dict(zip(products, STOCK, strict=True)),
        staff=make_staff("manager").id,
    )
    world.carts = {buyer: {} for buyer in world.buyers}
    return world


class Shopping:
    """What happens to the carts of ``world``: each public method that draws is one thing that does."""

    world: World

    def an_order(self, draw: Draw) -> Bought:
        """One of those that somebody has begun."""
        bought: Bought = draw(some.sampled_from(self.world.orders))
        return bought

    def somebody_buys(self, draw: Draw) -> None:
        """From the shelf to the thanks, as most people do."""
        self.buy_and_go_on(draw(PURCHASES))

    def buy_and_go_on(self, wanted: Purchase) -> None:
        """The steps of it, which are things that happen by themselves, too."""
        for offset, units in enumerate(wanted.units):
            if units:
                self._put(wanted.who, (wanted.what + offset) % 3, units)
        self._enter_codes(wanted.who, wanted.card, wanted.coupon)
        self._press(wanted.who, wanted.method, wrong=False)
        self._pay(approved=True, comes_back=True)

    def fill_a_cart(self, draw: Draw) -> None:
        self._put(draw(WHO), draw(WHO), draw(some.sampled_from((1, 1, 2, 3))))

    def _put(self, who: int, what: int, units: int) -> None:
        buyer, product_id = self.world.buyers[who], self.world.products[what]
        with suppress(InsufficientStock):
            carts.add_line(buyer, product_id, units)
            cart = self.world.carts[buyer]
            cart[product_id] = cart.get(product_id, 0) + units

    def enter_codes(self, draw: Draw) -> None:
        self._enter_codes(draw(WHO), draw(some.sampled_from((None, 0, 1))), draw(some.booleans()))

    def _enter_codes(self, who: int, card: int | None, coupon: bool) -> None:
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

    def press_the_button(self, draw: Draw) -> None:
        self._press(draw(WHO), draw(some.sampled_from(METHODS)), wrong=draw(some.booleans()))

    def _press(self, who: int, method: str, *, wrong: bool) -> None:
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
        try:
            placed = place_order(buyer, request)
        except PaymentProviderFailure:  # it is drawn up, and the bank may know of it
            release()
            found = rows(
                "SELECT id, order_number FROM orders WHERE idempotency_key = :key",
                key=request.idempotency_key,
            )
            placed = PlacedOrder(*found[0], needs_shopper=True)
        world.orders.append(Bought(placed, buyer, request))
        if not placed.needs_shopper:
            self._cart_is_gone(buyer)

    def _cart_is_gone(self, buyer: Any) -> None:
        world = self.world
        world.carts[buyer] = {}
        world.coupons.discard(buyer)
        world.cards_in_carts.pop(buyer, None)

    def press_it_again(self, draw: Draw) -> None:
        bought = self.an_order(draw)
        with suppress(CheckoutExpired, PaymentProviderFailure):
            again = place_order(bought.buyer, bought.request)
            assert again.order_id == bought.placed.order_id, "the same key is the same order"

    def pay_by_card(self, draw: Draw) -> None:
        self._pay(approved=draw(some.sampled_from((True, True, False))), comes_back=draw(some.booleans()))

    def _pay(self, *, approved: bool, comes_back: bool) -> None:
        """Whoever stands before the card's fields, the last first."""
        waiting = [one.id for one in self.world.bank.intents.values() if one.status == "open"]
        if not waiting:
            return
        intent = waiting[-1]
        self.world.bank.pay(intent, approved=approved)
        if comes_back:
            self._news_of(intent)

    def _news_of(self, intent: str) -> None:
        about = uuid.UUID(self.world.bank.intents[intent].order_id)
        is_of_order = about in {one.placed.order_id for one in self.world.orders}
        with suppress(PaymentProviderFailure):
            bring_up_to_date(about) if is_of_order else settle_difference(about)
        self.look_at_carts()

    def look_at_carts(self) -> None:
        """Whose order counts by now has an empty cart, but for what they have added since."""
        release()
        for buyer in self.world.buyers:
            found = {line.product_id: line.quantity for line in _lines(buyer)}
            if found != self.world.carts[buyer]:
                self.world.carts[buyer] = found
                if not found:
                    self._cart_is_gone(buyer)

    def cancel(self, draw: Draw) -> None:
        bought = self.an_order(draw)
        with suppress(OrderNotCancellable, DomainError):
            cancel_order(bought.me, bought.placed.number)
            bought.is_cancelled = True


def _lines(buyer: Any) -> Any:
    lines = cart_view(buyer).snapshot.lines
    release()
    return lines
