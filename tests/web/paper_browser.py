"""A browser of paper: a test client that fills in forms as they stand on the page, without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.http.visitor import TOKEN

HTMX = {"HX-Request": "true"}


@dataclass
class Form:
    """A form as it stands on a page, with the values it would send if nobody touched it."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select: tuple[str, bool] | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "form":
            self.forms.append(Form(found.get("action") or "", (found.get("method") or "get").lower()))
        if not self.forms:
            return
        values = self.forms[-1].values
        name, value = found.get("name") or "", found.get("value")
        if tag == "input" and name and found.get("type") not in ("submit", "button"):
            if found.get("type") not in ("radio", "checkbox"):
                values[name] = value or ""
            elif "checked" in found:
                values[name] = value or "on"
        elif tag == "select":
            self._select = (name, False)
        elif tag == "option" and self._select:
            chosen, seen = self._select
            if not seen or "selected" in found:
                values[chosen] = value or ""
                self._select = (chosen, True)
        elif tag == "textarea":
            self._textarea = name
            values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None and self.forms:
            self.forms[-1].values[self._textarea] += data.removeprefix("\r\n").removeprefix("\n")


def forms_of(response: TestResponse) -> list[Form]:
    """All forms on a page."""
    parser = _Forms()
    parser.feed(response.text)
    return parser.forms


class PaperBrowser:
    """Opens pages and sends forms; ``token`` is the secret of a session row to begin with."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        if token:
            with self.client.session_transaction() as session:
                session[TOKEN] = token
        self._csrf = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **options)

    def follow(self, response: TestResponse) -> TestResponse:
        """Follow a redirect within the shop."""
        assert response.status_code in (301, 302, 303), response.text[:500]
        target = urlsplit(response.headers["Location"])
        return self.get(target.path + (f"?{target.query}" if target.query else ""))

    def form(self, response: TestResponse, action: str) -> Form:
        """The form on the page that goes to ``action``."""
        for form in forms_of(response):
            if urlsplit(form.action).path == action:
                return form
        raise AssertionError(
            f"no form to {action} on the page: {[form.action for form in forms_of(response)]}"
        )

    def submit(self, form: Form, **values: str) -> TestResponse:
        """Send a form as it stands, with ``values`` filled in (underscores in names stay)."""
        return self.client.post(form.action, data=form.values | values)

    def csrf(self) -> str:
        """A token for posts that no page's form is at hand for."""
        if not self._csrf:
            self._csrf = self.form(self.get("/orders/find"), "/orders/find").values["csrf_token"]
        return self._csrf

    def post(self, path: str, data: dict[str, str], **options: Any) -> TestResponse:
        """Send ``data`` with a valid CSRF token."""
        return self.client.post(path, data={"csrf_token": self.csrf(), **data}, **options)

    def ask(self, path: str, data: dict[str, str] | None = None, **headers: str) -> TestResponse:
        """The same as HTMX asks: a POST with ``data``, a GET without."""
        if data is None:
            return self.client.get(path, headers=HTMX | headers)
        return self.post(path, data, headers=HTMX | headers)
