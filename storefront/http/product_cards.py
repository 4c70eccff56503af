"""Products as lists show them, written once.

A card holds nothing that belongs to the visitor (``macros/product.html``), and writing two dozen of them is a third of
what a list costs: a process keeps the last ones that it wrote, for as long as the products are the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Sequence
from threading import Lock
from typing import Any, Literal

from cachetools import LRUCache
from flask import Flask, current_app, request
from markupsafe import Markup

from storefront.catalog.queries import ProductCard
from storefront.core.texts import language
from storefront.http.assets import Manifest

MOST = 600
"""Cards that a process keeps: two megabytes."""

Eager = Literal["first"] | bool
"""Whether a card's picture loads at once; the very first one before everything else."""


class ProductCards:
    """The written cards of one application."""

    def __init__(self, app: Flask) -> None:
        self._environment = app.jinja_env
        self._kept: LRUCache[Hashable, tuple[ProductCard, Markup]] = LRUCache(MOST)
        self._lock = Lock()

    def written(self, products: Sequence[ProductCard], heading: int, eager: int) -> list[Markup]:
        """The cards of ``products``, names as headings of that level, the pictures of the first ``eager`` at once."""
        manifest: Manifest = current_app.extensions["assets"]
        page = (heading, language(), request.script_root, manifest.build())
        wanted = [(one, _eager(place, eager)) for place, one in enumerate(products)]
        keys: list[tuple[uuid.UUID, Eager, Any]] = [(one.id, how, page) for one, how in wanted]
        with self._lock:
            kept = [self._kept.get(key) for key in keys]
        cards = []
        for (product, how), key, known in zip(wanted, keys, kept, strict=True):
            if known is None or known[0] != product:
                known = (product, self._write(product, heading, how))
                with self._lock:
                    self._kept[key] = known
            cards.append(known[1])
        return cards

    def _write(self, product: ProductCard, heading: int, eager: Eager) -> Markup:
        macros: Any = self._environment.get_template("macros/product.html").module
        return Markup(macros.card(product, heading, eager))


def _eager(place: int, eager: int) -> Eager:
    return place < eager and (place > 0 or "first")


def init_app(app: Flask) -> None:
    """Give templates ``product_cards``."""
    app.jinja_env.globals["product_cards"] = ProductCards(app).written
