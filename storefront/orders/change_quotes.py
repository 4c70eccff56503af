"""What a change of an order comes to: nothing more, another amount owed, money back, or a card that pays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from storefront.core.money import ZERO
from storefront.orders.change_pricing import Repriced, reprice
from storefront.orders.changeable import CurrentOrder, WantedChange
from storefront.orders.errors import OrderNotChangeable
from storefront.payments.amounts import check_amount
from storefront.payments.cards import CARDS
from storefront.payments.errors import UnknownPaymentMethod
from storefront.payments.methods import FREE, GIFT_CARD
from storefront.payments.queries import PaymentRow

Way = Literal["none", "owe", "back", "pay"]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change comes to. ``way``: nothing is paid now, another amount is owed, money goes back, or a card pays."""

    before: CurrentOrder
    after: Repriced
    way: Way
    amount: Decimal

    @property
    def difference(self) -> Decimal:
        """How much more the order costs."""
        return self.after.totals.total - self.before.total

    @property
    def changes_nothing(self) -> bool:
        """Whether the order is like that already."""
        before, after = self.before, self.after
        lines = tuple((line.id, line.product_id, line.quantity) for line in before.lines)
        wanted = tuple((line.id, line.product_id, line.quantity) for line in after.lines)
        return (
            lines == wanted
            and before.shipping_address == after.wanted.shipping_address
            and before.shipping_method == after.wanted.shipping_method
            and before.payment_method == after.wanted.payment_method
            and self.way != "pay"  # a card whose promise has lapsed pays once more
        )


def quoted(order: CurrentOrder, wanted: WantedChange, rows: list[PaymentRow]) -> Quote:
    """The change as it would be now, with the order's payments in ``rows``. Raises as ``change_order``."""
    after = reprice(order, wanted)
    to_pay = max(ZERO, after.totals.total - order.gift_card)
    own = [row for row in rows if not row.is_for_change and row.status not in ("cancelled", "failed")]
    method = wanted.payment_method
    taken = sum((row.left for row in own if row.status != "authorised"), ZERO)
    if any(row.status == "authorised" and row.captured for row in own):
        raise OrderNotChangeable(order.number, "paid")
    if taken:
        if method != order.payment_method or (method != CARDS.code and taken != to_pay):
            raise OrderNotChangeable(order.number, "paid")
        if taken == to_pay:
            return Quote(order, after, "none", ZERO)
        if taken < to_pay:
            check_amount(CARDS.code, to_pay - taken, order.currency, is_on_top=True)
        return Quote(order, after, "back" if taken > to_pay else "pay", abs(to_pay - taken))
    if not to_pay:
        return Quote(order, _paid_by_nobody(order, after), "none", ZERO)
    if order.payment_method == FREE.code:  # it says that it is paid, and an order never owes again
        raise OrderNotChangeable(order.number, "free")
    if method in (GIFT_CARD.code, FREE.code):
        raise UnknownPaymentMethod(method)
    promised = sum((row.amount for row in own if row.provider == CARDS.code), ZERO)
    if method == CARDS.code and to_pay > promised:
        check_amount(CARDS.code, to_pay, order.currency)
        return Quote(order, after, "pay", to_pay)
    return Quote(order, after, "none" if after.totals.total == order.total else "owe", to_pay)


def _paid_by_nobody(order: CurrentOrder, after: Repriced) -> Repriced:
    """The order as it would be, of which nothing is left to pay."""
    method = GIFT_CARD if order.gift_card else FREE
    return replace(after, wanted=replace(after.wanted, payment_method=method.code))
