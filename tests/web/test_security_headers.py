"""The security headers: on every answer, with no exception for anything inline."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

ADDRESSES = ["/", "/static/dist/none.AAAAAAAA.css", "/no-such-page", "/health/live"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_them(client: FlaskClient, address: str) -> None:
    headers = client.get(address).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("address", ["/cart", "/chat", "/orders/find", "/no-such-page"])
def test_no_shared_cache_keeps_a_page_that_may_be_somebodys(client: FlaskClient, address: str) -> None:
    caching = client.get(address).headers["Cache-Control"]
    assert caching in ("private, no-cache", "no-store")


def test_the_policy_allows_only_the_shop_itself(client: FlaskClient) -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in client.get("/no-such-page").headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    text = str(policy)
    assert "unsafe" not in text
    assert "data:" not in text
    assert "*" not in text


def test_https_is_remembered_only_where_it_is_used(client: FlaskClient) -> None:
    plain = client.get("/health/live")
    secure = client.get("/health/live", base_url="https://shop.example.com")
    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
