"""The application's second engine: services called inside ``acting_as`` run as the shopper's login."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.cart import services as cart
from storefront.cart.models import Cart, CartItem
from storefront.core.db import acting_as, session, transaction
from storefront.core.identity import Identity
from storefront.core.outbox import enqueue
from storefront.orders.models import Order
from tests.migrations import rows
from tests.migrations.conftest import Logins

_LOGIN = sa.text("SELECT current_user")


def test_services_run_as_the_shopper_and_only_inside(app_context: Flask, logins: Logins) -> None:
    visit = rows.visit(logins.app)
    product = rows.product(logins.app, stock_quantity=5)
    stranger = rows.insert(logins.app, "carts", session_id=rows.visit(logins.app))
    with acting_as(Identity(session_id=visit)):
        assert session().scalar(_LOGIN) == logins.shopper.info.user
        assert cart.add_line(Identity(session_id=visit), product, 2).quantity == 2
        assert stranger not in session().scalars(sa.select(Cart.id)).all()
        with transaction():
            enqueue("analytics.event", name="cart.add")
    assert session().scalar(_LOGIN) == logins.app.info.user
    assert session().scalars(sa.select(CartItem.quantity)).all() == [2]


def test_a_service_that_means_somebody_else_reaches_nothing(app_context: Flask, logins: Logins) -> None:
    ada, eve = rows.user(logins.app), rows.user(logins.app)
    order = rows.order(logins.app, user_id=ada, guest_email=None)
    product = rows.product(logins.app, stock_quantity=5)
    with acting_as(Identity(user_id=eve)):
        assert session().get(Order, order) is None
        # The argument says Ada, the transaction says Eve: the database believes the transaction.
        with pytest.raises(sa.exc.ProgrammingError) as caught:
            cart.add_line(Identity(user_id=ada), product, 1)
        assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)
    with acting_as(Identity(user_id=ada)):
        found = session().get(Order, order)
        assert found is not None
        assert found.order_number


def test_a_pooled_connection_carries_nobody_over(app_context: Flask, logins: Logins) -> None:
    ada = rows.user(logins.app)
    rows.order(logins.app, user_id=ada, guest_email=None)
    count = sa.select(sa.func.count()).select_from(Order)
    process = sa.text("SELECT pg_backend_pid()")
    with acting_as(Identity(user_id=ada)):
        assert session().scalar(count) == 1
        first = session().scalar(process)
    with acting_as(Identity()):
        assert session().scalar(process) == first, "the test is about one connection"
        assert session().scalar(count) == 0
