"""What an address must hold in which country: as much as catches slips, not enough to refuse a real one."""

from __future__ import annotations

import re

from storefront.accounts.errors import AddressRefused

# Postal code per country (Universal Postal Union, addressing guides), with an example to show.
POSTAL_CODES = {
    "AT": (r"\d{4}", "1010"),
    "AU": (r"\d{4}", "3000"),
    "BE": (r"\d{4}", "1000"),
    "BG": (r"\d{4}", "1000"),
    "CA": (r"[A-Z]\d[A-Z] ?\d[A-Z]\d", "K1A 0B1"),
    "CH": (r"\d{4}", "8001"),
    "CY": (r"\d{4}", "1010"),
    "CZ": (r"\d{3} ?\d{2}", "110 00"),
    "DE": (r"\d{5}", "10115"),
    "DK": (r"\d{4}", "1050"),
    "EE": (r"\d{5}", "10111"),
    "ES": (r"\d{5}", "28001"),
    "FI": (r"\d{5}", "00100"),
    "FR": (r"\d{5}", "75001"),
    "GB": (r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", "SW1A 1AA"),
    "GR": (r"\d{3} ?\d{2}", "104 31"),
    "HR": (r"\d{5}", "10000"),
    "HU": (r"\d{4}", "1011"),
    "IE": (r"[A-Z]\d[\dW] ?[A-Z\d]{4}", "D02 AF30"),
    "IT": (r"\d{5}", "00118"),
    "JP": (r"\d{3}-?\d{4}", "100-0001"),
    "LI": (r"\d{4}", "9490"),
    "LT": (r"(LT-)?\d{5}", "LT-01100"),
    "LU": (r"(L-)?\d{4}", "1111"),
    "LV": (r"(LV-)?\d{4}", "LV-1010"),
    "MT": (r"[A-Z]{3} ?\d{4}", "VLT 1117"),
    "NL": (r"\d{4} ?[A-Z]{2}", "1011 AB"),
    "NO": (r"\d{4}", "0150"),
    "NZ": (r"\d{4}", "6011"),
    "PL": (r"\d{2}-?\d{3}", "00-001"),
    "PT": (r"\d{4}-?\d{3}", "1000-001"),
    "RO": (r"\d{6}", "010011"),
    "SE": (r"\d{3} ?\d{2}", "111 22"),
    "SI": (r"(SI-)?\d{4}", "1000"),
    "SK": (r"\d{3} ?\d{2}", "811 01"),
    "US": (r"\d{5}(-\d{4})?", "94103"),
}
REGION_NEEDED = frozenset({"AU", "BR", "CA", "MX", "US"})
WITHOUT_POSTAL_CODE = frozenset({"AE", "HK", "PA", "QA"})


def normal_postal_code(text: str) -> str:
    """The postal code in capitals, without superfluous spaces."""
    return " ".join(text.upper().split())


def check_address(
    *, full_name: str, line1: str, postal_code: str, city: str, country: str, region: str = ""
) -> None:
    """Raise :class:`AddressRefused` for the first part that is missing or cannot be right."""
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise AddressRefused("country", "unknown" if country else "missing", country)
    for field, value in (("full_name", full_name), ("line1", line1), ("city", city)):
        if not value.strip():
            raise AddressRefused(field, "missing", country)  # type: ignore[arg-type]
    problem = postal_code_problem(country, postal_code)
    if problem:
        raise AddressRefused("postal_code", problem[0], country, problem[1])  # type: ignore[arg-type]
    if country in REGION_NEEDED and not region.strip():
        raise AddressRefused("region", "missing", country)


def postal_code_problem(country: str, postal_code: str) -> tuple[str, str] | None:
    """``missing`` or ``format`` with an example of the country, or None where the code may be right."""
    pattern, example = POSTAL_CODES.get(country, (r"[A-Z\d][A-Z\d -]{1,11}", ""))
    code = normal_postal_code(postal_code)
    if not code:
        return None if country in WITHOUT_POSTAL_CODE else ("missing", example)
    return None if re.fullmatch(pattern, code) else ("format", example)
