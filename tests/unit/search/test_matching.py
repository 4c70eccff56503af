"""Finding by text: words, operators, half words, typing mistakes, SKUs, and texts made to break it."""

from __future__ import annotations

import pytest

from storefront.core.db import session, transaction
from storefront.search.models import Synonym
from storefront.search.queries import (
    ListingPage,
    ListingRequest,
    forget_synonyms,
    forget_what_is_kept,
    ranked_products,
    search_listing,
)
from storefront.search.queries.reading import read
from storefront.search.queries.understanding import understand, vocabulary_of
from storefront.search.services import refresh_words
from tests.factories.catalog import make_brand, make_category, make_product, make_variants

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def shop(app_context: object) -> None:
    tents, jackets = make_category("Tents"), make_category("Jackets")
    larkfell = make_brand("Larkfell")
    drift = make_product(
        "Drift Dome Tent", "289.00", 0, category=tents, brand=larkfell, sku="LF-DRIFT", tags=["freestanding"]
    )
    make_product(
        "Drift Dome Tent Ember",
        "289.00",
        3,
        parent_id=drift.id,
        options={"Colour": "Ember"},
        sku="LF-DRIFT-EMB",
        barcode="4006381333931",
    )
    make_product("Longhall Tunnel Tent", "549.00", category=tents, brand=larkfell)
    make_product(
        "Brack Rain Jacket",
        "139.00",
        category=jackets,
        description="Goes into any tent.",
        tags=["waterproof"],
    )
    make_product("Husk Down Jacket", "219.00", category=jackets, tags=["warm"])
    make_product("Café Press", "35.00", description="Coffee outdoors.")
    refresh_words()
    find("tent")  # what a process keeps of the catalog is read


def find(text: str) -> ListingPage:
    return search_listing(ListingRequest(text=text))


def names(page: ListingPage) -> set[str]:
    return {card.name for card in page.cards}


def test_search_takes_three_statements_also_with_a_typing_mistake(assert_queries) -> None:
    with assert_queries(3):
        assert find("tent").total == 3
    with assert_queries(3):
        assert find("jakcet").total == 2
    with assert_queries(3):  # the last one for what sells
        assert find("nothing like it").total == 0


def test_name_counts_more_than_description() -> None:
    found = [card.name for card in find("tent").cards]
    assert set(found[:2]) == {"Drift Dome Tent", "Longhall Tunnel Tent"}
    assert found[2] == "Brack Rain Jacket"


def test_plural_quotes_and_minus_are_understood() -> None:
    assert names(find("tents")) >= {"Drift Dome Tent", "Longhall Tunnel Tent"}
    assert names(find('"dome tent"')) == {"Drift Dome Tent"}
    assert names(find("tent -dome -jacket")) == {"Longhall Tunnel Tent"}


@pytest.mark.parametrize(
    "text",
    [
        "printer",
        "scanner",
        "scanner/printer",
        "hdmi",
        "usb-c",
        "wifi",
        "wi-fi",
        "fax",
        "copier",
        "pritner/scanner",
    ],
)
def test_words_that_slashes_and_hyphens_join(text: str) -> None:
    make_product(
        "Printer/Scanner USB-C/HDMI",
        description="With fax/modem.",
        specifications={"Net": "Wi-Fi"},
        tags=["office/copier"],
    )
    refresh_words()
    assert names(find(text)) == {"Printer/Scanner USB-C/HDMI"}
    assert find("pritner/scanner").did_you_mean == "printer/scanner"


def test_accents_do_not_matter() -> None:
    assert names(find("cafe")) == names(find("café")) == {"Café Press"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jakcet", "jacket"),
        ("jaket", "jacket"),
        ("jackett", "jacket"),
        ("jacjet", "jacket"),
        ("tnet", "tent"),
        ("larkfel", "larkfell"),
        ("waterprof jakcet", "waterproof jacket"),
    ],
)
def test_one_typing_mistake_finds_the_same_and_is_named(typed: str, meant: str) -> None:
    page = find(typed)
    assert names(page) == names(find(meant))
    if page.manner == "corrected":
        assert page.did_you_mean == meant
    else:
        assert page.manner in ("exact", "completed")


def test_mistake_keeps_the_words_around_it() -> None:
    assert find("Brack jakcet").did_you_mean == "Brack jacket"
    assert names(find("Brack jakcet")) == {"Brack Rain Jacket"}


def test_half_word_is_completed() -> None:
    page = find("long")
    assert (names(page), page.manner, page.did_you_mean) == ({"Longhall Tunnel Tent"}, "completed", None)


def test_unknown_word_is_left_out_and_said_so() -> None:
    page = find("jacket xylophone")
    assert names(page) == {"Brack Rain Jacket", "Husk Down Jacket"}
    assert page.manner == "partial"


def test_words_that_never_meet_find_some_of_them() -> None:
    page = find("café jacket")
    assert names(page) == {"Café Press", "Brack Rain Jacket", "Husk Down Jacket"}
    assert page.manner == "partial"


def test_words_scattered_over_one_text_are_no_answer_while_others_are_called_so() -> None:
    for name in ("Husky Rain Coat", "Fern Wind Coat"):
        make_product(name, description="Against the weather.")
    make_product("Down Wash", description="A red bottle; for any coat.")
    page = find("red coat")
    assert (names(page), page.manner) == ({"Down Wash", "Husky Rain Coat", "Fern Wind Coat"}, "partial")
    assert page.cards[-1].name == "Down Wash"
    for number in range(4):
        make_product(f"Wash {number}", description="A red bottle; for any coat.")
    assert (find("red  coat").total, find("red  coat").manner) == (5, "exact")


def test_a_product_that_holds_all_words_somewhere_comes_before_those_that_hold_some() -> None:
    make_product("Trod Socks", description="Merino, with a cushion.")
    for name in ("Merino Shirt", "Merino Beanie", "Cushion"):
        make_product(name)
    page = find("merino socks cushion")
    assert (page.cards[0].name, page.total, page.manner) == ("Trod Socks", 4, "partial")


def test_a_text_s_words_count_one_by_one() -> None:
    stove = make_product("Anvil Stove", description="Light to carry.")
    for number in range(6):
        make_product(f"Candle {number}", description="Light a stove with it.")
    assert find("light stove").cards[0].id == stove.id


@pytest.mark.parametrize("code", ["LF-DRIFT", "lf-drift", "LF-DRIFT-EMB", "4006381333931"])
def test_code_of_a_product_or_variant_finds_its_product_first(code: str) -> None:
    page = find(code)
    assert page.cards[0].name == "Drift Dome Tent"


def test_exact_code_wins_over_words() -> None:
    make_product("Tent of many tents tent", sku="OTHER")
    make_product("Plain thing", sku="TENT")
    assert find("tent").cards[0].name == "Plain thing"
    assert ranked_products("tent")[0].score > 100


def test_nothing_found_offers_what_sells() -> None:
    page = find("zzzzqqqq")
    assert (page.total, page.manner, page.did_you_mean) == (0, "nothing", None)
    assert len(page.popular) == 5


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "tent " * 2_000,
        "a & b | ! ( ) :* <-> \\",
        "'",
        '"',
        '"unclosed',
        "'; DROP TABLE products; --",
        "nul\x00byte",
        "🏕️🔥",
        "\u202egnorts",
        "%_%",
        "the",
        "and or not",
        "-",
        "- - -tent",
        "()",
        "\\",
        "{}[]",
        "NULL",
        "Ω≈ç√",
        "خيمة",
        "帐篷",
        "1e999999",
        "a" * 41 + " tent",
        ".".join("abcdefghijklmnop"),
        "<script>alert(1)</script>",
        "foo:*bar",
        "_ __ _",
    ],
)
def test_no_text_breaks_the_page(text: str) -> None:
    page = find(text)
    assert page.page == 1
    assert page.total >= 0
    assert page.cards or page.popular
    session().rollback()


def test_search_can_be_narrowed_to_a_category_that_counts_without_itself() -> None:
    page = search_listing(ListingRequest(text="tent", category_slug="jackets"))
    assert names(page) == {"Brack Rain Jacket"}
    everything = search_listing(ListingRequest(text="tent"))
    category = next(facet for facet in everything.facets if facet.kind == "category")
    assert {option.value: option.count for option in category.options} == {"tents": 2, "jackets": 1}


def test_ranked_products_are_the_page_in_its_order() -> None:
    ranked = ranked_products("tent", 10)
    assert [one.name for one in ranked] == [card.name for card in find("tent").cards]
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    assert [one.sku for one in ranked_products("tent", 1)] == [ranked[0].sku]
    assert ranked_products("   ") == []


def test_variants_do_not_stand_in_the_list_beside_their_product() -> None:
    parent = make_product("Mitten", "20.00", 0)
    make_variants(parent, [{"Size": "S"}, {"Size": "M"}])
    assert [card.name for card in find("mitten").cards] == ["Mitten"]


def teach(*words: str, language: str = "en", typed: str | None = None) -> None:
    with transaction():
        session().add(Synonym(language=language, typed=typed, words=list(words)))
    forget_synonyms()


def test_a_word_that_no_product_holds_can_be_taught() -> None:
    assert find("anorak").manner == "nothing"
    teach("anorak", "jacket")
    page = find("anorak")
    assert names(page) == {"Brack Rain Jacket", "Husk Down Jacket"}
    assert (page.manner, page.did_you_mean) == ("exact", None)
    assert names(find("husk anorak")) == {"Husk Down Jacket"}


def test_a_phrase_can_be_taught_and_a_word_for_it_alone() -> None:
    teach("cloth house", "tent")
    assert "Drift Dome Tent" in names(find("cloth house"))
    teach("jacket", typed="parker")
    assert names(find("parker")) == {"Brack Rain Jacket", "Husk Down Jacket"}


def test_every_language_of_the_catalog_is_understood() -> None:
    make_product("Blaues Zelt", language="de")
    refresh_words()
    forget_what_is_kept()
    page = find("blaue zelte")
    assert names(page) == {"Blaues Zelt"}
    assert page.manner == "exact"
    teach("behausung", "zelt", language="de")
    assert names(find("behausung")) == {"Blaues Zelt"}


def test_what_is_said_around_a_thing_is_no_word_of_it() -> None:
    found = find("I am looking for something: the best tent, cheap please")
    assert (found.manner, found.did_you_mean) == ("exact", None)
    assert names(found) == names(find("tent"))
    assert find("cheap please").manner == "nothing", "where nothing else is said they are words"


def test_a_half_word_is_completed_before_it_is_a_mistake() -> None:
    make_product("Desk Last", "9.00")
    make_product("Laptop Sleeve", "19.00")
    refresh_words()
    found = find("lapt")
    assert (found.manner, found.did_you_mean) == ("completed", None)
    assert names(found) == {"Laptop Sleeve"}


def test_a_doubled_letter_is_missed_easily() -> None:
    for number in range(3):
        make_product(f"Rustic Boule {number}", "8.00")
    make_product("Water Bottle", "24.00")
    refresh_words()
    assert find("water botle").did_you_mean == "water bottle"


def test_without_something_is_not_held_against_what_says_so() -> None:
    make_product("Lamp Uno", "20.00", description="Comes with a cable.")
    make_product("Lamp Due", "20.00")
    make_product("Lamp Tre", "20.00", description="Goes without cable for ten hours.")
    refresh_words()
    assert names(find("lamp without cable")) == {"Lamp Due", "Lamp Tre"}
    assert names(find("lamp not cable")) == {"Lamp Due"}


def test_half_a_word_is_compared_by_the_whole_one() -> None:
    make_product("Laptop Sleeve", "19.00")
    refresh_words()
    reading = read("red lapt")
    assert understand(reading, vocabulary_of(reading)).meaning == "red laptop"
