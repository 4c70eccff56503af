"""Error pages: useful, in the shop's frame where that can be had, and without the database where it cannot."""

from __future__ import annotations

from typing import NoReturn

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from storefront.http.errors import error_answer

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
