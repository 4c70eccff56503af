"""The way in for staff: permissions at the door, products edited without overwriting, stock counted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.analytics.models import AuditLog
from storefront.assistant import services as conversations
from storefront.catalog.models import Product
from storefront.core.db import session, transaction
from storefront.inventory.models import StockMovement
from tests.factories.accounts import MadeUser, make_staff, make_user, sign_in
from tests.factories.accounts import post as post_with_token
from tests.factories.buying import make_guest
from tests.factories.catalog import Made, make_brand, make_category, make_product

PAGES = ("/admin/", "/admin/products", "/admin/stock", "/admin/orders", "/admin/conversations")


@pytest.fixture
def tent(app: Flask) -> Made:
    with app.app_context():
        return make_product("Tent", "99.00", 5, category=make_category("Tents"), brand=make_brand("Tarnholt"))


@pytest.fixture
def editor(app: Flask, client: FlaskClient) -> FlaskClient:
    """A browser in which somebody who edits the catalog is signed in."""
    return signed_in(app, client, "catalog_editor")


def signed_in(app: Flask, client: FlaskClient, role: str) -> FlaskClient:
    with app.app_context():
        person: MadeUser = make_staff(role)
    sign_in(client, person)
    return client


def post(client: FlaskClient, url: str, fields: dict[str, str]) -> TestResponse:
    """Send a staff form. Somebody who is signed in finds a token on every staff page."""
    return post_with_token(client, url, page="/admin/", **fields)


def edit_form(client: FlaskClient, product: Made) -> dict[str, str]:
    """The edit form's fields as the page has them."""
    page = client.get(f"/admin/products/{product.id}").text
    fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    chosen = re.findall(r'<select[^>]*name="(\w+)".*?<option selected value="([^"]*)"', page, re.DOTALL)
    fields.pop("is_featured")  # an empty checkbox is not sent
    return {**fields, **dict(chosen), "is_active": "y"}


def audit_rows(app: Flask) -> list[tuple[str, str, dict[str, object]]]:
    with app.app_context():
        rows = session().execute(sa.select(AuditLog.action, AuditLog.resource_type, AuditLog.changes))
        return [tuple(row) for row in rows if row.resource_type == "product"]


def test_the_overview_colours_what_needs_somebody(app: Flask, client: FlaskClient) -> None:
    staff = signed_in(app, client, "admin")
    figure = r'Running low or sold out</p><p class="([^"]+)">(\d+)<'
    assert re.findall(figure, staff.get("/admin/").text) == [("stat__value", "0")]
    with app.app_context():
        make_product("Stove", "60.00", 0)
    assert re.findall(figure, staff.get("/admin/").text) == [("stat__value stat__value--warn", "1")]


@pytest.mark.parametrize("page", PAGES)
def test_guests_are_asked_to_sign_in_and_come_back(client: FlaskClient, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/account/sign-in?next={page}"


@pytest.mark.parametrize("page", PAGES)
def test_customers_are_told_that_they_may_not(app: Flask, client: FlaskClient, page: str) -> None:
    with app.app_context():
        customer = make_user()
    sign_in(client, customer)
    answer = client.get(page)
    assert answer.status_code == 403
    assert "may not do this" in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_an_administrator_sees_every_page_and_no_cache_does(
    app: Flask, client: FlaskClient, tent: Made, page: str
) -> None:
    answer = signed_in(app, client, "admin").get(page)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_role_opens_its_own_pages_only(app: Flask, editor: FlaskClient) -> None:
    assert [editor.get(page).status_code for page in PAGES] == [200, 200, 200, 403, 403]
    navigation = editor.get("/admin/").text
    assert 'href="/admin/products"' in navigation
    assert 'href="/admin/orders"' not in navigation


def test_an_edit_is_saved_with_one_audit_row(app: Flask, editor: FlaskClient, tent: Made) -> None:
    fields = edit_form(editor, tent) | {"name": "Better tent", "price": "120.50", "tags": "light, red"}
    answer = post(editor, f"/admin/products/{tent.id}", fields)
    assert answer.status_code == 303
    with app.app_context():
        saved = session().get_one(Product, tent.id)
        assert (saved.name, str(saved.price), saved.tags, saved.version) == (
            "Better tent",
            "120.50",
            ["light", "red"],
            2,
        )
    [(action, _type, changes)] = audit_rows(app)
    assert action == "update"
    assert set(changes) == {"name", "price", "tags"}
    assert changes["price"] == {"before": "99.00", "after": "120.50"}


def test_nothing_changed_writes_nothing(app: Flask, editor: FlaskClient, tent: Made) -> None:
    assert post(editor, f"/admin/products/{tent.id}", edit_form(editor, tent)).status_code == 303
    assert audit_rows(app) == []


def test_somebody_elses_edit_is_not_overwritten(app: Flask, editor: FlaskClient, tent: Made) -> None:
    fields = edit_form(editor, tent) | {"name": "Mine"}
    post(editor, f"/admin/products/{tent.id}", edit_form(editor, tent) | {"name": "Theirs"})
    answer = post(editor, f"/admin/products/{tent.id}", fields)
    assert answer.status_code == 409
    assert "Somebody else has saved this product meanwhile" in answer.text
    assert 'value="Mine"' in answer.text
    with app.app_context():
        assert session().get_one(Product, tent.id).name == "Theirs"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"price": "-1"}, "Number must be between"),
        ({"price": "abc"}, "Not a valid decimal value"),
        ({"compare_at_price": "50"}, "The price before must be above the price."),
        ({"slug": "No Slug!"}, "Lower-case letters"),
        ({"slug": "taken"}, "already has the address"),
        ({"category_id": str(uuid.uuid4())}, "Not a valid choice"),
    ],
)
def test_a_bad_edit_is_told_and_keeps_what_was_typed(
    app: Flask, editor: FlaskClient, tent: Made, change: dict[str, str], words: str
) -> None:
    with app.app_context():
        make_product("Other", slug="taken")
    answer = post(editor, f"/admin/products/{tent.id}", edit_form(editor, tent) | {"tags": "kept"} | change)
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert 'value="kept"' in answer.text
    assert audit_rows(app) == []


def test_counting_the_shelf_writes_the_difference(app: Flask, editor: FlaskClient, tent: Made) -> None:
    answer = post(editor, f"/admin/stock/{tent.id}", {"quantity": "3", "note": "two broken"})
    assert answer.status_code == 303
    with app.app_context():
        deltas = session().execute(
            sa.select(StockMovement.delta, StockMovement.note).order_by(StockMovement.id.desc()).limit(1)
        )
        assert tuple(deltas.one()) == (-2, "two broken")
    [(action, _type, changes)] = audit_rows(app)
    assert (action, changes) == ("count", {"stock_quantity": {"before": 5, "after": 3}})


def test_units_held_for_orders_cannot_be_counted_away(app: Flask, editor: FlaskClient, tent: Made) -> None:
    with app.app_context(), transaction() as current:
        current.execute(sa.update(Product).where(Product.id == tent.id).values(reserved_quantity=4))
    answer = post(editor, f"/admin/stock/{tent.id}", {"quantity": "3"})
    assert answer.status_code == 422
    with app.app_context():
        assert session().get_one(Product, tent.id).stock_quantity == 5


def test_a_right_that_was_taken_away_is_gone_at_once(app: Flask, editor: FlaskClient, tent: Made) -> None:
    fields = edit_form(editor, tent) | {"name": "Late"}
    with app.app_context(), transaction() as current:
        current.execute(sa.text("UPDATE users SET roles = '{customer}'"))
    assert post(editor, f"/admin/products/{tent.id}", fields).status_code == 403
    with app.app_context():
        assert session().get_one(Product, tent.id).name == "Tent"


def test_a_transcript_shows_what_was_said_and_escapes_it(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        guest = make_guest()
        conversation = conversations.start_conversation(guest)
        conversations.receive_message(guest, conversation, "<script>alert(1)</script> hello", longest=100)
        conversations.request_handoff(guest, conversation, reason="asked", summary="Needs a <b>person</b>")
    browser = signed_in(app, client, "support")
    assert "Waits for a person" in browser.get("/admin/conversations").text
    page = browser.get(f"/admin/conversations/{conversation}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; hello" in page
    assert "Needs a &lt;b&gt;person&lt;/b&gt;" in page
    assert browser.get(f"/admin/conversations/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize(
    "page", ["/admin/products?q=tent", "/admin/stock?state=low", "/admin/orders?q=x", "/admin/conversations"]
)
def test_a_list_costs_three_queries(
    app: Flask,
    client: FlaskClient,
    tent: Made,
    page: str,
    assert_queries: Callable[[int], AbstractContextManager[list[str]]],
) -> None:
    browser = signed_in(app, client, "admin")
    with assert_queries(3):  # the visitor, the count, the page
        assert browser.get(page).status_code == 200
