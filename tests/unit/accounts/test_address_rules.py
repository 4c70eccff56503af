"""Addresses by country: which parts there are, what is needed, what is refused, how they are written."""

from __future__ import annotations

import pytest

from storefront.accounts.address_rules import (
    AddressProblem,
    address_lines,
    address_problems,
    is_country,
    normal_address,
    normal_postal_code,
    rules_for,
)
from storefront.accounts.errors import AddressRefused

IDA = {"full_name": "Ida Larsen", "line1": "Am Hang 3", "city": "Town"}


def problems(**parts: str) -> list[tuple[str, str, str]]:
    return [(one.field, one.reason, one.example) for one in address_problems(IDA | parts)]


def test_each_country_has_its_own_parts_in_its_own_order() -> None:
    assert rules_for("DE").fields[4:] == ("postal_code", "city")
    assert rules_for("US").fields[4:] == ("city", "region", "postal_code")
    assert rules_for("HK").fields[4:] == ("city", "region")
    assert ("CA", "California") in rules_for("US").regions
    assert ("東京都", "Tokyo") in rules_for("JP").regions
    assert rules_for("DE").regions == ()
    assert (rules_for("US").region_kind, rules_for("US").postal_code_kind) == ("state", "zip")
    assert "postal_code" not in rules_for("IE").required
    assert rules_for("US").required >= {"full_name", "line1", "city", "region", "postal_code"}


@pytest.mark.parametrize("code", ["XX", "ZZ", "de", "DEU", "", "D\0", "../de"])
def test_what_is_no_country_is_none(code: str) -> None:
    assert not is_country(code)
    assert problems(country=code) == [("country", "unknown" if code else "missing", "")]
    assert rules_for(code).fields[:2] == ("full_name", "company")


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("PL", "00001", "00-001"),
        ("CH", "CH-8001", "8001"),
        ("DE", "D-10115", "10115"),
        ("LV", "1010", "LV-1010"),
        ("LT", "LT-01100", "01100"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("NL", " 1011ab", "1011 AB"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("IE", "d02af30", "D02 AF30"),
        ("SE", "111 22", "111 22"),
        ("US", "94103-1234", "94103-1234"),
        ("DE", "1<script>", "1<SCRIPT>"),
    ],
)
def test_postal_codes_are_stored_as_the_country_writes_them(country: str, typed: str, stored: str) -> None:
    assert normal_postal_code(typed, country) == stored


def test_a_postal_code_fits_its_country_and_its_region() -> None:
    assert problems(country="DE", postal_code="1011") == [("postal_code", "format", "26133")]
    assert problems(country="DE", postal_code="") == [("postal_code", "missing", "26133")]
    assert problems(country="US", postal_code="94103", region="CA") == []
    assert problems(country="US", postal_code="94103", region="california") == []
    assert problems(country="US", postal_code="94103", region="NY") == [("postal_code", "region", "10000")]
    assert problems(country="GB", postal_code="SW1A 1AAX") == [("postal_code", "format", "EC1Y 8SY")]
    assert problems(country="HK", region="Kowloon") == []


def test_a_region_must_be_one_of_the_list_where_there_is_a_list() -> None:
    assert problems(country="US", postal_code="94103", region="Bavaria") == [("region", "unknown", "")]
    assert problems(country="US", postal_code="94103") == [("region", "missing", "")]
    assert problems(country="LT", postal_code="01100", region="anything") == []


def test_what_is_stored_is_tidy_and_holds_nothing_the_country_has_not() -> None:
    stored = normal_address(
        IDA | {"country": "us", "region": "California", "postal_code": " 94103", "city": " San  Francisco "}
    )
    assert (stored["region"], stored["postal_code"], stored["city"]) == ("CA", "94103", "San Francisco")
    german = normal_address(IDA | {"country": "DE", "region": "Bavaria", "postal_code": "80331"})
    assert german["region"] == ""
    with pytest.raises(AddressRefused) as refused:
        normal_address(IDA | {"country": "US", "region": "NY", "postal_code": "94103"})
    assert (refused.value.field, refused.value.reason) == ("postal_code", "region")


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        (
            {"country": "DE", "postal_code": "10115", "city": "Berlin"},
            ["Ida Larsen", "Am Hang 3", "10115 Berlin"],
        ),
        (
            {"country": "US", "postal_code": "94103", "city": "San Francisco", "region": "California"},
            ["Ida Larsen", "Am Hang 3", "San Francisco, CA 94103"],
        ),
        (
            {"country": "GB", "postal_code": "SW1A 1AA", "city": "London", "company": "Larsen Ltd"},
            ["Ida Larsen", "Larsen Ltd", "Am Hang 3", "London", "SW1A 1AA"],
        ),
        (
            {"country": "CH", "postal_code": "8001", "city": "Zürich", "line2": "2. Stock"},
            ["Ida Larsen", "Am Hang 3", "2. Stock", "CH-8001 Zürich"],
        ),
        ({"country": "CH", "city": "Zürich"}, ["Ida Larsen", "Am Hang 3", "Zürich"]),
        (
            {"country": "JP", "postal_code": "100-0001", "region": "東京都", "city": ""},
            ["Ida Larsen", "Am Hang 3, Tokyo", "100-0001"],
        ),
        (
            {
                "country": "JP",
                "postal_code": "100-0001",
                "region": "東京都",
                "line1": "千代田1-1",
                "city": "",
            },
            ["〒100-0001", "東京都", "千代田1-1", "Ida Larsen"],
        ),
        ({"country": "", "full_name": "", "line1": "", "city": ""}, []),
    ],
)
def test_addresses_are_written_as_the_post_wants_them(parts: dict[str, str], lines: list[str]) -> None:
    assert address_lines(IDA | parts) == lines


def test_a_problem_says_where_it_is() -> None:
    assert address_problems({"country": "DE"})[0] == AddressProblem("full_name", "missing")
