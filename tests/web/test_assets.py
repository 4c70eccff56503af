"""The browser files: their names, how they are sent, and what is kept from the outside."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.http.assets import DIST, AssetsNotBuilt, Manifest, asset_url

NAMES = sorted(json.loads((DIST / "manifest.json").read_text()))


@pytest.mark.parametrize("name", NAMES)
def test_every_built_file_is_served_for_ever(app_context: Flask, client: FlaskClient, name: str) -> None:
    with app_context.test_request_context():
        address = asset_url(name)
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in response.vary
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
    assert response.mimetype == kind[name.rpartition(".")[2]]
    assert response.data == (DIST / address.rpartition("/")[2]).read_bytes()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_best_accepted_encoding_is_sent(
    app_context: Flask, client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    address = asset_url("app.css")
    response = client.get(address, headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding
    assert response.mimetype == "text/css"
    plain = (DIST / address.rpartition("/")[2]).read_bytes()
    if encoding == "gzip":
        assert gzip.decompress(response.data) == plain
    elif encoding is None:
        assert response.data == plain
    else:
        assert len(response.data) < len(plain) / 3


def test_a_known_file_is_not_sent_again(app_context: Flask, client: FlaskClient) -> None:
    address = asset_url("app.js")
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


@pytest.mark.parametrize(
    "file",
    [
        "manifest.json",
        "app.css",
        "app.0000000000.css",
        "..%2Fjs%2Fapp.js",
        "app.AAAAAAAA.css.br",
        "%2e%2e%2f%2e%2e%2fwsgi.py",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, file: str) -> None:
    assert client.get(f"/static/dist/{file}").status_code == 404


def test_a_missing_build_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(AssetsNotBuilt, match=r"not built\. Run: npm ci && node build\.mjs"):
        Manifest(tmp_path).file_of("app.css")


def test_a_rebuild_is_noticed_without_a_restart(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    file = tmp_path / "manifest.json"
    file.write_text('{"app.css": "app.11111111.css"}')
    assert manifest.file_of("app.css") == "app.11111111.css"
    file.write_text('{"app.css": "app.22222222.css"}')
    stamp = file.stat()
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1_000_000))
    assert manifest.file_of("app.css") == "app.22222222.css"
    with pytest.raises(AssetsNotBuilt, match=r"no admin\.css"):
        manifest.file_of("admin.css")
