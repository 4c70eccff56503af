"""The listing: what is on a page, in which order, and how often each facet's values are met."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from storefront.core import clock
from storefront.search.queries import Facet, ListingPage, ListingRequest, search_listing
from tests.emptying import Once
from tests.factories.catalog import make_brand, make_category, make_product, make_review, make_variants

pytestmark = pytest.mark.usefixtures("app_context")


def names(page: ListingPage) -> list[str]:
    return [card.name for card in page.cards]


def counts(page: ListingPage, kind: str, name: str = "") -> dict[str, int]:
    facet: Facet | None = next((one for one in page.facets if (one.kind, one.name) == (kind, name)), None)
    return {option.value: option.count for option in facet.options} if facet else {}


def make_jackets() -> ListingRequest:
    """Four jackets in one category: two brands, sizes, colours, prices, ratings; one sold out."""
    category = make_category("Jackets")
    fell, moor = make_brand("Larkfell"), make_brand("Thrushmoor")
    rain = make_product(
        "Rain",
        "120.00",
        0,
        category=category,
        brand=fell,
        tags=["waterproof", "light"],
        specifications={"Fit": "Regular"},
    )
    make_variants(
        rain, [{"Size": "M", "Colour": "Fir"}, {"Size": "L", "Colour": "Fir"}], price="120.00", stock=3
    )
    down = make_product(
        "Down", "250.00", 0, category=category, brand=fell, tags=["warm"], specifications={"Fit": "Slim"}
    )
    make_variants(down, [{"Size": "M", "Colour": "Ember"}], price="250.00", stock=2)
    make_variants(
        make_product(
            "Wind",
            "80.00",
            0,
            category=category,
            brand=moor,
            tags=["light"],
            specifications={"Fit": "Regular"},
        ),
        [{"Size": "S", "Colour": "Fir"}],
        price="80.00",
        stock=1,
    )
    make_product(
        "Wool",
        "60.00",
        0,
        category=category,
        brand=moor,
        tags=["warm"],
        specifications={"Fit": "Regular"},
    )
    make_review(rain, 5)
    make_review(down, 3)
    search_listing(ListingRequest(category_slug="jackets"))  # what a process keeps of the catalog is read
    return ListingRequest(category_slug="jackets")


@pytest.fixture
def jackets(once: Once) -> ListingRequest:
    """The same jackets for each test."""
    return once(make_jackets)


def test_category_page_takes_three_statements_with_all_its_facets(jackets, assert_queries) -> None:
    with assert_queries(3):
        page = search_listing(jackets)
    assert page.total == 4
    assert counts(page, "brand") == {"larkfell": 2, "thrushmoor": 2}
    assert counts(page, "option", "Size") == {"S": 1, "M": 2, "L": 1}
    assert counts(page, "option", "Colour") == {"Ember": 1, "Fir": 2}
    assert counts(page, "tag") == {"light": 2, "warm": 2, "waterproof": 1}
    assert counts(page, "rating") == {"4": 1, "3": 2}
    assert counts(page, "stock") == {"1": 3}
    assert (page.price_least, page.price_most) == (Decimal("60.00"), Decimal("250.00"))


def test_facet_counts_its_own_values_without_itself(jackets) -> None:
    page = search_listing(replace(jackets, brands=("larkfell",)))
    assert sorted(names(page)) == ["Down", "Rain"]
    assert counts(page, "brand") == {"larkfell": 2, "thrushmoor": 2}, "another brand may be added"
    assert counts(page, "option", "Size") == {"M": 2, "L": 1}, "sizes of the chosen brand only"
    assert counts(page, "tag") == {"light": 1, "warm": 1, "waterproof": 1}


def test_two_facets_count_each_under_the_other(jackets) -> None:
    page = search_listing(replace(jackets, brands=("larkfell",), options={"Size": ("M",)}))
    assert sorted(names(page)) == ["Down", "Rain"]
    assert counts(page, "brand") == {"larkfell": 2}, "no Thrushmoor jacket comes in M"
    assert counts(page, "option", "Size") == {"M": 2, "L": 1}
    assert counts(page, "option", "Colour") == {"Ember": 1, "Fir": 1}


def test_values_of_one_facet_are_alternatives_and_facets_add_up(jackets) -> None:
    either = search_listing(replace(jackets, options={"Size": ("S", "L")}))
    assert sorted(names(either)) == ["Rain", "Wind"]
    both = search_listing(
        replace(jackets, options={"Size": ("S", "L"), "Colour": ("Fir",)}, tags=("waterproof",))
    )
    assert names(both) == ["Rain"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"price_min": Decimal(100)}, ["Down", "Rain"]),
        ({"price_max": Decimal(80)}, ["Wind", "Wool"]),
        ({"price_min": Decimal(200), "price_max": Decimal(70)}, ["Rain", "Wind"]),
        ({"rating_min": 4}, ["Rain"]),
        ({"in_stock": True}, ["Down", "Rain", "Wind"]),
        ({"specifications": {"Fit": ("Slim",)}}, ["Down"]),
        ({"tags": ("warm", "waterproof")}, ["Down", "Rain", "Wool"]),
        ({"brands": ("nobody",)}, []),
        ({"options": {"Smell": ("Pine",)}}, []),
    ],
)
def test_each_filter_narrows(jackets, choice: dict[str, object], expected: list[str]) -> None:
    page = search_listing(replace(jackets, **choice))
    assert sorted(names(page)) == expected
    assert page.total == len(expected)


def test_price_ranges_count_what_choosing_them_gives(jackets) -> None:
    page = search_listing(jackets)
    ranges = counts(page, "price")
    assert sum(ranges.values()) == 4
    assert len(ranges) > 1
    for value, count in ranges.items():
        low, _, high = value.partition("-")
        chosen = replace(
            jackets,
            price_min=Decimal(low) if low else None,
            price_max=Decimal(high) if high else None,
        )
        assert search_listing(chosen).total == count, value


def test_every_count_is_what_choosing_the_value_gives(jackets) -> None:
    """The facets' promise, for each value of each facet on top of one choice."""
    chosen = replace(jackets, tags=("light", "warm"))
    page = search_listing(chosen)
    checked = 0
    for facet in page.facets:
        for option in facet.options:
            one = {
                "brand": {"brands": (option.value,)},
                "option": {"options": {facet.name: (option.value,)}},
                "specification": {"specifications": {facet.name: (option.value,)}},
                "stock": {"in_stock": True},
                "rating": {"rating_min": int(option.value) if option.value.isdigit() else None},
                "tag": {"tags": (option.value,)},
            }.get(facet.kind)
            if one:
                assert search_listing(replace(chosen, **one)).total == option.count, (facet, option)
                checked += 1
    assert checked >= 12


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("price_up", ["Wool", "Wind", "Rain", "Down"]),
        ("price_down", ["Down", "Rain", "Wind", "Wool"]),
        ("name", ["Down", "Rain", "Wind", "Wool"]),
        ("newest", ["Wool", "Wind", "Down", "Rain"]),
    ],
)
def test_sorts(jackets, sort: str, expected: list[str]) -> None:
    assert names(search_listing(replace(jackets, sort=sort))) == expected


def test_best_rated_come_first_and_the_sold_out_last_by_default(jackets) -> None:
    assert names(search_listing(replace(jackets, sort="rating")))[:2] == ["Rain", "Down"]
    assert names(search_listing(jackets))[-1] == "Wool"


def test_department_lists_what_is_below_it_and_counts_its_children() -> None:
    shelter = make_category("Shelter")
    tents, tarps = make_category("Tents", shelter), make_category("Tarps", shelter)
    make_category("Bivies", shelter)
    make_product("Drift", category=tents)
    make_product("Keep", category=tents)
    make_product("Eaves", category=tarps)
    make_product("Stove", category=make_category("Kitchen"))
    page = search_listing(ListingRequest(category_slug="shelter"))
    assert sorted(names(page)) == ["Drift", "Eaves", "Keep"]
    assert counts(page, "category") == {"tents": 2, "tarps": 1}


def test_pages_do_not_overlap_and_a_page_too_far_is_the_last() -> None:
    category = make_category("Mugs")
    for number in range(7):
        make_product(f"Mug {number}", category=category)
    asked = ListingRequest(category_slug="mugs", per_page=3)
    pages = [search_listing(replace(asked, page=number)) for number in (1, 2, 3)]
    seen = [name for page in pages for name in names(page)]
    assert sorted(seen) == [f"Mug {number}" for number in range(7)]
    assert [len(page.cards) for page in pages] == [3, 3, 1]
    far = search_listing(replace(asked, page=10**9))
    assert (far.page, far.pages, names(far)) == (3, 3, names(pages[2]))
    assert search_listing(replace(asked, page=-1)).page == 1


def test_what_is_published_tomorrow_is_not_listed_today() -> None:
    category = make_category("Books")
    make_product("Tomorrow", category=category, published_at=clock.now() + timedelta(days=1))
    make_product("Today", category=category)
    page = search_listing(ListingRequest(category_slug="books"))
    assert (names(page), page.total) == (["Today"], 1)


def test_empty_page_offers_what_sells(jackets, assert_queries) -> None:
    search_listing(jackets)  # what a process keeps of the catalog is read
    with assert_queries(2):
        page = search_listing(replace(jackets, price_min=Decimal(5_000)))
    assert (page.cards, page.total) == ((), 0)
    assert {card.name for card in page.popular} == {"Rain", "Down", "Wind"}
    assert [(one.kind, one.value) for one in page.applied] == [("price", "5000.00-")]


def test_option_that_few_products_have_stays_out_until_it_is_chosen() -> None:
    category = make_category("Bags")
    make_variants(make_product("Hibern", stock=0, category=category), [{"Zip": "Left"}, {"Zip": "Right"}])
    for number in range(17):
        make_product(f"Duffel {number}", category=category)
    asked = ListingRequest(category_slug="bags")
    assert counts(search_listing(asked), "option", "Zip") == {}
    chosen = search_listing(replace(asked, options={"Zip": ("Left",)}))
    assert (chosen.total, counts(chosen, "option", "Zip")) == (1, {"Left": 1, "Right": 1})


def test_chosen_values_are_named_as_their_facet_names_them(jackets) -> None:
    page = search_listing(
        replace(jackets, brands=("larkfell",), options={"Size": ("M",)}, in_stock=True, rating_min=3)
    )
    assert [(one.kind, one.name, one.label) for one in page.applied] == [
        ("option", "Size", "M"),
        ("brand", "", "Larkfell"),
        ("rating", "", "3"),
        ("stock", "", "1"),
    ]


def test_value_that_nothing_has_any_more_stays_in_its_facet_to_be_taken_away(jackets) -> None:
    page = search_listing(replace(jackets, brands=("thrushmoor",), options={"Size": ("L",)}))
    assert page.total == 0
    assert counts(page, "option", "Size") == {"S": 1, "L": 0}


def test_as_many_facets_as_may_be_chosen_are_a_page(jackets) -> None:
    many = {f"Name {number}": ("a",) for number in range(30)}
    asked = replace(
        jackets,
        text="jacket",
        brands=("larkfell",),
        tags=("warm",),
        options=many,
        specifications=many,
        price_min=Decimal(1),
        rating_min=1,
        in_stock=True,
    )
    assert search_listing(asked).total == 0


def test_a_feed_full_of_specifications_crowds_out_no_brand() -> None:
    category = make_category("Parts")
    for number in range(12):
        facts = {f"Fact {number} {place}": f"Value {place}" for place in range(150)}
        brand = make_brand(f"Maker {number}")
        make_product(f"Part {number}", category=category, brand=brand, specifications=facts)
    page = search_listing(ListingRequest(category_slug="parts"))
    assert len(counts(page, "brand")) == 12
    chosen = search_listing(ListingRequest(category_slug="parts", brands=("maker-3",)))
    assert counts(chosen, "brand")["maker-3"] == 1
    assert [one.label for one in chosen.applied] == ["Maker 3"]


def test_a_value_with_a_no_break_space_finds_what_has_it() -> None:
    category = make_category("Screens")
    for number in range(8):
        make_product(
            f"Screen {number}", category=category, specifications={"Width": f"{60 + number // 4}\u00a0cm"}
        )
    offered = counts(search_listing(ListingRequest(category_slug="screens")), "specification", "Width")
    assert offered == {"60\u00a0cm": 4, "61\u00a0cm": 4}
    chosen = ListingRequest(category_slug="screens", specifications={"Width": ("60\u00a0cm",)})
    assert search_listing(chosen).total == 4


def test_a_category_that_there_is_not_finds_nothing_with_a_text_too(jackets) -> None:
    assert search_listing(ListingRequest(text="rain", category_slug="nowhere")).total == 0
    assert search_listing(ListingRequest(category_slug="nowhere")).total == 0
