"""The category tree: its shape, its order, and how long a process keeps it."""

from __future__ import annotations

import time

import pytest

from storefront.catalog.models import Category
from storefront.catalog.queries import category_by_id, category_by_slug, category_tree
from storefront.catalog.queries import tree as tree_module
from storefront.core import clock
from storefront.core.db import session, transaction
from tests.factories.catalog import make_category

pytestmark = pytest.mark.usefixtures("app_context")


def test_tree_is_nested_in_staff_order_and_leaves_out_what_is_off(assert_queries) -> None:
    shelter = make_category("Shelter", sort_order=20)
    make_category("Clothing", sort_order=10)
    make_category("Tarps", shelter, sort_order=2)
    make_category("Tents", shelter, sort_order=1)
    hidden = make_category("Attic", sort_order=5, is_active=False)
    make_category("Boxes", hidden)
    make_category("Gone", deleted_at=clock.now())
    with assert_queries(1):
        roots = category_tree()
    assert [(root.name, [child.name for child in root.children]) for root in roots] == [
        ("Clothing", []),
        ("Shelter", ["Tents", "Tarps"]),
    ]


def test_category_knows_its_way_and_its_children() -> None:
    shelter = make_category("Shelter")
    tents = make_category("Tents", shelter, description="One to six people.")
    make_category("Domes", tents)
    found = category_by_slug("tents")
    assert found is not None
    assert found.category.description == "One to six people."
    assert [crumb.slug for crumb in found.breadcrumb] == ["shelter"]
    assert [crumb.slug for crumb in found.trail] == ["shelter", "tents"]
    assert [child.slug for child in found.children] == ["domes"]
    assert category_by_id(tents.id) == found
    assert category_by_slug("cellar") is None
    assert category_by_id(None) is None


def test_tree_is_read_once_and_again_when_it_is_old(assert_queries, monkeypatch: pytest.MonkeyPatch) -> None:
    make_category("Tents")
    assert len(category_tree()) == 1
    with transaction():  # another process adds one: this one does not hear of it
        session().add(Category(name="Stoves", slug="stoves", extra={}))
    with assert_queries(0):
        assert len(category_tree()) == 1
    later = time.monotonic() + tree_module.SECONDS_AT_HAND + 1
    monkeypatch.setattr(tree_module.time, "monotonic", lambda: later)
    assert [root.name for root in category_tree()] == ["Stoves", "Tents"]
