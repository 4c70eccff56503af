"""The vocabulary: what it holds, what was meant by a word that it does not hold."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.db import session, transaction
from storefront.search.models import SearchWord
from storefront.search.queries.words import Candidate, WordFound, distance, look_up, meant
from storefront.search.services import refresh_words, refresh_words_if_changed
from tests.factories.catalog import make_brand, make_category, make_product, make_variants

LETTERS = st.text("abcdefgh", max_size=9)


@pytest.mark.parametrize(
    ("one", "other", "mistakes"),
    [
        ("jacket", "jacket", 0),
        ("jaket", "jacket", 1),
        ("jackket", "jacket", 1),
        ("jacjet", "jacket", 1),
        ("jakcet", "jacket", 1),
        ("ajkcet", "jacket", 2),
        ("", "tent", 4),
        ("tent", "", 4),
    ],
)
def test_distance(one: str, other: str, mistakes: int) -> None:
    assert distance(one, other) == mistakes


@given(LETTERS, LETTERS, LETTERS)
def test_distance_is_one_both_ways_and_zero_for_the_same_alone(one: str, other: str, third: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


def word(typed: str, *near: tuple[str, int]) -> WordFound:
    return WordFound(typed, nearest=tuple(Candidate(one, holders) for one, holders in near))


def test_the_nearest_is_meant_then_the_likeliest() -> None:
    assert meant(word("jackeet", ("jacket", 3), ("racket", 90))) == "jacket"
    assert meant(word("cabke", ("cable", 9), ("cage", 4))) == "cable"


def test_the_first_letter_is_seldom_missed_but_swapped_with_the_second() -> None:
    assert meant(word("tent", ("rent", 9), ("text", 2))) == "text"
    assert meant(word("lpayer", ("layer", 5), ("player", 90))) == "player"


def test_the_plural_of_a_word_is_no_mistake() -> None:
    assert meant(word("erbuds", ("earbud", 1))) == "earbud"
    assert meant(word("erbudss", ("earbud", 1), ("earbuds", 1))) == "earbuds"


def test_two_mistakes_are_mended_in_long_words_only() -> None:
    assert meant(word("hedphnes", ("headphones", 3))) == "headphones"
    assert meant(word("hdphn", ("headphone", 3))) is None


def test_who_is_known_is_not_mended() -> None:
    assert meant(WordFound("tent", holders=1, nearest=(Candidate("text", 1_000),))) is None


@pytest.fixture
def shop(app_context: object) -> None:
    category, brand = make_category("Head Lamps"), make_brand("Låmpfell")
    lamp = make_product(
        "Tarn Lamp",
        category=category,
        brand=brand,
        tags=["rechargeable"],
        description="Its headband is washable; 350 lumens.",
        specifications={"Material": "Polycarbonate"},
    )
    make_variants(lamp, [{"Colour": "Ember"}])
    make_product("Headphone Stand")
    refresh_words()


def kept() -> dict[str, tuple[int, int]]:
    rows = session().execute(sa.select(SearchWord.word, SearchWord.holders, SearchWord.text_holders))
    return {row.word: (row.holders, row.text_holders) for row in rows}


@pytest.mark.usefixtures("shop")
def test_words_of_names_are_counted_apart_from_those_of_texts() -> None:
    words = kept()
    assert {words[one] for one in ("tarn", "lampfell", "head", "lamps", "rechargeable", "ember")} == {(1, 0)}
    assert {words[one] for one in ("headband", "washable", "polycarbonate")} == {(0, 1)}
    assert "350" not in words


@pytest.mark.usefixtures("shop")
def test_the_vocabulary_follows_the_products() -> None:
    assert "tarn" in kept()
    with transaction():
        session().execute(sa.text("UPDATE products SET name = 'Beck Lamp' WHERE name = 'Tarn Lamp'"))
    assert refresh_words()
    assert "beck" in kept()
    assert "tarn" not in kept()


@pytest.mark.usefixtures("shop")
def test_one_statement_says_all_about_the_words(assert_queries) -> None:
    with assert_queries(1):
        found = look_up(
            ["head", "lamp", "rechargea", "washabel", "headphone", "headlamps", "the", "wxyz"]
        ).words
    assert found["head"].joined is None
    assert found["lamp"].holders > 0
    assert [one.word for one in found["rechargea"].completions] == ["rechargeable"]
    assert meant(found["washabel"]) == "washable"
    assert found["headlamps"].split == ("head", "lamps")
    assert found["the"].holders == 1, "a word that the text search leaves out is no mistake"
    assert (found["wxyz"].completions, meant(found["wxyz"])) == ((), None)


@pytest.mark.usefixtures("shop")
def test_two_words_that_are_one_are_joined() -> None:
    assert look_up(["head", "phone", "stand"]).words["head"].joined == "headphone"


@pytest.mark.usefixtures("shop")
def test_somebody_else_who_refreshes_is_enough() -> None:
    engine = session().get_bind().engine
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as other:
        other.execute(sa.text("SELECT pg_advisory_xact_lock(7305204331)"))
        assert refresh_words() is False
    assert refresh_words() is True


@pytest.mark.usefixtures("shop")
def test_the_job_counts_only_where_something_has_changed() -> None:
    assert refresh_words_if_changed() is False
    make_product("Beck Kettle")
    assert refresh_words_if_changed() is True
    assert "beck" in kept()
    with transaction():
        session().execute(sa.text("UPDATE products SET deleted_at = now() WHERE name = 'Beck Kettle'"))
    assert refresh_words_if_changed() is True
    assert "beck" not in kept()


@pytest.mark.usefixtures("shop")
def test_what_changes_no_word_is_not_counted() -> None:
    refresh_words_if_changed()
    with transaction():
        session().execute(
            sa.text("UPDATE products SET price = price + 1, stock_quantity = 0, reserved_quantity = 0")
        )
        session().execute(sa.text("UPDATE product_search SET popularity = 7"))
    assert refresh_words_if_changed() is False
    with transaction():
        session().execute(sa.text("UPDATE products SET name = 'Tarn Lamps' WHERE name = 'Tarn Lamp'"))
    assert refresh_words_if_changed() is True, (
        "the text search has one stem for both, the vocabulary two words"
    )


@pytest.mark.usefixtures("shop")
def test_what_is_committed_late_is_counted_the_next_time() -> None:
    refresh_words_if_changed()
    engine = session().get_bind().engine
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as slow:
        slow.execute(sa.text("UPDATE products SET name = 'Beck Lamp' WHERE name = 'Tarn Lamp'"))
        make_product("Gill Kettle")
        assert refresh_words_if_changed() is True
        slow.commit()
    assert "beck" not in kept()
    assert refresh_words_if_changed() is True
    assert "beck" in kept()
