"""A page for guests with its validator and its encodings."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from functools import lru_cache

import brotli
import msgspec
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

Headers = list[tuple[str, str]]

MOST_AT_HAND = 256
"""Pages that a process has at hand, each about 20 KB for browsers that take compressed ones."""
PLAIN, GZIP, BROTLI = "identity", "gzip", "br"
_BROTLI_QUALITY = 5
_GZIP_LEVEL = 6
OWN_HEADERS = frozenset({"x-request-id", "strict-transport-security"})
"""What each answer has for itself."""
_OF_THE_BODY = frozenset({"content-length", "content-encoding", "etag"})


class KeptPage(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A page as it lies in Redis. Without an ``etag`` it says that the address has no page to keep."""

    etag: str = ""
    headers: Headers = []
    brotli: bytes = b""
    gzip: bytes = b""


class Page:
    """A page with each encoding made at most once."""

    __slots__ = ("_answers", "_bodies", "etag", "headers")

    def __init__(self, etag: str, headers: Headers, bodies: dict[str, bytes]) -> None:
        self.etag = etag
        self.headers = headers
        self._bodies = bodies
        self._answers: dict[str, tuple[Headers, bytes]] = {}

    @classmethod
    def answered(cls, headers: Iterable[tuple[str, str]], body: bytes) -> Page:
        """The page that the application has just answered with."""
        etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        not_kept = OWN_HEADERS | _OF_THE_BODY
        kept = [(name, value) for name, value in headers if name.lower() not in not_kept]
        return cls(etag, kept, {PLAIN: body})

    @classmethod
    def read(cls, kept: KeptPage) -> Page:
        """The page as it was kept."""
        return cls(kept.etag, kept.headers, {BROTLI: kept.brotli, GZIP: kept.gzip})

    def kept(self) -> KeptPage:
        """What is written down: both compressed forms."""
        return KeptPage(self.etag, self.headers, self._body(BROTLI), self._body(GZIP))

    def answer(self, accepted: str) -> tuple[Headers, bytes]:
        """Headers and body for a browser that sends this ``Accept-Encoding``."""
        encoding = encoding_for(accepted)
        known = self._answers.get(encoding)
        if known is None:
            body = self._body(encoding)
            headers = [*self.headers, ("ETag", self.etag), ("Content-Length", str(len(body)))]
            if encoding != PLAIN:
                headers.append(("Content-Encoding", encoding))
            known = self._answers[encoding] = (headers, body)
        return known

    def unchanged(self) -> Headers:
        """The headers of a 304."""
        return [*(pair for pair in self.headers if pair[0].lower() != "content-type"), ("ETag", self.etag)]

    def _body(self, encoding: str) -> bytes:
        body = self._bodies.get(encoding)
        if body is None:
            if encoding == PLAIN:
                body = gzip.decompress(self._bodies[GZIP])
            elif encoding == GZIP:
                body = gzip.compress(self._body(PLAIN), _GZIP_LEVEL, mtime=0)
            else:
                body = brotli.compress(self._body(PLAIN), quality=_BROTLI_QUALITY)
            self._bodies[encoding] = body
        return body


@lru_cache(maxsize=256)
def encoding_for(accepted: str) -> str:
    """The best of ours that an ``Accept-Encoding`` allows."""
    wanted = parse_accept_header(accepted[:200], Accept)
    best = max((BROTLI, GZIP), key=wanted.quality)
    return best if wanted.quality(best) > 0 else PLAIN
