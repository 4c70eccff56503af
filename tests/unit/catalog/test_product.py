"""A product page: what it holds, whom it answers to, and how a variant is chosen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from storefront.catalog.queries import ProductPage, product_cards, product_page, related_products
from storefront.core import clock
from storefront.core.ids import new_id
from tests.factories.buying import change_product
from tests.factories.catalog import (
    make_brand,
    make_category,
    make_picture,
    make_product,
    make_review,
    make_variants,
)

pytestmark = pytest.mark.usefixtures("app_context")


def found(slug: str) -> ProductPage:
    page = product_page(slug)
    assert page is not None
    return page


def jacket() -> ProductPage:
    """A jacket in two colours and two sizes: fir in M is sold out, ember has no L."""
    parent = make_product("Brack Jacket", "139.00", 0, slug="brack", sku="BRACK")
    for colour, size, stock, price in (
        ("Fir", "M", 0, "139.00"),
        ("Fir", "L", 4, "149.00"),
        ("Ember", "M", 2, "129.00"),
    ):
        make_product(
            f"Brack {colour} {size}",
            price,
            stock,
            parent_id=parent.id,
            options={"Colour": colour, "Size": size},
            sku=f"BRACK-{colour[:3].upper()}-{size}",
            images=[make_picture(f"pictures/{colour.lower()}", f"{colour} jacket")],
        )
    return found("brack")


def test_page_holds_everything_in_one_statement(assert_queries) -> None:
    shelter = make_category("Shelter")
    tents = make_category("Tents", shelter)
    made = make_product(
        "Drift Tent",
        "289.00",
        7,
        category=tents,
        brand=make_brand("Larkfell"),
        compare_at_price=Decimal("320.00"),
        description="Stands on rock.",
        specifications={"Persons": 2, "Season": "3-season", "Freestanding": True, "Nothing": None},
        images=[make_picture()],
    )
    make_review(made, 5)
    make_review(made, 4)
    make_review(made, 1, status="pending")
    found(made.slug)  # the tree is read here
    with assert_queries(1):
        page = found(made.slug)
    assert (page.name, page.brand, page.brand_slug, page.price_from) == (
        "Drift Tent",
        "Larkfell",
        "larkfell",
        Decimal("289.00"),
    )
    assert page.specifications == (("Freestanding", "Yes"), ("Persons", "2"), ("Season", "3-season"))
    assert [crumb.name for crumb in page.breadcrumb] == ["Shelter", "Tents"]
    assert (page.rating, page.review_count) == (Decimal("4.50"), 2)
    assert page.images[0].key == "pictures/tent"
    selection = page.select()
    assert selection.variant is not None
    assert (selection.variant.available, selection.variant.compare_at_price) == (7, Decimal("320.00"))


def test_held_units_cannot_be_ordered_and_backorders_can() -> None:
    made = make_product("Stove", stock=5, backorder_limit=2)
    change_product(made.id, reserved_quantity=6)
    assert found(made.slug).variants[0].available == 1


@pytest.mark.parametrize(
    "values",
    [
        {"is_active": False},
        {"deleted_at": clock.now()},
        {"published_at": None},
        {"published_at": clock.now() + timedelta(days=1)},
    ],
    ids=["off", "deleted", "never published", "published tomorrow"],
)
def test_what_is_not_on_sale_has_no_page_and_no_card(values: dict[str, object]) -> None:
    made = make_product("Secret")
    change_product(made.id, **values)
    assert product_page(made.slug) is None
    assert product_cards([made.id]) == []


def test_variant_answers_with_its_parent() -> None:
    page = jacket()
    by_sku = found("BRACK-EMB-M")
    assert (by_sku.slug, by_sku.asked_sku) == ("brack", "BRACK-EMB-M")
    by_slug = found(page.variants[0].slug)
    assert (by_slug.slug, by_slug.asked_sku) == ("brack", "BRACK-FIR-M")
    assert (page.asked_sku, page.price_from, page.price_to) == (None, Decimal("129.00"), Decimal("149.00"))


def test_look_is_chosen_by_itself_and_a_size_is_not() -> None:
    selection = jacket().select()
    colour, size = selection.axes
    assert (colour.name, colour.chosen, colour.is_look) == ("Colour", "Fir", True)
    assert (size.name, size.chosen, selection.missing) == ("Size", None, ("Size",))
    assert selection.variant is None
    assert selection.images[0].key == "pictures/fir"


def test_values_say_what_is_in_stock_under_the_rest_of_the_choice() -> None:
    selection = jacket().select(options={"Colour": "Fir"})
    sizes = {value.value: value.available for value in selection.axes[1].values}
    assert sizes == {"M": False, "L": True}
    colours = jacket_colours(selection)
    assert colours == {"Fir": True, "Ember": True}


def jacket_colours(selection: object) -> dict[str, bool]:
    return {value.value: value.available for value in selection.axes[0].values}  # type: ignore[attr-defined]


def test_full_choice_names_the_variant_its_price_and_its_pictures() -> None:
    selection = jacket().select(options={"Colour": "Ember", "Size": "M"})
    assert selection.variant is not None
    assert (selection.variant.sku, selection.variant.price) == ("BRACK-EMB-M", Decimal("129.00"))
    assert selection.images[0].key == "pictures/ember"
    assert selection.missing == ()


def test_combination_that_does_not_exist_is_no_variant() -> None:
    selection = jacket().select(options={"Colour": "Ember", "Size": "L"})
    assert (selection.variant, selection.missing) == (None, ())


def test_choice_starts_from_a_variant_and_ignores_what_nobody_knows() -> None:
    page = jacket()
    chosen = page.select(sku="BRACK-FIR-L").variant
    assert chosen is not None
    assert chosen.sku == "BRACK-FIR-L"
    changed = page.select(sku="BRACK-FIR-L", options={"Colour": "Ember", "Size": "M"}).variant
    assert changed is not None
    assert changed.sku == "BRACK-EMB-M"
    assert page.select(sku="NOPE", options={"Size": "XXL", "Smell": "Pine"}).missing == ("Size",)


def test_only_value_of_an_option_is_chosen_by_itself() -> None:
    parent = make_product("Rope", "30.00", 0)
    make_variants(parent, [{"Length": "10 m"}])
    selection = found(parent.slug).select()
    assert selection.variant is not None
    assert selection.variant.options == {"Length": "10 m"}


def test_cards_keep_the_order_asked_for_and_leave_out_the_unknown() -> None:
    first, second = make_product("Mug", "12.00"), make_product("Pot", "40.00")
    cards = product_cards([second.id, new_id(), first.id, second.id])
    assert [(card.name, card.price_from) for card in cards] == [
        ("Pot", Decimal("40.00")),
        ("Mug", Decimal("12.00")),
    ]


def test_card_spans_the_variants_and_is_in_stock_when_one_is() -> None:
    page = jacket()
    card = product_cards([page.id])[0]
    assert (card.price_from, card.price_to, card.in_stock, card.has_variants) == (
        Decimal("129.00"),
        Decimal("149.00"),
        True,
        True,
    )
    assert (card.rating, card.review_count) == (None, 0)


def test_related_products_prefer_the_category_then_shared_tags_and_skip_the_sold_out() -> None:
    shelter = make_category("Shelter")
    tents, tarps = make_category("Tents", shelter), make_category("Tarps", shelter)
    stoves = make_category("Stoves")
    made = make_product("Drift", category=tents, tags=["light", "storm"])
    make_product("Same tags", category=tents, tags=["light", "storm"])
    make_product("One tag", category=tents, tags=["light"])
    make_product("Cousin", category=tarps, tags=["light", "storm"])
    make_product("Sold out", stock=0, category=tents, tags=["light", "storm"])
    make_product("Elsewhere", category=stoves, tags=["light", "storm"])
    names = [card.name for card in related_products(found(made.slug))]
    assert names == ["Same tags", "One tag", "Cousin"]
    assert related_products(found(make_product("Nowhere").slug)) == []
