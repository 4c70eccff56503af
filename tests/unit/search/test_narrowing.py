"""Filters that a text names: they become choices, and words again where nothing is found with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest

from storefront.search.queries import ListingPage, ListingRequest, search_listing
from storefront.search.services import refresh_words
from tests.factories.catalog import make_brand, make_category, make_product, make_variants

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def shop(app_context: object) -> None:
    jackets = make_category("Jackets")
    fell, red = make_brand("Larkfell"), make_brand("Red Fox")
    brack = make_product("Brack Rain Jacket", "139.00", 0, category=jackets, brand=fell)
    make_variants(
        brack,
        [{"Colour": "Forest green", "Size": "M"}, {"Colour": "Red", "Size": "L"}],
        price="139.00",
        stock=3,
    )
    husk = make_product("Husk Down Jacket", "219.00", 0, category=jackets, brand=red)
    make_variants(husk, [{"Colour": "Red", "Size": "M"}], price="219.00", stock=3)
    make_product("Red Pepper Soup", "4.50", category=make_category("Food"))
    refresh_words()


def find(text: str, **asked: object) -> ListingPage:
    return search_listing(ListingRequest(text=text, **asked))  # type: ignore[arg-type]


def found(page: ListingPage) -> set[str]:
    return {card.name for card in page.cards}


def test_a_colour_is_a_choice_that_can_be_taken_back() -> None:
    page = find("red jacket")
    assert found(page) == {"Brack Rain Jacket", "Husk Down Jacket"}
    assert page.request.text == "jacket"
    assert [(one.kind, one.name, one.value) for one in page.applied] == [("option", "Colour", "Red")]


def test_a_colour_of_two_words_is_one_choice() -> None:
    page = find("forest green jacket")
    assert found(page) == {"Brack Rain Jacket"}
    assert page.request.options == {"Colour": ("Forest green",)}


def test_colour_and_size_and_price_together() -> None:
    page = find("red jacket size l under 200")
    assert found(page) == {"Brack Rain Jacket"}
    assert page.request.options == {"Colour": ("Red",), "Size": ("L",)}
    assert page.request.price_max == Decimal("200.00")
    assert page.request.text == "jacket"


def test_a_colour_that_finds_nothing_was_a_word() -> None:
    page = find("red soup")
    assert found(page) == {"Red Pepper Soup"}
    assert page.request.options == {}
    assert page.request.text == "red soup"


def test_a_colour_alone_and_a_quoted_one_are_words() -> None:
    assert find("red").request.options == {}
    assert find('"red pepper"').request.options == {}
    assert found(find('"red pepper"')) == {"Red Pepper Soup"}


def test_a_brands_name_is_no_colour() -> None:
    page = find("red fox jacket")
    assert page.request.options == {}
    assert found(page) == {"Husk Down Jacket"}


@pytest.mark.parametrize(
    "text", ["brand:larkfell jacket", 'jacket brand:"Larkfell"', "BRAND:LARKFELL jacket"]
)
def test_a_brand_can_be_named(text: str) -> None:
    page = find(text)
    assert found(page) == {"Brack Rain Jacket"}
    assert (page.request.brands, page.request.text) == (("larkfell",), "jacket")


def test_an_unknown_brand_finds_nothing_and_says_so() -> None:
    page = find("brand:nobody jacket")
    assert (page.total, page.request.brands) == (0, ("nobody",))
    assert page.popular


@pytest.mark.parametrize(
    ("text", "low", "high", "names"),
    [
        ("jacket under 150", None, "150.00", {"Brack Rain Jacket"}),
        ("jacket over €150", "150.00", None, {"Husk Down Jacket"}),
        ("jacket between 200 and 250", "200.00", "250.00", {"Husk Down Jacket"}),
        ("jacket between 250 and 200", "200.00", "250.00", {"Husk Down Jacket"}),
    ],
)
def test_prices_in_words(text: str, low: str | None, high: str | None, names: set[str]) -> None:
    page = find(text)
    assert found(page) == names
    ends = (page.request.price_min, page.request.price_max)
    assert ends == (low and Decimal(low), high and Decimal(high))


def test_what_was_chosen_by_hand_wins() -> None:
    page = find("red jacket under 150", options={"Colour": ("Forest green",)}, price_max=Decimal(300))
    assert page.request.options["Colour"] == ("Forest green",)
    assert page.request.price_max == Decimal("300.00")


@pytest.fixture
def cables() -> None:
    """Most hold their colour as a specification, one only in its name; another one says the same less often."""
    shelf = make_category("Cables")
    for name, facts in (
        ("HDMI cable 2 m", {"Product colour": "Black", "Cable length": "2 m", "Shielded": "Yes"}),
        (
            "HDMI cable braided",
            {"Product colour": ["Black", "Red"], "Feet colour": "Black", "Cable length": "2 m"},
        ),
        ("HDMI cable slim", {"Product colour": "Black", "Cable length": "1000 mm"}),
        ("HDMI cable black", {"Cable length": "5 m"}),
        ("Garden hose", {"Cable length": "7 m"}),
        ("HDMI cable of 7 m", {"Product colour": "Black"}),
        ("HDMI cable white", {"Product colour": "White", "Feet colour": "No"}),
        ("Laser printer", {"Product colour": "White", "Printing colours": "Black"}),
        ("Laser printer grand", {"Product colour": "Black"}),
    ):
        make_product(name, "9.00", category=shelf, specifications=facts)
    refresh_words()


@pytest.mark.parametrize(
    ("text", "left", "chosen"),
    [
        # Three of four that "black" finds have it there.
        ("black hdmi cable", "hdmi cable", {"Product colour": ("Black",)}),
        ("hdmi cable 2m", "hdmi cable", {"Cable length": ("2 m",)}),
        ("black hdmi cable, 2 m", "hdmi cable", {"Product colour": ("Black",), "Cable length": ("2 m",)}),
        ("hdmi cable in colour black", "hdmi cable", {"Product colour": ("Black",)}),
        ("black or white hdmi cable", "hdmi cable", {"Product colour": ("Black", "White")}),
        # One of them is a choice, the other a word.
        ("black hdmi cable 7 m", "hdmi cable 7 m", {"Product colour": ("Black",)}),
        # What a printer prints is as often said of it as what it looks like.
        ("black laser printer", "black laser printer", {}),
        ("black and white hdmi cable", "black and white hdmi cable", {}),
        ("no hdmi cable", "no hdmi cable", {}),
        ("hdmi cable 7 m", "hdmi cable 7 m", {}),
        ("-black hdmi cable", "-black hdmi cable", {}),
        # Each of them is there, but not together.
        ("red hdmi cable 5 m", "red hdmi cable 5 m", {}),
    ],
)
def test_a_specification_is_a_choice_where_it_says_what_the_word_does(
    cables: None, text: str, left: str, chosen: dict[str, tuple[str, ...]]
) -> None:
    page = find(text)
    assert (page.request.text, page.request.specifications) == (left, chosen)
    assert page.request.options == {}
    assert page.total
    applied = [(one.kind, one.name, one.value) for one in page.applied]
    assert applied == [("specification", name, value) for name, values in chosen.items() for value in values]


def test_a_value_of_two_colours_is_one(cables: None) -> None:
    make_product("HDMI cable striped", "9.00", specifications={"Product colour": "Black/White"})
    refresh_words()
    page = find("black and white hdmi cable")
    assert page.request.specifications == {"Product colour": ("Black/White",)}
    assert found(page) == {"HDMI cable striped"}


def test_measures_may_be_options() -> None:
    card = make_product("Memory card", "20.00", 0)
    make_variants(card, [{"Capacity": "1 TB"}, {"Capacity": "64 GB"}], price="20.00", stock=3)
    refresh_words()
    assert find("1000gb memory card").request.options == {"Capacity": ("1 TB",)}
    assert find("memory card 64 gb").request.options == {"Capacity": ("64 GB",)}


def test_of_two_guesses_one_may_be_a_word_for_one_more_statement(
    cables: None, assert_queries: AssertQueries
) -> None:
    find("jacket")  # what a process keeps of the catalog is read
    with assert_queries(5):
        assert found(find("black hdmi cable 7 m")) == {"HDMI cable of 7 m"}


def test_whether_a_word_is_a_choice_costs_one_small_statement(assert_queries: AssertQueries) -> None:
    find("jacket")  # what a process keeps of the catalog is read
    with assert_queries(3):
        find("rain jacket")
    with assert_queries(4) as sent:  # the words, whether red is a choice, the answer, the cards
        assert find("red jacket").total == 2
    assert "GROUP BY found.held, found.worded" in sent[1]
    with assert_queries(4):  # as many where it is none: nothing is answered twice
        assert find("red soup").total == 1
