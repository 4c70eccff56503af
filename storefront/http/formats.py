"""Money and dates as people of the page's language read them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date as babel_date
from babel.dates import format_time
from babel.numbers import format_currency, format_decimal
from markupsafe import Markup, escape

from storefront.core.settings import current_settings
from storefront.core.shop_time import shop_day, shop_time
from storefront.core.texts import gettext as _
from storefront.core.texts import language
from storefront.http.number_writing import money_writing, number_writing


def format_money(amount: Decimal, currency: str | None = None) -> str:
    """``€1,234.50``: the amount in ``currency``, by default the shop's."""
    currency, spoken = currency or current_settings().shop_currency, language()
    writing = money_writing(currency, spoken)
    return writing.write(amount) or format_currency(amount, currency, locale=spoken)


def format_number(number: int) -> str:
    """``1,234``."""
    spoken = language()
    return number_writing(spoken).write(number) or format_decimal(number, locale=spoken)


def format_date(moment: datetime | date) -> str:
    """``Nov 22, 2026``: a day, or the one that a moment is on where the shop is."""
    return _date(shop_day(moment) if isinstance(moment, datetime) else moment, language())


@lru_cache(maxsize=1_024)
def _date(day: date, spoken: str) -> str:
    return babel_date(day, locale=spoken)


def format_moment(moment: datetime) -> str:
    """``Nov 22, 2026, 5:11 PM``: the date and the minute, where the shop is."""
    local, spoken = shop_time(moment), language()
    return f"{_date(local.date(), spoken)}, {format_time(local, 'short', tzinfo=local.tzinfo, locale=spoken)}"


def format_share(share: float) -> str:
    """``12.5``: a share of one, in per cent."""
    return format_decimal(round(share * 100, 1), "0.0", language())


def format_rating(value: Decimal) -> str:
    """``4.50``."""
    return format_decimal(value, "0.00", language())


def stars(value: Decimal) -> Markup:
    """A rating from 0 to 5 as stars, in halves, read out to one place."""
    return _stars(value, language())


@lru_cache(maxsize=512)
def _stars(value: Decimal, spoken: str) -> Markup:
    halves, said = round(float(value) * 2), round(float(value), 1)
    label = escape(_("%(value)s of 5 stars", value=format_decimal(said, "0.0", spoken)))
    return Markup(f'<span class="stars stars--{halves * 5}" role="img" aria-label="{label}"></span>')


def as_id(text: str) -> str:
    """``text`` as a part of an element's id, which holds no blanks."""
    return text.replace(" ", "_")
