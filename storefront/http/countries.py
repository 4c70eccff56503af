"""Countries by name in the page's language, for address forms."""

from __future__ import annotations

from functools import cache

from babel import Locale
from flask_babel import get_locale

# Codes that the locale data names and no post delivers to by that name: unions, parts of others, the unknown.
_NOT_COUNTRIES = frozenset(
    {"AC", "AQ", "BV", "CP", "CQ", "DG", "EA", "EU", "EZ", "HM", "IC", "QO", "TF", "UN", "XA", "XB", "ZZ"}
)


Countries = tuple[tuple[str, str], ...]
"""Countries as (ISO 3166 code, name)."""


def country_choices() -> Countries:
    """All countries in the page's language, sorted by name."""
    return _choices(_language())


def country_name(code: str) -> str:
    """The country's name in the page's language; the code itself for an unknown one."""
    return _names(_language()).get(code, code)


def _language() -> str:
    return str(get_locale() or "en")


@cache
def _names(locale: str) -> dict[str, str]:
    return dict(_choices(locale))


@cache
def _choices(locale: str) -> Countries:
    names = Locale.parse(locale).territories
    countries = (
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    )
    return tuple(sorted(countries, key=lambda country: country[1].casefold()))
