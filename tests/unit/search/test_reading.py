"""What a search text says by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.search.queries.reading import MOST_WORDS, Reading, read


def first_forms(reading: Reading) -> list[str]:
    return [one.forms[0] for one in reading.wanted]


@pytest.mark.parametrize(
    ("text", "low", "high", "rest"),
    [
        ("tent under 100", None, "100", "tent"),
        ("under €49.90 tent", None, "49.90", "tent"),
        ("lamp between 50 and 80", "50", "80", "lamp"),
        ("lamp between 80 and 50", "50", "80", "lamp"),
        ("jacket from 20 to 50", "20", "50", "jacket"),
        ("headphones 50-80 €", "50", "80", "headphones"),
        ("mug $20-$30", "20", "30", "mug"),
        ("boots over 100", "100", None, "boots"),
        ("boots at least 40 euros leather", "40", None, "boots leather"),
        ("zelt unter 200", None, "200", "zelt"),
        ("< 30 mug", None, "30", "mug"),
        ("laptop under $1,000", None, "1000", "laptop"),
        ("laptop under 1,000", None, "1000", "laptop"),
        ("laptop under 1.299 €", None, "1299", "laptop"),
        ("laptop under 1.299,95 €", None, "1299.95", "laptop"),
        ("laptop over $1,500", "1500", None, "laptop"),
        ("laptop between 1,000 and 2,000", "1000", "2000", "laptop"),
        ("jacket from €20 to €50 red", "20", "50", "jacket red"),
    ],
)
def test_a_price_in_words_becomes_a_limit(text: str, low: str | None, high: str | None, rest: str) -> None:
    reading = read(text)
    assert (reading.price_min, reading.price_max, reading.rest) == (
        Decimal(low) if low else None,
        Decimal(high) if high else None,
        rest,
    )


@pytest.mark.parametrize(
    "text",
    [
        "over ear headphones",
        "cable under 2 m",
        "under 5kg dumbbell",
        "over 100 pages",
        "usb 2 to 3 adapter",
        "iso 9001",
        'book "between 5 and 7"',
        "monitor under 27 inch",
        "drive from 1 to 4 tb",
        "cable between 1 and 3 m",
        "from 3 to 5 years puzzle",
    ],
)
def test_not_every_number_is_a_price(text: str) -> None:
    reading = read(text)
    assert (reading.price_min, reading.price_max, reading.rest) == (None, None, text)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("1tb", {"1tb", "1 tb", "1 terabyte", "1000 gb"}),
        ("1 TB", {"1tb", "1 tb", "1000gb"}),
        ("2000 gb", {"2 tb", "2000gb"}),
        ("27 inch", {"27 inch", "27in", "27"}),
        ('27"', {"27 inch", "27in", "27"}),
        ("1,5 l", {"1.5l", "1,5l", "1.5 litre", "1500 ml"}),
    ],
)
def test_a_measure_is_found_however_it_is_written(text: str, forms: set[str]) -> None:
    (measure,) = read(text).wanted
    assert forms <= set(measure.forms)
    assert not measure.is_word


def test_words_phrases_minus_and_brand() -> None:
    reading = read('brand:"tripp lite" ups -battery "rack mount" USB-C')
    assert reading.brands == ("tripp lite",)
    assert first_forms(reading) == ["ups", "rack mount", "usb-c"]
    assert [one.forms for one in reading.excluded] == [("battery",)]
    assert reading.wanted[2].forms == ("usb-c", "usb c", "usbc")
    assert [one.is_word for one in reading.wanted] == [True, False, True]


def test_a_slash_parts_words_and_no_numbers_or_letters() -> None:
    assert first_forms(read("Printer/Scanner AC/DC 24/7 USB-C/HDMI")) == [
        "printer", "scanner", "ac/dc", "24/7", "usb-c", "hdmi"
    ]  # fmt: skip
    assert read("tent -bag/pack").excluded[0].forms == ("bag/pack", "bag pack", "bagpack")


def test_or_joins_alternatives() -> None:
    (both,) = read("tent or tarp").wanted
    assert both.forms == ("tent", "tarp")
    (either,) = read('ipad or "galaxy tab"').wanted
    assert either.forms == ("ipad", "galaxy tab")


@pytest.mark.parametrize("text", ["ssd vs hdd", "ssd vs. hdd", "ssd versus hdd", "ssd oder hdd"])
def test_what_is_compared_is_wanted_both_ways(text: str) -> None:
    (one,) = read(text).wanted
    assert one.forms == ("ssd", "hdd")


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted", "unless"),
    [
        ("speaker not bluetooth", ["speaker"], ["bluetooth"], [None]),
        ("not bluetooth speaker", ["speaker"], ["bluetooth"], [None]),
        ("lamp without cable", ["lamp"], ["cable"], ["without cable"]),
        ("lampe ohne kabel", ["lampe"], ["kabel"], ["ohne kabel"]),
        ("do not disturb sign", ["do", "not", "disturb", "sign"], [], []),
        ("forget me not", ["forget", "me"], [], []),
    ],
)
def test_negations_in_words(
    text: str, wanted: list[str], unwanted: list[str], unless: list[str | None]
) -> None:
    reading = read(text)
    assert [one.forms[0] for one in reading.wanted] == wanted
    assert [one.forms[0] for one in reading.excluded] == unwanted
    assert [one.unless for one in reading.excluded] == unless


def test_minus_takes_measures_phrases_and_brands_too() -> None:
    reading = read('ssd -1tb -"solid state" -brand:hp')
    assert first_forms(reading) == ["ssd"]
    assert {"1 tb", "1tb", "1000 gb"} <= set(reading.excluded[0].forms)
    assert [one.forms[0] for one in reading.excluded[1:]] == ["solid state", "hp"]


def test_several_brands_may_be_named() -> None:
    reading = read('brand:hp laptop brand:"tripp lite"')
    assert (reading.brands, reading.rest) == (("hp", "tripp lite"), "laptop")


@pytest.mark.parametrize(
    "text",
    [
        *("", '"', '""', "-", "not", "without", "vs", "brand:", "& | ! ( )", "or", "🏕", "'", "--", ':* "a'),
        *("\x00", "\x01 tb", "-\x02"),
    ],
)
def test_operators_alone_are_no_error(text: str) -> None:
    reading = read(text)
    assert all(one.forms for one in (*reading.wanted, *reading.excluded))
    assert (reading.price_min, reading.price_max) == (None, None)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    assert len(reading.wanted) <= MOST_WORDS
    for one in (*reading.wanted, *reading.excluded):
        assert one.forms
        assert all(form.strip() for form in one.forms)
    for price in (reading.price_min, reading.price_max):
        assert price is None or 0 <= price < Decimal(10) ** 7
