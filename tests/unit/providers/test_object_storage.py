"""Pictures in a folder and in an S3-compatible bucket: the same promises, over real HTTP for the bucket."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from storefront.core.settings_reading import load_settings
from storefront.providers.object_storage import (
    BucketStorage,
    FolderStorage,
    InvalidKey,
    ObjectStorage,
    open_storage,
    storage,
)


class Bucket(BaseHTTPRequestHandler):
    """Speaks the four S3 requests that the shop makes, path style; keeps objects in memory."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, tuple[bytes, str]]
    seen: list[tuple[str, str, str]]

    def _answer(self, status: int, body: bytes = b"", content_type: str = "application/xml") -> None:
        self.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "aws-chunked" or b";chunk-signature" in body:
            self._answer(501)
            return
        self.objects[self.path] = (body, self.headers["Content-Type"])
        self._answer(200)

    def do_GET(self) -> None:
        found = self.objects.get(self.path)
        if found is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(200, *found)

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        self.objects.pop(self.path, None)
        self._answer(204)

    def log_message(self, format: str, *arguments: object) -> None:
        """Access lines of a test run are noise."""


@pytest.fixture
def bucket_server() -> Iterator[tuple[str, type[Bucket]]]:
    handler = type("FreshBucket", (Bucket,), {"objects": {}, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def bucket_at(url: str, folder: Path) -> ObjectStorage:
    return open_storage(
        load_settings(
            environment="test",
            secret_key=SecretStr("x" * 40),
            instance_dir=folder,
            media_backend="s3",
            s3_endpoint_url=url,
            s3_bucket="pictures",
            s3_access_key=SecretStr("access"),
            s3_secret_key=SecretStr("secret"),
        )
    )


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    if request.param == "folder":
        return FolderStorage(tmp_path / "media")
    url, _handler = request.getfixturevalue("bucket_server")
    return bucket_at(url, tmp_path)


def test_an_object_comes_back_as_it_was_put(store: ObjectStorage) -> None:
    assert store.get("pictures/ab-small.webp") is None
    assert not store.has("pictures/ab-small.webp")
    store.put("pictures/ab-small.webp", b"\x00pixels", "image/webp")
    store.put("pictures/ab-small.webp", b"\x00pixels", "image/webp")
    found = store.get("pictures/ab-small.webp")
    assert found is not None
    assert (found.body, found.content_type) == (b"\x00pixels", "image/webp")
    assert store.has("pictures/ab-small.webp")
    store.delete("pictures/ab-small.webp")
    store.delete("pictures/ab-small.webp")
    assert store.get("pictures/ab-small.webp") is None


@pytest.mark.parametrize(
    "key", ["../secret", "/etc/passwd", "a/../b", "A.webp", "a//b", ".hidden", "a\x00b", "", "a" * 201]
)
def test_keys_cannot_leave_the_store(store: ObjectStorage, key: str) -> None:
    for attempt in (store.get, store.has, store.delete):
        with pytest.raises(InvalidKey):
            attempt(key)
    with pytest.raises(InvalidKey):
        store.put(key, b"x", "image/webp")


def test_a_bucket_is_asked_with_signed_requests(
    bucket_server: tuple[str, type[Bucket]], tmp_path: Path
) -> None:
    url, handler = bucket_server
    store = bucket_at(url, tmp_path)
    assert isinstance(store, BucketStorage)
    store.put("pictures/a.webp", b"x", "image/webp")
    [(method, path, authorization)] = handler.seen
    assert (method, path) == ("PUT", "/pictures/pictures/a.webp")
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=access/")


def test_a_bucket_that_fails_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    from botocore.exceptions import EndpointConnectionError

    store = bucket_at("http://127.0.0.1:9", tmp_path)
    with pytest.raises(EndpointConnectionError):
        store.get("pictures/a.webp")


def test_a_file_is_never_seen_half_written(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path)
    store.put("a/b.webp", b"x" * 1_000_000, "image/webp")
    assert os.listdir(tmp_path / "a") == ["b.webp"]


def test_pictures_are_served_for_ever_and_nothing_else_is(client: FlaskClient) -> None:
    with client.application.app_context():
        storage().put("pictures/tent-small.webp", b"pixels", "image/webp")
    answer = client.get("/media/pictures/tent-small.webp")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"pixels", "image/webp")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("pictures/none.webp", "../secret_key", "%2e%2e/secret_key", "pictures/../../secret_key"):
        assert client.get(f"/media/{path}").status_code == 404
