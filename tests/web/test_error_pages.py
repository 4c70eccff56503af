"""Error pages: useful, in the shop's frame where that can be had, and without the database where it cannot."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from storefront.core.db import db
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


def test_a_search_that_takes_too_long_is_stopped_and_says_so(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    with app.app_context():
        make_product("Tent")
        engine = db.engine

    def hurry(driver: Any, _record: object, _proxy: object) -> None:
        driver.execute("SET statement_timeout = '100ms'")

    assert settings.database_owner_url
    owner = sa.create_engine(settings.database_owner_url.get_secret_value(), poolclass=sa.NullPool)
    with owner.connect() as somebody:
        somebody.execute(sa.text("LOCK TABLE product_search IN ACCESS EXCLUSIVE MODE"))
        engine.dispose()
        sa.event.listen(engine, "checkout", hurry)
        try:
            page = client.get("/search?q=tent")
            fragment = client.get("/search?q=tent", headers={"HX-Request": "true"})
        finally:
            sa.event.remove(engine, "checkout", hurry)
            engine.dispose()
    assert (page.status_code, fragment.status_code) == (503, 503)
    assert "took longer than it should" in page.text
    assert "took longer than it should" in fragment.text
    assert client.get("/search?q=tent").status_code == 200
