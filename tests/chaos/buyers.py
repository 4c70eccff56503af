"""Buyers who write down what the shop has told them: what it acknowledged, refused, and never answered.

Each one buys once, as somebody who has never been here, in one of the ways of :data:`WAYS`. A request that fails is
sent again, word for word, until it is answered. What is acknowledged is in the notes with the amounts that the page
had shown; the check afterwards believes these notes and not the shop.
"""

from __future__ import annotations

import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from tests.chaos.web import Answer, Browser, Tally
from tests.stripe_server import DECLINED, StripeServer
from tests.web.paper_browser import forms_of

WAYS = ("invoice", "gift card", "card")
_TRIES_AFTER_A_REMARK = 4
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass
class Note:
    """What one buyer has seen. Amounts are euro; ``lines`` are the units' prices by product id.

    ``outcome``: ``acknowledged`` the thanks page was reached; ``refused`` the shop said no, in words; ``left`` they
    never paid; ``unanswered`` no end of it was seen in time.
    """

    email: str
    way: str
    outcome: str = "unanswered"
    numbers: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    total: Decimal = Decimal(0)
    gift_card: Decimal = Decimal(0)
    lines: dict[str, Decimal] = field(default_factory=dict)
    paid_intents: set[str] = field(default_factory=set)
    cancel: str = ""
    remark: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Wares:
    """What is on the shelf: products by their ids, and the codes of gift cards."""

    plenty: tuple[str, ...]
    scarce: tuple[str, ...]
    gift_cards: tuple[str, ...]


@dataclass
class Buyer:
    """One person; ``chance`` makes everything they do repeatable. They give up ``patience`` seconds after they came."""

    number: int
    url: str
    wares: Wares
    stripe: StripeServer
    chance: random.Random
    tally: Tally
    patience: float = 90.0

    def buy(self) -> Note:
        """From an empty cart to the end, whatever that is."""
        self._browser = Browser(self.url, self.tally)
        self._begun = time.monotonic()
        self.note = Note(f"buyer-{self.number}@example.com", self.chance.choice(WAYS))
        self._by_card = self.note.way == "card" or (
            self.note.way == "gift card" and self.chance.random() < 0.3
        )
        try:
            self._fill_cart()
            self._check_out()
            if self.note.outcome == "acknowledged" and self.chance.random() < 0.25:
                self._cancel()
        except _OutOfPatience:
            pass
        self.note.seconds = time.monotonic() - self._begun
        return self.note

    def _fill_cart(self) -> None:
        wanted = self.chance.sample(self.wares.plenty, self.chance.randint(1, 3))
        if self.chance.random() < 0.2:
            wanted.append(self.chance.choice(self.wares.scarce))
        for product_id in wanted:
            quantity = str(self.chance.randint(1, 3))
            self._until_answered("/cart/lines", {"product_id": product_id, "quantity": quantity})

    def _check_out(self) -> None:
        answer = self._until_answered("/checkout")
        if self.note.way == "gift card":
            form = self._form(answer)
            if form is not None:
                form |= {"act": "gift_card", "gift_card": self.chance.choice(self.wares.gift_cards)}
                answer = self._until_answered("/checkout/codes", form)
        for _try in range(_TRIES_AFTER_A_REMARK):
            form = self._form(answer)
            if form is None:  # the cart is empty: everything in it was sold out
                self._end("refused", "nothing in the cart")
                return
            answer = self._press_the_button(form | self._typed())
            if answer.status == 303:
                self._after_the_button(answer)
                return
        self._end("refused", _problem(answer))

    def _typed(self) -> dict[str, str]:
        return {
            "email": self.note.email,
            "shipping-full_name": "Ida Larsen",
            "shipping-line1": "Am Hang 3",
            "shipping-postal_code": "10115",
            "shipping-city": "Berlin",
            "shipping-country": "DE",
            "shipping_method": "standard",
            "payment_method": "stripe" if self._by_card else "invoice",
            "gift_card": "",
        }

    def _press_the_button(self, form: dict[str, str]) -> Answer:
        """Send the form, some twice at once, until there is an answer; what the page had shown is noted first."""
        note = self.note
        note.keys.append(form["idempotency_key"])
        note.total, note.gift_card = Decimal(form["expected_total"]), Decimal(form["expected_gift_card"])
        note.lines = {
            key: Decimal(amount) for what, key, _, amount in json.loads(form["seen"]) if what == "line"
        }
        if self.chance.random() < 0.3:
            with ThreadPoolExecutor(2) as hands:
                answers = list(hands.map(lambda _: self._browser.post("/checkout", form), range(2)))
            for one in answers:
                self._note_number(one)
            right = [one for one in answers if one.status == 303]
            if right:
                return right[0]
        answer = self._until_answered("/checkout", form)
        self._note_number(answer)
        return answer

    def _note_number(self, answer: Answer) -> None:
        found = re.fullmatch(r"/orders/([^/]+)/thanks", answer.path)
        if found:
            self.note.numbers.add(found[1])

    def _after_the_button(self, answer: Answer) -> None:
        if answer.path.startswith("/checkout/pay/"):
            self._pay(answer.path)
        elif self.note.numbers:
            self._end("acknowledged")
        else:
            self._end("refused", f"sent to {answer.path}")

    def _pay(self, path: str) -> None:
        """By card: some never do, some are declined first, some pay and never come back."""
        kind = self.chance.choices(
            ("pays", "never pays", "declined first", "never comes back"), (6, 1, 1, 1)
        )[0]
        if kind == "never pays":
            self._end("left", "never paid")
            return
        number = path.rpartition("/")[2]
        answer = self._until_answered(path)
        found = re.search(r'data-secret="(pi_[^"]+?)_secret_', answer.text)
        if found:
            if kind == "declined first":
                self.stripe.pay(found[1], DECLINED)
            self.stripe.pay(found[1])
            self.note.paid_intents.add(found[1])
            if kind == "never comes back":
                self._end("unanswered", f"paid {number} and left")
                return
        self._come_back(f"/checkout/return?order={number}")

    def _come_back(self, path: str) -> None:
        while True:
            answer = self._until_answered(path)
            self._note_number(answer)
            if self.note.numbers:
                self._end("acknowledged")
                return
            if answer.status == 303 and answer.path == "/cart":
                self._end("refused", "the order did not come about; the money goes back")
                return
            if answer.status == 404:
                self._end("refused", "not found")
                return
            self._pause(1.0)

    def _cancel(self) -> None:
        """Change one's mind. An order that offers no cancelling any more was cancelled by a try without an answer."""
        (number,) = list(self.note.numbers)[:1]
        path = f"/orders/{number}/cancel"
        answer = self._until_answered(path)
        form = next((one.values for one in forms_of(cast(Any, answer)) if one.action.endswith(path)), None)
        self.note.cancel = "asked"
        if form is not None:
            answer = self._until_answered(path, form)
        if answer.status == 303 and answer.path == f"/orders/{number}":
            self.note.cancel = "confirmed"

    def _form(self, answer: Answer) -> dict[str, str] | None:
        forms = forms_of(cast(Any, answer))
        return next((one.values for one in forms if one.action == "/checkout"), None)

    def _until_answered(self, path: str, form: dict[str, str] | None = None) -> Answer:
        for again in range(1_000):
            answer = self._browser.get(path) if form is None else self._browser.post(path, form)
            if not answer.failed:
                return answer
            self._pause(_PAUSES[min(again, len(_PAUSES) - 1)])
        raise _OutOfPatience

    def _pause(self, seconds: float) -> None:
        if time.monotonic() - self._begun > self.patience:
            raise _OutOfPatience
        time.sleep(seconds)

    def _end(self, outcome: str, remark: str = "") -> None:
        self.note.outcome, self.note.remark = outcome, remark


class _OutOfPatience(Exception):
    """The buyer goes home."""


def _problem(answer: Answer) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.partition('role="alert"')[2]))
    return f"{answer.status}:{text[1:200]}"
