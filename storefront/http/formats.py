"""Money and dates as people of the page's language read them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date as babel_date
from babel.dates import format_time
from babel.numbers import format_currency, format_decimal
from flask_babel import get_locale, to_user_timezone
from markupsafe import Markup, escape

from storefront.core.settings import current_settings
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


def format_date(moment: datetime) -> str:
    """``Nov 22, 2026``."""
    return _date(moment.date(), language())


@lru_cache(maxsize=1_024)
def _date(day: date, spoken: str) -> str:
    return babel_date(day, locale=spoken)


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
