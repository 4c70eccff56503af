"""The first page's lists."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from storefront.catalog.queries import category_tree, home_page
from storefront.core import clock
from tests.factories.catalog import make_category, make_picture, make_product

pytestmark = pytest.mark.usefixtures("app_context")


def test_lists_hold_what_their_names_say_in_two_statements(assert_queries) -> None:
    tents = make_category("Tents", extra={"hero": {"title": "Sleep outside", "text": "Well."}})
    make_category("Empty")
    now = clock.now()
    make_product("Old and loved", category=tents, is_featured=True, published_at=now - timedelta(days=9))
    make_product(
        "Reduced",
        "80.00",
        compare_at_price=Decimal("100.00"),
        category=tents,
        published_at=now - timedelta(days=5),
        images=[make_picture("pictures/reduced")],
    )
    make_product("Sold out", stock=0, is_featured=True, published_at=now)
    make_product("Newest", category=tents, published_at=now - timedelta(days=1))
    category_tree()
    with assert_queries(2):
        page = home_page()
    assert [card.name for card in page.featured] == ["Old and loved"]
    assert [card.name for card in page.newest] == ["Newest", "Reduced", "Old and loved"]
    assert [card.name for card in page.reduced] == ["Reduced"]
    assert page.hero is not None
    assert (page.hero.title, page.hero.slug) == ("Sleep outside", "tents")
    pictures = {tile.name: tile.image.key if tile.image else None for tile in page.tiles}
    assert pictures == {"Tents": "pictures/reduced", "Empty": None}


def test_empty_shop_has_a_first_page() -> None:
    page = home_page()
    assert (page.hero, page.tiles, page.featured, page.newest, page.reduced) == (None, (), (), (), ())
