"""Many invoices at once, some of which come to nothing: numbers without gaps, no order with two."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.core.db import session, transaction
from storefront.invoicing.models import Invoice, InvoiceSeries
from storefront.invoicing.services import issue_what_is_due
from storefront.orders.services import place_order
from tests.concurrency.threads import at_once
from tests.factories.buying import fill_cart, make_guest, make_product, make_shipping, order_request

pytestmark = pytest.mark.concurrency
ORDERS = 12


class CameToNothing(Exception):
    """A process that dies before it commits."""


@pytest.fixture
def orders(app: Flask) -> list[uuid.UUID]:
    with app.app_context():
        make_shipping()
        product = make_product("Kettle", "20.10", stock=100)
        placed = []
        for _ in range(ORDERS):
            guest = make_guest()
            fill_cart(guest, (product, 1))
            placed.append(place_order(guest, order_request("25.00")).order_id)
    return placed


def test_numbers_have_no_gaps_and_no_order_has_two(app: Flask, orders: list[uuid.UUID]) -> None:
    def issue(order_id: uuid.UUID) -> Callable[[], list[str]]:
        return lambda: issue_what_is_due(order_id)

    def die(order_id: uuid.UUID) -> Callable[[], list[str]]:
        def act() -> list[str]:
            with transaction():
                issue_what_is_due(order_id)
                raise CameToNothing

        return act

    # Each order is issued twice at once, and by somebody who dies of it.
    people = [make(order_id) for order_id in orders for make in (issue, die, issue)]
    outcomes = at_once(app, people, together=10)
    unexpected = [
        one for one in outcomes if isinstance(one, Exception) and not isinstance(one, CameToNothing)
    ]
    assert unexpected == []
    issued = [number for one in outcomes if not isinstance(one, Exception) for number in one]
    with app.app_context(), transaction():
        numbers = session().scalars(sa.select(Invoice.number).order_by(Invoice.number)).all()
        assert list(numbers) == list(range(1, ORDERS + 1))
        assert session().scalar(sa.select(InvoiceSeries.last_number)) == ORDERS
        assert len(set(session().scalars(sa.select(Invoice.order_id)))) == ORDERS
    assert len(issued) == len(set(issued)) == ORDERS
