"""What happens to an order once it is placed: money goes back, parcels leave and arrive, goods come back.

Staff press whatever button there is; what the shop refuses, it refuses with a word of its own. What went where is noted
here by who did it, not read out of the shop's ledgers.
"""

from __future__ import annotations

import itertools
import uuid
from contextlib import suppress
from decimal import Decimal

from hypothesis import strategies as some

from storefront.core.db import release
from storefront.core.errors import DomainError, NotFound
from storefront.orders.closing import close_order
from storefront.orders.fulfilment import ParcelRequest, mark_delivered, ship_parcel
from storefront.orders.money import capture_payment
from storefront.orders.queries import OrderPage, order_page
from storefront.orders.queries_for_refunds import refundable
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order, refund_payment
from storefront.providers.payment_provider import PaymentProviderFailure
from storefront.returns.queries import ReturnView, returnable, returns_of, staff_return
from storefront.returns.services import (
    ReturnRequest,
    WantedLine,
    approve_return,
    begin_difference,
    close_unreceived,
    complete_return,
    pay_later,
    receive_return,
    record_difference_paid,
    refuse_return,
    request_return,
    settle_difference,
    ship_replacement,
    waiting_difference,
    withdraw_return,
)
from tests.histories.shopping import Shopping
from tests.histories.world import Bought, Draw, rows

refused = suppress(DomainError, PaymentProviderFailure)
REFUNDS = tuple(itertools.product((1, 1, 2), (True, False), (True, False)))
"""So many units, onto a gift card or not, back on the shelf or not."""
ASKED = some.tuples(some.booleans(), some.booleans(), some.sampled_from((1, 2)), some.integers(0, 3))
"""For other goods, or money; by card, or onto a gift card; so many units; so many steps."""
BY_CARD = ("paid", "paid", "declined", "left", "nobody came back", "paid later")
"""How the card payment of a difference goes."""


class Afterwards(Shopping):
    """What happens to the orders of ``world``."""

    def _page(self, bought: Bought) -> OrderPage | None:
        """Its order's page; a draft has none."""
        with suppress(NotFound):
            return order_page(bought.me, bought.placed.number)
        return None

    # Money.

    def capture(self, draw: Draw) -> None:
        bought = self.an_order(draw)
        part, final = draw(some.sampled_from((Decimal(1), Decimal("0.5")))), draw(some.booleans())
        amount = (bought.request.expected_total - bought.request.expected_gift_card) * part
        with refused:
            capture_payment(bought.placed.number, amount.quantize(Decimal("0.01")), final=final)

    def refund(self, draw: Draw) -> None:
        bought = self.an_order(draw)
        with refused:
            refund_payment(bought.placed.number, Decimal(draw(some.integers(1, 9_000))) / 100)

    def refund_units(self, draw: Draw) -> None:
        bought = self.an_order(draw)
        units, card, restock = draw(some.sampled_from(REFUNDS))
        with suppress(NotFound):
            line = draw(some.sampled_from(refundable(bought.placed.number).lines))
            release()
            wanted = RefundRequest(
                lines=[RefundLine(line.id, units, restock=restock)],
                destination="gift_card" if card else "original",
            )
            cancelled, written = _cancelled(line.id), _written(line.id)
            before = self.world.where(bought, line.product_id)
            with refused:
                refund_order(None, bought.placed.number, wanted)
            release()
            if _written(line.id) > written:
                unsent = _cancelled(line.id) - cancelled
                bought.note_refund(line.product_id, units, unsent, before, restock=restock)

    # Goods that leave.

    def a_parcel_leaves(self, draw: Draw) -> None:
        bought, part = self.an_order(draw), draw(some.sampled_from((0, 1, 2)))
        self.send(bought, part, charge_all=draw(some.booleans()))

    def parcels_arrive(self, draw: Draw) -> None:
        self.arrive(self.an_order(draw))

    def close_what_is_left(self, draw: Draw) -> None:
        with refused:
            close_order(self.world.staff, self.an_order(draw).placed.number)

    def send(self, bought: Bought, part: int = 0, *, charge_all: bool = False) -> None:
        """Send all that is left of an order, or ``part`` of each line at the most."""
        page = self._page(bought)
        if page is None:
            return
        left = {line.id: min(line.left, part or line.left) for line in page.lines if line.left}
        release()
        with refused:
            ship_parcel(self.world.staff, bought.placed.number, ParcelRequest(left, charge_all=charge_all))

    def arrive(self, bought: Bought) -> None:
        """Whatever is on its way is there."""
        page = self._page(bought)
        release()
        for parcel in page.parcels if page else ():
            if parcel.status == "shipped" and parcel.id is not None:
                mark_delivered(self.world.staff, bought.placed.number, parcel.id)

    # Goods that come back.

    def send_back(self, draw: Draw) -> None:
        """Ask for it, and staff take so many steps at once."""
        bought = self.an_order(draw)
        exchange, card, units, steps = draw(ASKED)
        with suppress(DomainError):
            order = returnable(bought.me, bought.placed.number)
            line = draw(some.sampled_from(order.lines))
            release()
            offered = line.replacements if exchange else ()
            chosen = draw(some.sampled_from(offered)) if offered else None
            is_dearer = chosen is not None and chosen.price > line.unit_price
            wanted = WantedLine(line.id, units, "other", replacement_id=chosen.product_id if chosen else None)
            dearer = "stripe" if card or steps > 1 else "invoice"
            method = dearer if is_dearer else "gift_card" if card else "original"
            request = ReturnRequest("exchange" if exchange else "return", [wanted], method)
            asked = request_return(bought.me, bought.placed.number, request)
            for _step in range(steps):
                self._go_on(bought, staff_return(asked.number), good=units == 1)
                release()

    def agree_to_a_dearer_one(self, bought: Bought, how: str) -> None:
        """Something of it is to be exchanged for something dearer, as staff have agreed; a card pays so, or not yet."""
        with suppress(DomainError):
            order = returnable(bought.me, bought.placed.number)
            release()
            for line in order.lines:
                for chosen in line.replacements:
                    if chosen.price > line.unit_price:
                        wanted = WantedLine(line.id, 1, "other", replacement_id=chosen.product_id)
                        request = ReturnRequest("exchange", [wanted], "stripe")
                        asked = request_return(bought.me, bought.placed.number, request)
                        approve_return(self.world.staff, asked.number)
                        if how in BY_CARD:
                            self._pay_difference(bought, asked.number, how)
                        return

    def decide_about_a_return(self, draw: Draw) -> None:
        bought, one = self._return(draw, "requested", "approved")
        if one is None:
            return
        fate = draw(some.sampled_from(("on", "on", "on", "refuse", "withdraw", "never came")))
        with refused:
            if fate == "refuse":
                refuse_return(self.world.staff, one.number, "worn")
            elif fate == "withdraw":
                withdraw_return(bought.me, one.number)
            elif fate == "never came":
                close_unreceived(self.world.staff, one.number)
            else:
                self._go_on(bought, one, good=draw(some.booleans()))

    def _go_on(self, bought: Bought, one: ReturnView, *, good: bool) -> None:
        if one.awaits_card and good:
            self._pay_difference(bought, one.number, "paid")
        with refused:
            if one.status == "requested":
                approve_return(self.world.staff, one.number)
            elif one.status == "approved":
                self._receive(bought, one, good=good)
            elif one.status == "received":
                self._end(bought, one)

    def _receive(self, bought: Bought, one: ReturnView, *, good: bool) -> None:
        before = {line.item_id: self.world.where(bought, line.product_id) for line in one.lines}
        receive_return(self.world.staff, one.number, [line.item_id for line in one.lines] if good else [])
        for line in one.lines:
            if good and line.product_id is not None:
                bought.note_back(line.product_id, min(line.quantity, before[line.item_id].out))

    def finish_a_return(self, draw: Draw) -> None:
        bought, one = self._return(draw, "received")
        if one is not None:
            self._end(bought, one, draw(some.sampled_from((Decimal(0), Decimal(0), Decimal("1.50")))))

    def _end(self, bought: Bought, one: ReturnView, kept: Decimal = Decimal(0)) -> None:
        with refused:
            if one.is_exchange:
                ship_replacement(self.world.staff, one.number, "DHL", "T1")
            else:
                complete_return(self.world.staff, one.number, kept=kept)
        release()
        if one.is_exchange and one.shipped_at is None and _is_sent(one.id):
            for line in one.lines:
                bought.note_replacement(line.replacement_id, line.quantity)

    def pay_a_difference(self, draw: Draw) -> None:
        """By card, or staff have seen the money of who pays later."""
        bought, one = self._return(draw, "approved", "received", "completed")
        if one is None:
            return
        if one.awaits_card:
            self._pay_difference(bought, one.number, draw(some.sampled_from(BY_CARD)))
            return
        with refused:
            record_difference_paid(self.world.staff, one.number)

    def _pay_difference(self, bought: Bought, number: str, how: str) -> None:
        """Before the card's fields: the bank says yes or no, or nobody comes back, or it is paid later after all."""
        with refused:
            begin_difference(bought.me, number)
            release()
            payment = waiting_difference(bought.me, number)
            release()
            if payment is None or payment.provider_reference is None:
                return
            if how != "left":
                self.world.bank.pay(payment.provider_reference, approved=how != "declined")
            if how in ("paid", "declined"):
                settle_difference(payment.id)
            if how == "paid later":
                pay_later(bought.me, number, "invoice")

    def _return(self, draw: Draw, *statuses: str) -> tuple[Bought, ReturnView] | tuple[None, None]:
        there = [
            (bought, one)
            for bought in self.world.orders
            for one in returns_of(bought.placed.order_id)
            if one.status in statuses
        ]
        release()
        return draw(some.sampled_from(there)) if there else (None, None)


def _cancelled(item_id: uuid.UUID) -> int:
    return int(rows("SELECT cancelled_quantity FROM order_items WHERE id = :id", id=item_id)[0][0])


def _written(item_id: uuid.UUID) -> int:
    """How many refunds name units of the line, those that failed too."""
    text = "SELECT count(*) FROM refund_items WHERE order_item_id = :id AND quantity > 0"
    return int(rows(text, id=item_id)[0][0])


def _is_sent(return_id: uuid.UUID) -> bool:
    return bool(rows("SELECT shipped_at IS NOT NULL FROM returns WHERE id = :id", id=return_id)[0][0])
