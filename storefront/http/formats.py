"""Money and dates as people of the page's language read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel.dates import format_date as babel_date
from babel.dates import format_time
from babel.numbers import format_currency, get_currency_precision
from flask_babel import get_locale, to_user_timezone
from markupsafe import Markup, escape

from storefront.core.settings import current_settings
from storefront.core.texts import gettext as _
from storefront.core.texts import language

_MOST_QUICKLY = Decimal(10_000_000)


_TRIED = ("0", "0.5", "9.99", "10", "999.99", "1000", "9999.5", "12345.675", "123456.7", "1234567.89")


@dataclass(frozen=True, slots=True)
class _Writing:
    """How amounts of a currency are written in a language: what stands around the digits, and between them."""

    before: str
    after: str
    digits: str
    separators: dict[int, str] | None

    def write(self, amount: Decimal) -> str:
        """An amount of 0 or more."""
        number = format(amount, self.digits)
        if self.separators is not None:
            number = number.translate(self.separators)
        return f"{self.before}{number}{self.after}"


def format_money(amount: Decimal, currency: str | None = None) -> str:
    """``€1,234.50``: the amount in ``currency``, by default the shop's."""
    currency, spoken = currency or current_settings().shop_currency, language()
    writing = _writing(currency, spoken)
    if writing is None or not 0 <= amount < _MOST_QUICKLY:
        return format_currency(amount, currency, locale=spoken)
    return writing.write(amount)


@cache
def _writing(currency: str, spoken: str) -> _Writing | None:
    """What Babel makes of amounts, learnt from examples: a list has dozens of prices, and Babel takes its time.

    None where it is no simple matter (other digits, groups of two).
    """
    places = get_currency_precision(currency)
    example = format_currency(Decimal("1234567.89"), currency, locale=spoken)
    shape = re.fullmatch(r"(\D*)1(?P<group>\D?)234(?P=group)567(?:(?P<point>\D)89)?(\D*)", example)
    if shape is None or (places > 0) != (shape["point"] is not None):
        return None
    separators = {",": shape["group"], ".": shape["point"] or ""}
    plain = separators[","] == "," and separators["."] in (".", "")
    writing = _Writing(shape[1], shape[4], f",.{places}f", None if plain else str.maketrans(separators))
    alike = all(
        writing.write(Decimal(one)) == format_currency(Decimal(one), currency, locale=spoken)
        for one in _TRIED
    )
    return writing if alike else None


def format_date(moment: datetime) -> str:
    """``Nov 22, 2026``."""
    return babel_date(moment, locale=get_locale() or "en")


def format_moment(moment: datetime) -> str:
    """``Nov 22, 2026, 5:11 PM``: the date and the minute, where the reader is."""
    local = to_user_timezone(moment)
    return f"{format_date(local)}, {format_time(local, 'short', tzinfo=local.tzinfo, locale=get_locale() or 'en')}"


def stars(value: Decimal) -> Markup:
    """A rating from 0 to 5 as stars, in halves, read out to one place."""
    return _stars(value, language())


@lru_cache(maxsize=512)
def _stars(value: Decimal, _spoken: str) -> Markup:
    halves, said = round(float(value) * 2), round(float(value), 1)
    label = escape(_("%(value)s of 5 stars", value=said))
    return Markup(f'<span class="stars stars--{halves * 5}" role="img" aria-label="{label}"></span>')


def as_id(text: str) -> str:
    """``text`` as a part of an element's id, which holds no blanks."""
    return text.replace(" ", "_")
