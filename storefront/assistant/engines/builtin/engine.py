"""The built-in assistant's answers: an intent, the tools it takes, a few plain sentences."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

from storefront.assistant.engines.builtin import replies
from storefront.assistant.engines.builtin.codes import after_removal, code_in, what_to_remove
from storefront.assistant.engines.builtin.intents import Intent, order_number, read_intent
from storefront.assistant.engines.builtin.references import (
    named_sku,
    open_choice,
    pointed_card,
    quantity_in,
)
from storefront.assistant.engines.builtin.wishes import Wish, read_wish
from storefront.assistant.engines.protocol import Turn
from storefront.assistant.events import Event, TextDelta, ToolCall, ToolResult
from storefront.assistant.tools.registry import Outcome

_QUESTION = re.compile(
    r"^\s*(?:who|what|when|why|how|where|is|are|can|could|will|would|does|did|should|tell|write)\b", re.I
)
_LONGEST_NAME = 6


class BuiltinEngine:
    """Answers without any provider. Deterministic: the same talk gets the same answer."""

    def answer(self, turn: Turn) -> Iterator[Event]:
        """See :meth:`Engine.answer`."""
        return _Answer(turn).events()


class _Answer:
    """One answer in the making; ``_use`` runs a tool and shows it as a step."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.message = open_choice(turn.history, turn.text) or turn.text
        self._calls = itertools.count(1)
        self._outcome = Outcome({}, "")

    def events(self) -> Iterator[Event]:
        if rest := after_removal(self.message):
            yield from self._remove_code()
            yield TextDelta("\n\n")
            self.message = rest
        intent = read_intent(self.message)
        if intent is Intent.POLICY and self._names_a_product():
            intent = Intent.PRODUCT
        fixed = replies.FIXED.get(intent)
        if fixed:
            yield TextDelta(fixed)
            return
        yield from self._handlers()[intent]()

    def _handlers(self) -> dict[Intent, Callable[[], Iterator[Event]]]:
        return {
            Intent.PERSON: self._person,
            Intent.USE_CODE: self._use_code,
            Intent.REMOVE_CODE: self._remove_code,
            Intent.ADD_TO_CART: self._add_to_cart,
            Intent.REMOVE_FROM_CART: self._remove_from_cart,
            Intent.VIEW_CART: self._view_cart,
            Intent.CANCEL_ORDER: self._cancel_order,
            Intent.ORDER_STATUS: self._order_status,
            Intent.POLICY: self._policy,
            Intent.PRODUCT: self._product,
        }

    def _use(self, tool: str, **arguments: Any) -> Iterator[Event]:
        """Run a tool; its outcome is in ``self._outcome`` afterwards."""
        call_id = f"builtin-{next(self._calls)}"
        given = {name: value for name, value in arguments.items() if value is not None}
        shown = {
            name: str(value) if not isinstance(value, int | list) else value
            for name, value in self.turn.tools.shown(tool, given).items()
        }
        yield ToolCall(call_id, tool, shown, self.turn.tools.label(tool, given))
        self._outcome = self.turn.tools.call(tool, given, self.turn.context)
        yield ToolResult(call_id, tool, self._outcome.ok, self._outcome.summary, self._outcome.data)

    @property
    def _data(self) -> dict[str, Any]:
        return self._outcome.data

    def _names_a_product(self) -> bool:
        wish = read_wish(self.message)
        return wish.is_explicit and bool(
            re.search(r"\b(?:kits?|bottles?|bags?|jackets?|tents?|boots?)\b", self.message, re.I)
        )

    # -- products -------------------------------------------------------------------------------------

    def _product(self) -> Iterator[Event]:
        wish = read_wish(self.message)
        if wish.is_empty:
            yield TextDelta(replies.ASK_WISH if wish.is_explicit else replies.NOT_UNDERSTOOD)
            return
        yield from self._search(wish)
        is_wish = wish.is_explicit or self._looks_like_a_name(wish)
        if not self._data.get("total") or (self._data["match"] != "exact" and not is_wish):
            yield from self._nothing_found(wish, is_wish)
            return
        if not is_wish and not self._outcome.events:
            yield TextDelta(replies.DECLINED)
            return
        if _QUESTION.match(self.message) and not is_wish:
            yield TextDelta(replies.DECLINED)
            return
        yield TextDelta(replies.found(wish, self._data, self.turn.context.currency))
        yield from self._outcome.events

    def _looks_like_a_name(self, wish: Wish) -> bool:
        has_limits = bool(wish.max_price or wish.min_price or wish.colour or wish.size or wish.is_gift)
        return has_limits or (
            len(self.message.split()) <= _LONGEST_NAME
            and not _QUESTION.match(self.message)
            and bool(wish.text)
        )

    def _search(self, wish: Wish, **changes: Any) -> Iterator[Event]:
        arguments: dict[str, Any] = {
            "query": wish.text,
            "max_price": wish.max_price,
            "min_price": wish.min_price,
            "colour": wish.colour,
            "size": wish.size,
            "tags": ["gift"] if wish.is_gift else None,
            "sort": None if wish.sort == "relevance" else wish.sort,
        }
        return self._use("search_products", **{**arguments, **changes})

    def _nothing_found(self, wish: Wish, is_wish: bool) -> Iterator[Event]:
        """Say what is missing; without the price limit there may be something worth seeing."""
        if not is_wish:
            yield TextDelta(replies.DECLINED)
            return
        guess = self._data.get("did_you_mean")
        if wish.is_gift and wish.text:
            yield from self._search(wish, tags=None)
        elif wish.max_price and wish.text:
            yield from self._search(wish, max_price=None, sort="price_up")
        if self._data.get("total") and self._outcome.events and (wish.is_gift or wish.max_price):
            yield TextDelta(replies.closest(wish, self._data, self.turn.context.currency))
            yield from self._outcome.events
            return
        yield TextDelta(replies.nothing(wish, guess, self.turn.context.currency))

    # -- cart -----------------------------------------------------------------------------------------

    def _view_cart(self) -> Iterator[Event]:
        yield from self._use("view_cart")
        yield TextDelta(replies.cart(self._data))

    def _add_to_cart(self) -> Iterator[Event]:
        card = pointed_card(self.turn.history, self.message)
        sku = named_sku(self.message) or (card["sku"] if card else None)
        if sku is None:
            yield from self._find_to_add()
            return
        yield from self._use("add_to_cart", sku=sku, quantity=quantity_in(self.message))
        yield TextDelta(replies.added(self._outcome))
        yield from self._outcome.events

    def _find_to_add(self) -> Iterator[Event]:
        """ "Add a headlamp to my cart": the only match is added, of several one must be chosen."""
        named = re.sub(
            r"(?i)\b(?:add|put|place|throw|take|i'?ll take)\b|\b(?:in|to|into) (?:my|the) \w+\b|\bcart\b|\bbasket\b",
            " ",
            self.message,
        )
        wish = read_wish(named)
        if not wish.text:
            yield TextDelta(replies.ASK_WHAT_TO_ADD)
            return
        yield from self._search(wish)
        if not self._data.get("total"):
            yield TextDelta(replies.nothing(wish, self._data.get("did_you_mean"), self.turn.context.currency))
        elif self._data["total"] == 1:
            yield from self._use(
                "add_to_cart", sku=self._data["products"][0]["sku"], quantity=quantity_in(self.message)
            )
            yield TextDelta(replies.added(self._outcome))
            yield from self._outcome.events
        else:
            yield TextDelta(replies.WHICH_TO_ADD)
            yield from self._outcome.events

    def _remove_from_cart(self) -> Iterator[Event]:
        yield from self._use("view_cart")
        lines = self._data.get("lines", [])
        sku = named_sku(self.message)
        said = set(re.findall(r"[a-z0-9]{3,}", self.message.lower()))
        wanted = [
            line
            for line in lines
            if line["sku"].lower() == (sku or "").lower()
            or said & set(re.findall(r"[a-z0-9]{3,}", line["name"].lower()))
        ]
        if re.search(r"\b(?:empty|clear|everything|all)\b", self.message, re.I):
            wanted = lines
        if not wanted:
            yield TextDelta(replies.remove_what(lines))
            return
        for line in wanted:
            yield from self._use("remove_from_cart", sku=line["sku"])
            yield from self._outcome.events
        yield TextDelta(replies.removed([line["name"] for line in wanted]))

    def _use_code(self) -> Iterator[Event]:
        code = code_in(self.message)
        if code is None:
            yield TextDelta(replies.ASK_WHICH_CODE)
            return
        yield from self._use("use_code", code=code)
        yield TextDelta(replies.code_used(self._outcome))
        yield from self._outcome.events

    def _remove_code(self) -> Iterator[Event]:
        yield from self._use("remove_code", which=what_to_remove(self.message))
        yield TextDelta(replies.code_removed(self._outcome))
        yield from self._outcome.events

    # -- orders, policies, people ---------------------------------------------------------------------

    def _order_status(self) -> Iterator[Event]:
        number = order_number(self.message)
        if number is None:
            yield from self._use("list_orders")
            orders = self._data.get("orders", [])
            if len(orders) != 1:
                yield TextDelta(replies.orders(self._data))
                return
            number = orders[0]["number"]
        yield from self._use("order_status", number=number)
        yield TextDelta(replies.order(self._data, self._outcome.ok, number))

    def _cancel_order(self) -> Iterator[Event]:
        """Cancelling is the shopper's own click on the order's page: say where, and whether it still can be."""
        number = order_number(self.message)
        if number is None:
            yield from self._use("list_orders")
            orders = self._data.get("orders", [])
            number = orders[0]["number"] if len(orders) == 1 else None
        if number is None:
            yield TextDelta(replies.cancel_which(self._data))
            return
        yield from self._use("order_status", number=number)
        yield TextDelta(replies.cancel(self._data, self._outcome.ok, number))

    def _policy(self) -> Iterator[Event]:
        yield from self._use("find_policy", question=self.message[:500])
        if not self._outcome.ok:
            yield TextDelta(replies.NO_POLICY)
            return
        yield TextDelta(replies.policy(self._data["passages"]))
        yield from self._outcome.events

    def _person(self) -> Iterator[Event]:
        email = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", self.message)
        complains = re.search(r"\b(?:complain|complaint|claim)\b", self.message, re.I)
        yield from self._use(
            "request_handoff",
            summary=self.message[:2_000],
            reason="complaint" if complains else "asked",
            contact_email=email.group(0) if email else None,
        )
        address = email.group(0) if email else None
        yield TextDelta(replies.handed_over(address) if self._outcome.ok else self._outcome.summary)
        yield from self._outcome.events
