"""What a first visit weighs: bytes on the wire, compressed as the server sends them, without pictures.

    python benchmarks/page_weight.py

Counts the page and everything that its head and body load at once: style sheets, scripts, the font, icons. What is
loaded on demand (the talk's bundle, the drawer) is not part of a first visit.
"""

from __future__ import annotations

import tempfile
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

from start_time import ROOT, running_shop

PAGES = {
    "home": "/",
    "category": "/c/jackets",
    "product": "/p/drift-2-dome-tent",
    "search": "/search?q=tent",
    "cart": "/cart",
    "policy": "/pages/shipping",
    "sign-in": "/account/sign-in",
    "chat": "/chat",
}
_RELATIONS = {"stylesheet", "preload", "icon", "modulepreload"}


class Loaded(HTMLParser):
    """The addresses that a page loads at once."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note scripts and the links that load something."""
        named = dict(attrs)
        if tag == "script" and named.get("src"):
            self.addresses.append(str(named["src"]))
        if tag == "link" and named.get("href") and _RELATIONS & set((named.get("rel") or "").split()):
            self.addresses.append(str(named["href"]))


def fetched(url: str) -> tuple[bytes, str]:
    """The body as it came over the wire, and its encoding."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "br, gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read(), answer.headers.get("Content-Encoding", "")


def main() -> None:
    """Print the table, in bytes."""
    with tempfile.TemporaryDirectory(prefix="weight-") as folder, running_shop(ROOT, Path(folder)) as shop:
        print(f"{'page':10} {'html':>7} {'css':>7} {'js':>7} {'font':>7} {'other':>7} {'total':>8}")
        for name, path in PAGES.items():
            url = shop.url + path
            sizes = {"html": len(fetched(url)[0]), "css": 0, "js": 0, "woff2": 0, "other": 0}
            page = Loaded()
            with urllib.request.urlopen(url, timeout=30) as answer:
                page.feed(answer.read().decode())
            for address in dict.fromkeys(page.addresses):
                kind = address.rsplit(".", 1)[-1]
                sizes[kind if kind in sizes else "other"] += len(fetched(urljoin(url, address))[0])
            columns = " ".join(f"{size:7}" for size in sizes.values())
            print(f"{name:10} {columns} {sum(sizes.values()):8}")


if __name__ == "__main__":
    main()
