"""Stored pictures over HTTP: what is there is kept for ever, whatever else is asked for is simply not there."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.providers.object_storage import storage

PICTURE = "pictures/abc-small.webp"


@pytest.fixture(autouse=True)
def _picture(app: Flask) -> None:
    with app.app_context():
        storage().put(PICTURE, b"pixels", "image/webp")


def test_picture_is_kept_for_ever(client: FlaskClient) -> None:
    answer = client.get(f"/media/{PICTURE}")
    assert (answer.status_code, answer.data) == (200, b"pixels")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "key",
    [
        "pictures",
        f"{PICTURE}/more",
        "pictures/other-small.webp",
        "..%2fsecret_key",
        "pictures%2f..%2f..%2fsecret_key",
        "a%00b",
        "a" * 201,
    ],
)
def test_anything_else_is_not_there(client: FlaskClient, key: str) -> None:
    assert client.get(f"/media/{key}").status_code == 404
