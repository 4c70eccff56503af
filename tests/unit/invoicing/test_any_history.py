"""Whatever is changed, given back, exchanged or cancelled, in any order: by rate, papers say what the order costs.

``HISTORIES=1000`` makes up so many, afresh each time; without it ten, the same ones in each run.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from storefront.core.db import release, session
from storefront.core.errors import DomainError
from storefront.invoicing.queries import papers_of
from storefront.invoicing.services import issue_what_is_due
from storefront.invoicing.verification import invoice_differences
from storefront.orders.changeable import CurrentOrder, current_order
from storefront.orders.models import Order, OrderItem, OrderRefund, RefundItem
from storefront.orders.refund_goods import RefundLine
from storefront.orders.refunding import RefundRequest, refund_order
from storefront.orders.services import (
    LineChange,
    WantedChange,
    cancel_order,
    capture_payment,
    change_order,
    quote_change,
)
from storefront.returns.services import (
    ReturnRequest,
    WantedLine,
    approve_return,
    close_unreceived,
    request_return,
)
from storefront.shipping.services import save_tax_rate
from tests.factories.buying import make_address, make_category, make_product, make_shipping
from tests.factories.promotions import make_promotion
from tests.factories.returns import Bought, buy, deliver, kettle_sizes, staff_id

_WANTED = int(os.environ.get("HISTORIES", "0"))
pytestmark = pytest.mark.usefixtures("app_context")
Sums = dict[Decimal, tuple[Decimal, Decimal]]


class History:
    """An order over a book and two kettles, with an automatic discount, and what may happen to it."""

    def __init__(self, book: uuid.UUID, sizes: list[uuid.UUID], staff: uuid.UUID) -> None:
        self.sizes, self.staff = sizes, staff
        self.order = buy("70.73", (book, 1), (sizes[0], 2), paid=False)

    def change(self, place: int, quantity: int, size: int) -> None:
        """Other units of a line, of the second also another size; nobody counts which of it is refused."""
        order = self._as_it_is()
        line = order.lines[place % len(order.lines)]
        product_id = self.sizes[size] if line.product_id in self.sizes else line.product_id
        assert product_id is not None
        self._change(order, lines={line.id: LineChange(product_id, quantity)})

    def move(self, where: int, method: str) -> None:
        """To another street or country, paid another way."""
        to = (make_address(), make_address(line1="Am Tal 9"), make_address("AT", city="Wien"))[where]
        self._change(self._as_it_is(), shipping_address=to, payment_method=method)

    def refund(self, place: int, cents: int, units: int) -> None:
        """Units of a line, money for it, or a free amount."""
        lines = self._as_it_is().lines
        line = lines[place % len(lines)]
        if place == 2:
            request = RefundRequest(adjustment=Decimal(cents) / 100)
        else:
            money = Decimal(0) if units else Decimal(cents) / 100
            request = RefundRequest(lines=[RefundLine(line.id, units, amount=money)])
        refund_order(self.staff, self.order.number, request)

    def pay(self) -> None:
        """The money is here."""
        capture_payment(self.order.number)

    def exchange(self, size: int, *, close: bool) -> None:
        """It has arrived, and a kettle goes back for another; perhaps nothing comes."""
        order = self._as_it_is()
        kettles = [one for one in order.lines if one.product_id in self.sizes]
        if order.status == "cancelled" or not kettles:
            return
        deliver(self.order.order_id)
        wanted = [WantedLine(kettles[0].id, 1, "too_small", replacement_id=self.sizes[size])]
        for method in ("invoice", "original"):
            with suppress(DomainError):
                asked = request_return(
                    self.order.me, self.order.number, ReturnRequest("exchange", wanted, payment_method=method)
                )
                approve_return(self.staff, asked.number)
                if close:
                    close_unreceived(self.staff, asked.number)

    def cancel(self) -> None:
        """Nobody wants it any more."""
        cancel_order(self.order.me, self.order.number)

    def issue(self) -> None:
        """The job comes by."""
        issue_what_is_due(self.order.order_id)

    def _as_it_is(self) -> CurrentOrder:
        release()
        found = current_order(Order.id == self.order.order_id)
        assert found is not None
        release()
        return found

    def _change(self, order: CurrentOrder, **values: Any) -> None:
        wanted = WantedChange(order.shipping_address, order.shipping_method, order.payment_method)
        wanted = replace(wanted, **values)
        total = quote_change(self.order.me, order.number, wanted).after.totals.total
        release()
        change_order(self.order.me, order.number, wanted, total)


def on_paper(bought: Bought) -> Sums:
    """Gross and tax of each rate: invoices less credit notes."""
    found: Sums = {}
    for one in papers_of(bought.order_id).documents:
        for rate in one.content.rates:
            _add(found, rate.rate, rate.gross, rate.tax, -1 if one.is_credit_note else 1)
    return {rate: one for rate, one in found.items() if one != (0, 0)}


def costs(bought: Bought) -> Sums:
    """What the order costs now, by its rows: lines, shipping, exchanges, less what was given back."""
    found: Sums = {}
    order = session().scalars(sa.select(Order).where(Order.id == bought.order_id)).one()
    if order.status == "cancelled":
        return found
    for item in session().scalars(sa.select(OrderItem).where(OrderItem.order_id == order.id)):
        gross = item.total_price + item.exchange_amount + (0 if order.prices_include_tax else item.tax)
        _add(found, item.tax_rate, gross, item.tax + item.exchange_tax)
        _add(found, item.tax_rate, item.refunded_amount, item.refunded_tax, -1)
    gross = order.shipping_amount + (0 if order.prices_include_tax else order.shipping_tax)
    _add(found, order.shipping_tax_rate, gross, order.shipping_tax)
    back = session().execute(
        sa.select(RefundItem.amount, RefundItem.tax)
        .join(OrderRefund, OrderRefund.id == RefundItem.order_refund_id)
        .where(OrderRefund.order_id == order.id, RefundItem.order_item_id.is_(None))
    )
    for amount, tax in back:
        _add(found, order.shipping_tax_rate, amount, tax, -1)
    return {rate: one for rate, one in found.items() if one != (0, 0)}


def _add(sums: Sums, rate: Decimal, gross: Decimal, tax: Decimal, sign: int = 1) -> None:
    before = sums.get(rate, (Decimal(0), Decimal(0)))
    sums[rate] = (before[0] + sign * gross, before[1] + sign * tax)


@pytest.fixture
def shop(app_context: object) -> Callable[[], History]:
    """A shop in which histories begin."""
    make_shipping()
    books = make_category("Books")
    save_tax_rate("DE", Decimal(7), category_id=books)
    make_promotion("percent", "7")
    sizes, staff = kettle_sizes(stock=500), staff_id()
    book = make_product("Book", "10.79", 500, category_id=books)
    return lambda: History(book, sizes, staff)


Step = Callable[[History], None]
PLACES, SIZES = some.integers(0, 2), some.integers(0, 3)
CHANGES = some.builds(
    lambda place, quantity, size: lambda one: one.change(place, quantity, size),
    PLACES,
    some.integers(0, 3),
    SIZES,
)
MOVES = some.builds(
    lambda where, method: lambda one: one.move(where, method),
    PLACES,
    some.sampled_from(("invoice", "on_delivery")),
)
REFUNDS = some.builds(
    lambda place, cents, units: lambda one: one.refund(place, cents, units),
    PLACES,
    some.integers(1, 2500),
    some.integers(0, 2),
)
EXCHANGES = some.builds(
    lambda size, close: lambda one: one.exchange(size, close=close), SIZES, some.booleans()
)
ISSUES = some.just(lambda one: one.issue())
OTHERS = some.sampled_from((lambda one: one.pay(), lambda one: one.cancel()))
BEFORE = some.lists(some.one_of(CHANGES, MOVES, CHANGES, ISSUES), min_size=1, max_size=5)
AFTER = some.lists(some.one_of(REFUNDS, EXCHANGES, ISSUES, OTHERS, CHANGES), max_size=5)


@given(before=BEFORE, after=AFTER)
@settings(
    max_examples=_WANTED or 10,
    deadline=None,
    derandomize=not _WANTED,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
def test_papers_say_by_rate_what_the_order_costs(
    shop: Callable[[], History], before: list[Step], after: list[Step]
) -> None:
    history = shop()
    history.issue()
    for step in (*before, *after):
        with suppress(DomainError):
            step(history)
        release()
    history.issue()
    assert issue_what_is_due(history.order.order_id) == []
    release()
    assert on_paper(history.order) == costs(history.order)
    assert [one for one in invoice_differences() if _is_about(one.name, history.order.order_id)] == []
    release()


def _is_about(name: str, order_id: uuid.UUID) -> bool:
    return any(one.number == name for one in papers_of(order_id).documents)
