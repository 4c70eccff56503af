"""Error pages: useful, in the shop's frame where that can be had, and without the database where it cannot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
import sqlalchemy as sa
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from storefront.core.connections import engine_options
from storefront.core.db import db, reading, release, session, transaction
from storefront.core.settings import Settings
from storefront.http.errors import error_answer
from tests.factories.catalog import make_product

FRAMED = [400, 403, 404, 405, 410, 413, 429]
BARE = [500, 503]


@pytest.mark.parametrize("status", FRAMED)
def test_a_framed_page_explains_and_offers_ways_on(app: Flask, status: int) -> None:
    with app.test_request_context("/somewhere"):
        page = render_template(f"errors/{status}.html", status=status, message="")
    assert page.count("<h1>") == 1
    assert 'name="q"' in page
    assert 'content="noindex"' in page
    assert "Back to the home page" in page


@pytest.mark.parametrize("status", FRAMED)
def test_a_framed_page_says_the_message_it_was_given_as_text(app: Flask, status: int) -> None:
    with app.test_request_context("/somewhere"):
        page = render_template(
            f"errors/{status}.html", status=status, message="The <b>5 MB</b> were too much."
        )
    assert "The &lt;b&gt;5 MB&lt;/b&gt; were too much." in page


@pytest.mark.parametrize("status", BARE)
def test_a_bare_page_needs_nothing_but_the_built_files(app: Flask, status: int) -> None:
    template = app.jinja_env.get_template(f"errors/{status}.html")
    with app.app_context():
        page = template.render()  # no context at all: no shop, no visitor, no navigation
    assert "<h1>" in page
    assert 'href="/"' in page
    assert "csrf" not in page


def test_an_unknown_address_is_a_404_page(client: FlaskClient) -> None:
    response = client.get("/no/such/path")
    assert response.status_code == 404
    assert "There is no path here" in response.text
    assert "<main" in response.text


def test_an_unknown_address_is_a_message_for_htmx(client: FlaskClient) -> None:
    response = client.get("/no/such/path", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert response.headers["HX-Retarget"] == "#flash"
    assert "That is not there any more." in response.text
    assert "<html" not in response.text


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_somebody_with_a_session_gets_the_503_page_when_the_database_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    with app.test_request_context("/", headers={**headers, "Cookie": "shop_session=whatever"}):
        monkeypatch.setattr("storefront.http.context.current_visitor", _database_is_away)
        response = error_answer(503)
    assert response.status_code == 503
    text = response.get_data(as_text=True)
    assert "cannot reach our records" in text
    assert ("<html" in text) is not bool(headers)


def _database_is_away() -> NoReturn:
    raise OperationalError("SELECT", {}, Exception("the server is gone"))


@contextmanager
def slow_products(settings: Settings) -> Iterator[None]:
    """Whoever reads the list of products waits until the block ends."""
    assert settings.database_owner_url
    owner = sa.create_engine(settings.database_owner_url.get_secret_value(), poolclass=sa.NullPool)
    with owner.connect() as somebody:
        somebody.execute(sa.text("LOCK TABLE product_search IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.fixture
def hasty(application: Flask, settings: Settings, clean_database: None) -> Iterator[Flask]:
    """An application whose pages' statements may run for a fifth of a second."""
    from storefront import create_app, jobs

    hasty = create_app(settings.model_copy(update={"database_page_seconds": 0.2}))
    yield hasty
    with hasty.app_context():
        for engine in db.engines.values():
            engine.dispose()
    jobs.init_celery(application, settings)  # jobs run in the application that was made last


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/search?q=tent", {}),
        ("/search?q=tent", {"HX-Request": "true"}),
        ("/search/suggest?q=ten", {"HX-Request": "true"}),
    ],
)
def test_a_page_that_takes_too_long_is_stopped_and_says_so(
    hasty: Flask, settings: Settings, address: str, headers: dict[str, str]
) -> None:
    with hasty.app_context():
        make_product("Tent")
    client = hasty.test_client()
    with slow_products(settings):
        began = time.monotonic()
        answer = client.get(address, headers=headers)
        assert time.monotonic() - began < 10, "the login's own limit would be fifteen"
    assert answer.status_code == 503
    assert "took longer than it should" in answer.text
    assert ("<html" in answer.text) is not bool(headers)
    assert client.get(address, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("address", "method", "limit"),
    [
        ("/search", "GET", "200ms"),
        ("/search", "HEAD", "200ms"),
        ("/no-such-page", "GET", "200ms"),
        ("/cart/lines", "POST", "15s"),
        ("/admin/searches", "GET", "15s"),
        *(
            (f"/{path}", "GET", "15s")
            for path in ("checkout/return", "orders/1/change/paid", "account/cards/added")
        ),
        ("/orders/1/returns/2/paid", "GET", "15s"),
    ],
)
def test_only_what_a_shopper_waits_for_is_short(hasty: Flask, address: str, method: str, limit: str) -> None:
    with hasty.test_request_context(address, method=method):
        assert session().scalar(sa.text("SHOW statement_timeout")) == limit
        release()
        with transaction():  # the same engine until the request ends
            assert session().scalar(sa.text("SHOW statement_timeout")) == limit
    with hasty.test_request_context(address, method=method), reading() as borrowed:
        assert borrowed.execute("SHOW statement_timeout").fetchone() == (limit,)
    with hasty.app_context():
        assert session().scalar(sa.text("SHOW statement_timeout")) == "15s"


def test_without_a_limit_for_pages_the_logins_own_holds(app: Flask, settings: Settings) -> None:
    url = settings.database_url
    assert url
    given = f"{url.get_secret_value()}{'&' if '?' in url.get_secret_value() else '?'}options=-c%20jit%3Doff"
    for seconds, limit in ((0, "15s"), (1.5, "1500ms")):
        engine = sa.create_engine(
            **engine_options(settings, given, autocommit=True, statement_seconds=seconds)
        )
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SHOW jit")) == "off"
            assert connection.scalar(sa.text("SHOW statement_timeout")) == limit
        engine.dispose()


@pytest.mark.parametrize("address", ["/p/tent", "/search?q=tent", "/cart"])
def test_a_database_that_nobody_answers_at_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    nowhere = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1")
    monkeypatch.setattr("storefront.core.db._fitting_engine", lambda: nowhere)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["token"] = "of somebody"
    answer = client.get(address)
    assert answer.status_code == 503
