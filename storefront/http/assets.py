"""The browser files: fingerprinted names for templates, and their delivery.

``build.mjs`` writes ``static/dist`` and a manifest that says which file stands for ``app.css``. A file name carries
a hash of the content, so browsers may keep it for ever; compressed variants lie beside each file and are sent to
those that accept them.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from flask import Flask, Response, abort, current_app, request

from storefront.core.settings import ROOT

DIST = ROOT / "static" / "dist"
PREFIX = "/static/dist/"
FOR_EVER = "public, max-age=31536000, immutable"
FILE_NAME = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9]{8,10}\.(?P<ending>css|js|svg|woff2)")
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
COMPRESSED = {"css", "js", "svg"}
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


class AssetsNotBuilt(RuntimeError):
    """The browser files are missing."""


@dataclass(slots=True)
class Manifest:
    """The names of one build; read again when the file changes, so a rebuild needs no restart."""

    folder: Path
    _path: str = field(init=False)
    _read_at: int = -1
    _names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A page asks two dozen times: the path is put together once."""
        self._path = str(self.folder / "manifest.json")

    def build(self) -> int:
        """A number that another build does not have. Raises :class:`AssetsNotBuilt`."""
        try:
            changed = os.stat(self._path).st_mtime_ns
            if changed != self._read_at:
                self._names = json.loads(Path(self._path).read_text())
                self._read_at = changed
        except FileNotFoundError:
            self._refuse("The browser files are not built")
        return changed

    def file_of(self, name: str) -> str:
        """The fingerprinted file that stands for ``name``. Raises :class:`AssetsNotBuilt`."""
        self.build()
        if name not in self._names:
            self._refuse(f"The build made no {name}")
        return self._names[name]

    def _refuse(self, reason: str) -> NoReturn:
        raise AssetsNotBuilt(f"{reason}. Run: npm ci && node build.mjs")


def asset_url(name: str) -> str:
    """The address of the built file that stands for ``name``, such as ``app.css``. Raises AssetsNotBuilt."""
    manifest: Manifest = current_app.extensions["assets"]
    return PREFIX + manifest.file_of(name)


@lru_cache(maxsize=64)
def _content(path: Path) -> bytes:
    """A built file, read once per process: there are a dozen, and a name never gets another content."""
    return path.read_bytes()


def _deliver(file: str) -> Response:
    """Send one built file, compressed when the browser accepts it."""
    kind = FILE_NAME.fullmatch(file)
    path: Path = current_app.extensions["assets"].folder / file
    if kind is None or not path.is_file():
        abort(404)
    encoding, ending = "", ""
    if kind["ending"] in COMPRESSED:
        encoding, ending = next(
            (pair for pair in ENCODINGS if request.accept_encodings[pair[0]] > 0), (encoding, ending)
        )
    response = Response(_content(path.with_name(file + ending)), content_type=TYPES[kind["ending"]])
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Vary"] = "Accept-Encoding"
    response.set_etag(file + ending)
    response.make_conditional(request)
    return response


def init_app(app: Flask) -> None:
    """Give templates ``asset_url`` and serve the built files."""
    app.extensions["assets"] = Manifest(DIST)
    app.jinja_env.globals["asset_url"] = asset_url
    app.add_url_rule(PREFIX + "<file>", "asset", _deliver)
