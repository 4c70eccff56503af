"""Countries by name in the page's language, for address forms."""

from __future__ import annotations

from functools import cache

from babel import Locale
from flask_babel import get_locale

# Codes that the locale data names and no post delivers to by that name: unions, parts of others, the unknown.
_NOT_COUNTRIES = frozenset(
    {"AC", "AQ", "BV", "CP", "CQ", "DG", "EA", "EU", "EZ", "HM", "IC", "QO", "TF", "UN", "XA", "XB", "ZZ"}
)


def country_choices() -> list[tuple[str, str]]:
    """All countries as (ISO 3166 code, name), sorted by name."""
    return list(_choices(str(get_locale() or "en")))


def country_name(code: str) -> str:
    """The country's name in the page's language; the code itself for an unknown one."""
    return dict(_choices(str(get_locale() or "en"))).get(code, code)


@cache
def _choices(locale: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(locale).territories
    countries = (
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    )
    return tuple(sorted(countries, key=lambda country: country[1].casefold()))
