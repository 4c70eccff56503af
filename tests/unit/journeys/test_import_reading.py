"""Feeds as rows, and rows as products: what is broken is told apart, with its line and reason."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from storefront.journeys.catalog_import.mapping import Mapping, MappingInvalid
from storefront.journeys.catalog_import.reading import BrokenRow, FeedUnreadable, RawRow, read_feed
from storefront.journeys.catalog_import.rows import RowRefused

MAPPING = """
ignore = ["picture link"]
[columns]
sku = "id"
parent_sku = "of"
name = "title"
price = { column = "cents", scale = "0.01" }
compare_at_price = "was"
category = { column = "kind", prefix = "Shop > ", separator = ">", default = "Other" }
tags = { column = "tags", separator = "|" }
options = "options"
stock = "stock"
is_active = { column = "active", default = "yes" }
published_at = "date"
[specifications]
strip_prefixes = ["attr_"]
humanize = true
separator = ","
[specifications.units]
"Screen size" = "inch"
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return Mapping.load(path)


def test_a_csv_with_broken_rows_loses_only_those(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes(b'\xef\xbb\xbfid,title\n1,Tent\n2\n3,"two\nlines"\n4,caf\xe9\n"5"x,Tarp\n6,Mug\n')
    rows = list(read_feed(feed))
    assert [row.values for row in rows if isinstance(row, RawRow)] == [
        {"id": "1", "title": "Tent"},
        {"id": "3", "title": "two\nlines"},
        {"id": "6", "title": "Mug"},
    ]
    assert [(row.line, row.reason) for row in rows if isinstance(row, BrokenRow)] == [
        (3, "has 1 columns instead of 2"),
        (6, "is not UTF-8"),
        (7, "is no CSV: ',' expected after '\"'"),
    ]


def test_json_lines_gzipped_and_broken(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl.gz"
    feed.write_bytes(gzip.compress(b'{"id": 1}\n\n[1]\n{"id": \n{"id": 2}\n'))
    rows = list(read_feed(feed))
    assert [row.line for row in rows if isinstance(row, RawRow)] == [1, 5]
    assert [row.line for row in rows if isinstance(row, BrokenRow)] == [3, 4]


def test_a_file_that_is_no_feed_is_said_so(tmp_path: Path) -> None:
    for name, content in (("feed.xlsx", b"x"), ("feed.csv.gz", b"no gzip"), ("feed.csv", b"a,a\n1,2\n")):
        feed = tmp_path / name
        feed.write_bytes(content)
        with pytest.raises(FeedUnreadable):
            list(read_feed(feed))


def test_a_row_in_the_shops_terms(mapping: Mapping) -> None:
    row = mapping.apply(
        7,
        {
            "id": 12,
            "title": " Tent ",
            "cents": 12995,
            "kind": "Tents > Domes",
            "tags": "a| b",
            "stock": "3",
            "date": "2026-01-31",
            "attr_display_diagonal": 6.0,
            "attr_wi_fi": True,
            "attr_none": None,
            "attr_screen_size": 27,
            "attr_colour": "Black,Blue",
            "attr_sheets": "10,B5",
            "attr_yield": "1,200 pages, or more",
            "attr_twice": "Red,Red",
            "picture link": "http://example.com",
        },
    )
    assert (row.line, row.sku, row.name, row.price, row.stock) == (7, "12", "Tent", Decimal("129.95"), 3)
    assert row.category == ("Shop", "Tents", "Domes")
    assert row.tags == ["a", "b"]
    assert row.specifications == {
        "Display diagonal": "6",
        "Wi fi": "Yes",
        "Screen size": "27 inch",
        "Colour": ["Black", "Blue"],
        "Sheets": ["10", "B5"],
        "Yield": "1,200 pages, or more",
        "Twice": "Red",
    }
    assert row.published_at is not None
    assert row.published_at.isoformat() == "2026-01-31T00:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": ""}, "no SKU"),
        ({"title": None}, "no name"),
        ({"cents": ""}, "no price"),
        ({"cents": "abc"}, "price: cannot be read: 'abc'"),
        ({"cents": "NaN"}, "price: is no number: 'NaN'"),
        ({"cents": "1.5"}, "price: has more than two decimal places: 0.015"),
        ({"cents": -5}, "the price is negative: -0.05"),
        ({"was": "1.00"}, "the price before (1.00) is not above the price (9.99)"),
        ({"stock": "2.5"}, "stock: is no whole number: 2.5"),
        ({"stock": "-1"}, "the stock is out of range: -1"),
        ({"of": "12"}, "a variant needs options such as size or colour"),
        ({"options": "Size: M"}, "options without a parent"),
        ({"options": "M", "of": "12"}, "options: options are written as `Size: M; Colour: Fir`"),
        ({"active": "maybe"}, "is_active: is neither yes nor no: 'maybe'"),
        ({"date": "31.1.2026"}, "published_at: cannot be read: '31.1.2026'"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(mapping: Mapping, change: dict[str, object], reason: str) -> None:
    with pytest.raises(RowRefused) as refused:
        mapping.apply(1, {"id": "A", "title": "Tent", "cents": 999, **change})
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[columns]\nsku = 'a'\nname = 'b'", "no price"),
        ("[columns]\nsku='a'\nname='b'\nprice='c'\ncolour='d'", "unknown field colour"),
        ("[columns]\nsku='a'\nname='b'\nprice={columm='c'}", "columns.price.columm"),
        ("[columns", "mapping.toml"),
    ],
)
def test_a_wrong_mapping_is_said_before_the_first_row(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(MappingInvalid, match=words):
        Mapping.load(path)


def test_a_json_array(tmp_path: Path) -> None:
    feed = tmp_path / "catalog.json"
    feed.write_text(json.dumps([{"id": 1}, 2]))
    first, second = read_feed(feed)
    assert isinstance(first, RawRow)
    assert first.values == {"id": 1}
    assert isinstance(second, BrokenRow)
