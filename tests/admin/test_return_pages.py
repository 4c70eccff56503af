"""Refunds and returns on both sides of the counter, by forms alone: each step, each refusal, each right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from storefront.core.db import session
from storefront.orders.queries_for_refunds import order_refunds
from storefront.returns.queries import returnable, returns_of, staff_return
from storefront.returns.services import ReturnRequest, WantedLine, request_return
from tests.factories.accounts import make_staff, sign_in
from tests.factories.buying import Stock, guest_with_token, make_shipping, stock_of
from tests.factories.returns import Bought, buy, buy_kettles, deliver, kettle_sizes
from tests.web.paper_browser import PaperBrowser

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


@pytest.fixture
def manager(app: Flask) -> PaperBrowser:
    with app.app_context():
        make_shipping()
        person = make_staff("manager")
    browser = PaperBrowser(app)
    sign_in(browser.client, person)
    return browser


@pytest.fixture
def bought(app: Flask, manager: PaperBrowser) -> Bought:
    with app.app_context():
        order, _kettle = buy_kettles()
        deliver(order.order_id)
    return order


def ask(app: Flask, bought: Bought) -> str:
    with app.app_context():
        wanted = ReturnRequest("return", [WantedLine(bought.items[0], 2, "damaged")])
        return request_return(bought.me, bought.number, wanted).number


def test_a_refund_by_its_form_and_an_older_page_is_told(
    app: Flask, manager: PaperBrowser, bought: Bought
) -> None:
    path = f"/admin/orders/{bought.number}/refund"
    form = manager.form(manager.get(path), path).values
    chosen = form | {f"quantity-{bought.items[0]}": "1", "reason": "dented", "adjustment": "-2,50"}
    answer = manager.post(path, chosen)
    assert (answer.status_code, answer.location) == (303, f"/admin/orders/{bought.number}")
    page = manager.get(f"/admin/orders/{bought.number}").text
    assert "dented" in page
    assert "€27.50" in page
    again = manager.client.post(path, data=chosen)
    assert again.status_code == 422
    assert "Somebody else has just given money back for “Kettle”: €27.50 in all." in again.text
    with app.app_context():
        assert len(order_refunds(bought.order_id)) == 1
        session().rollback()


def test_what_was_not_sent_yet_stays_on_the_shelf_unless_somebody_says_otherwise(
    app: Flask, manager: PaperBrowser
) -> None:
    with app.app_context():
        order, kettle = buy_kettles()
    path = f"/admin/orders/{order.number}/refund"
    page = manager.get(path)
    assert "3 not sent yet" in page.text
    form = manager.form(page, path).values
    assert form[f"restock-{order.items[0]}"] == "1"
    assert manager.post(path, form | {f"quantity-{order.items[0]}": "1"}).status_code == 303
    with app.app_context():
        assert stock_of(kettle) == Stock(18, 0)
    assert order.number in manager.get("/admin/orders?status=placed").text
    rest = manager.form(manager.get(path), path).values | {
        f"quantity-{order.items[0]}": "2",
        "adjustment": "-1",
    }
    assert manager.post(path, rest).status_code == 303
    assert order.number not in manager.get("/admin/orders?status=placed").text
    assert order.number in manager.get("/admin/orders?status=completed").text
    shown = manager.get(f"/admin/orders/{order.number}").text
    assert "Nothing to send" in shown
    assert "Closed: nothing will be sent" in shown
    assert "Nothing to pack" in manager.get("/admin/").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Please choose what is to be given back"),
        ({"adjustment": "ten"}, "Please give amounts like 12.50."),
        ({"adjustment": "90.01"}, "is too much"),
        ({"shipping": "1"}, "is too much"),
        ({"adjustment": "1", "destination": "existing", "code": "no"}, "We know no gift card"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_sent(
    app: Flask, manager: PaperBrowser, bought: Bought, fields: dict[str, str], words: str
) -> None:
    path = f"/admin/orders/{bought.number}/refund"
    answer = manager.post(path, fields)
    assert answer.status_code == 422
    assert words in answer.text
    with app.app_context():
        assert order_refunds(bought.order_id) == []
        session().rollback()


def test_a_return_walks_through_its_page(app: Flask, manager: PaperBrowser, bought: Bought) -> None:
    number = ask(app, bought)
    assert number in manager.get("/admin/returns").text
    page = f"/admin/returns/{number}"
    for step, fields in (
        ("approve", {}),
        ("receive", {f"restock-{bought.items[0]}": "1"}),
        ("complete", {"kept": "10", "seen": "0.00"}),
    ):
        assert f"{page}/{step}" in manager.get(page).text
        answer = manager.post(f"{page}/{step}", fields)
        assert answer.status_code == 303, answer.text
    assert manager.post(f"{page}/approve", {}).status_code == 422
    with app.app_context():
        assert staff_return(number).status == "completed"
        assert [one.amount for one in order_refunds(bought.order_id)] == [50]
        session().rollback()


def test_support_decides_and_receives_but_gives_no_money(app: Flask, bought: Bought) -> None:
    number = ask(app, bought)
    with app.app_context():
        person = make_staff("support")
    support = PaperBrowser(app)
    sign_in(support.client, person)
    page = f"/admin/returns/{number}"
    for step in ("approve", "receive"):
        assert support.post(f"{page}/{step}", {}).status_code == 303
    assert "/complete" not in support.get(page).text
    assert support.get(f"/admin/orders/{bought.number}/refund").status_code == 403


def test_a_shopper_exchanges_from_the_orders_page_and_withdraws(app: Flask, manager: PaperBrowser) -> None:
    with app.app_context():
        sizes = kettle_sizes()
        order = buy("90.00", (sizes[0], 3))
        deliver(order.order_id)
        _guest, token = guest_with_token()
    guest = PaperBrowser(app, token)
    lookup = guest.post("/orders/find", {"number": order.number, "email": "ida@example.com"})
    assert lookup.status_code == 303
    path = f"/orders/{order.number}/return"
    assert path in guest.get(f"/orders/{order.number}").text
    line = order.items[0]
    chosen = {"kind": "exchange", f"quantity-{line}": "1", f"reason-{line}": "too_small"}
    assert "Please choose what you want instead" in guest.post(path, chosen).text
    review = guest.post(path, chosen | {f"instead-{line}": str(sizes[2])})
    assert "The replacement costs €6.00 more." in review.text
    form = guest.form(review, path).values
    assert form["expected"] == "6.00"
    back = guest.client.post(path, data=form | {"change": "1"})
    assert f'<option value="{sizes[2]}" selected>' in back.text
    wrong = guest.client.post(path, data=form | {"expected": "0.00"})
    assert "The difference has changed from €0.00 to €6.00." in wrong.text
    assert guest.client.post(path, data=form).status_code == 303
    page = guest.get(f"/orders/{order.number}")
    assert f"Exchange {order.number}-R1" in page.text
    withdraw = f"/orders/{order.number}/returns/{order.number}-R1/withdraw"
    stranger = PaperBrowser(app)
    assert stranger.client.post(withdraw).status_code in (400, 404)
    assert guest.client.post(withdraw, data=guest.form(page, withdraw).values).status_code == 303
    with app.app_context():
        assert [one.status for one in returns_of(order.order_id)] == ["cancelled"]
        assert returnable(order.me, order.number).lines[0].left == 3
        session().rollback()


def test_strangers_find_nothing(app: Flask, bought: Bought) -> None:
    with app.app_context():
        _guest, token = guest_with_token()
    assert PaperBrowser(app, token).get(f"/orders/{bought.number}/return").status_code == 404


def test_the_list_asks_little(
    app: Flask, manager: PaperBrowser, bought: Bought, assert_queries: AssertQueries
) -> None:
    ask(app, bought)
    manager.get("/admin/returns")
    with assert_queries(3):  # the visitor, how many there are, one page of them
        manager.get("/admin/returns")
