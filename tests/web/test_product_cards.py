"""Cards are written once, and anew where the product or the page is another."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from msgspec.structs import replace

from storefront.catalog.queries import ProductCard, product_cards
from storefront.http.product_cards import ProductCards
from tests.factories.catalog import make_product


@pytest.fixture
def page(app: Flask) -> Iterator[ProductCards]:
    with app.test_request_context("/"):
        yield ProductCards(app)


@pytest.fixture
def mug(page: ProductCards) -> ProductCard:
    [card] = product_cards([make_product("Mug <1>", "12.50", stock=3).id])
    return card


def test_the_same_product_is_written_once(page: ProductCards, mug: ProductCard) -> None:
    [first] = page.written([mug], 2, 0)
    [again] = page.written([replace(mug)], 2, 0)
    assert again is first
    assert "Mug &lt;1&gt;" in first
    assert "€12.50" in first


@pytest.mark.parametrize(
    ("changed", "shows"),
    [
        ({"price_from": Decimal(9), "price_to": Decimal(9)}, "€9.00"),
        ({"in_stock": False}, "Sold out"),
        ({"name": "Cup"}, "Cup"),
    ],
)
def test_a_changed_product_is_written_anew(
    page: ProductCards, mug: ProductCard, changed: dict[str, object], shows: str
) -> None:
    [before] = page.written([mug], 2, 0)
    [after] = page.written([replace(mug, **changed)], 2, 0)
    assert shows not in before
    assert shows in after


def test_headings_and_early_pictures_are_those_of_the_page(page: ProductCards, mug: ProductCard) -> None:
    [heading_2], [heading_3] = page.written([mug], 2, 0), page.written([mug], 3, 0)
    assert "<h2" in heading_2
    assert "<h3" in heading_3


def test_a_shop_below_a_folder_links_there(app: Flask, page: ProductCards, mug: ProductCard) -> None:
    [before] = page.written([mug], 2, 0)
    with app.test_request_context("/", base_url="http://localhost/shop"):
        [below] = page.written([mug], 2, 0)
    assert f'href="/p/{mug.slug}"' in before
    assert f'href="/shop/p/{mug.slug}"' in below
