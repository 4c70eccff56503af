"""Guests who order: each comes without a cookie, fills a cart with two products, and places the order.

Run as a process of its own, one product id a line in the file that ``PRODUCTS`` names:

    python benchmarks/harness/buyers.py HOST:PORT CONNECTIONS SECONDS

Prints one line of JSON: orders, what went wrong, and the milliseconds of each request by its kind.
"""

from __future__ import annotations

import html
import http.client
import json
import os
import random
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

TYPED = {
    "email": "ida@example.com",
    "shipping-full_name": "Ida Larsen",
    "shipping-line1": "Am Hang 3",
    "shipping-postal_code": "10115",
    "shipping-city": "Berlin",
    "shipping-country": "DE",
    "shipping_method": "standard",
    "payment_method": "invoice",
}
HIDDEN = ("csrf_token", "idempotency_key", "expected_total", "expected_gift_card", "seen")
PAIRS = 20
"""So many different baskets there are: which two products, by their place in the file."""
_FIELD = re.compile(rf'name="({"|".join(HIDDEN)})" value="([^"]*)"')


def checkout_form(page: str) -> dict[str, str]:
    """The checkout's form, filled in."""
    return {name: html.unescape(value) for name, value in _FIELD.findall(page)} | TYPED


def basket(products: list[str], number: int) -> list[str]:
    """The two products of basket ``number``."""
    place = number % PAIRS * 2
    return products[place : place + 2]


@dataclass(slots=True)
class _Seen:
    orders: int = 0
    errors: int = 0
    milliseconds: dict[str, list[float]] = field(default_factory=dict)


class _Guest:
    """One browser, for one order."""

    def __init__(self, connection: http.client.HTTPConnection, seen: _Seen) -> None:
        self._connection, self._seen, self._cookie = connection, seen, ""

    def order(self, products: list[str]) -> bool:
        """Whether it was placed."""
        for product_id in products:
            if self._ask("add", "/cart/lines", {"product_id": product_id, "quantity": "1"})[0] != 303:
                return False
        status, page, _ = self._ask("open", "/checkout")
        status, _, location = self._ask("place", "/checkout", checkout_form(page))
        return status == 303 and location.endswith("/thanks")

    def _ask(self, kind: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        headers = {"Cookie": self._cookie} if self._cookie else {}
        if form is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://{self._connection.host}:{self._connection.port}",
            }
        begun = time.perf_counter()
        self._connection.request("GET" if form is None else "POST", path, form and urlencode(form), headers)
        answer = self._connection.getresponse()
        page = answer.read().decode()
        self._seen.milliseconds.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self._cookie = cookie.partition(";")[0]
        return answer.status, page, answer.headers.get("Location") or ""


def _keep_ordering(
    server: str, until: float, products: list[str], chance: random.Random, seen: _Seen
) -> None:
    connection = http.client.HTTPConnection(server, timeout=30)
    while time.monotonic() < until:
        try:
            placed = _Guest(connection, seen).order(basket(products, chance.randrange(PAIRS)))
        except (OSError, http.client.HTTPException):
            connection.close()
            placed = False
        seen.orders += placed
        seen.errors += not placed
    connection.close()


def main(server: str, connections: int, seconds: float) -> None:
    """Order for so long, and print what was seen."""
    products = Path(os.environ["PRODUCTS"]).read_text().split()
    seen = [_Seen() for _ in range(connections)]
    begun = time.monotonic()
    threads = [
        threading.Thread(
            target=_keep_ordering, args=(server, begun + seconds, products, random.Random(place), one)
        )
        for place, one in enumerate(seen)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = {kind for one in seen for kind in one.milliseconds}
    found = {
        "seconds": time.monotonic() - begun,
        "orders": sum(one.orders for one in seen),
        "errors": sum(one.errors for one in seen),
        "milliseconds": {
            kind: sorted(moment for one in seen for moment in one.milliseconds.get(kind, ()))
            for kind in kinds
        },
    }
    print("JSON" + json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
