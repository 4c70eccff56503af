"""Money and dates as people of the page's language read them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from babel.dates import format_date as babel_date
from babel.dates import format_time
from babel.numbers import format_currency, format_decimal
from flask_babel import get_locale, to_user_timezone

from storefront.core.settings import current_settings


def format_money(amount: Decimal, currency: str | None = None) -> str:
    """``€1,234.50``: the amount in ``currency``, by default the shop's."""
    return format_currency(amount, currency or current_settings().shop_currency, locale=get_locale() or "en")


def format_number(number: int) -> str:
    """``1,234``."""
    return format_decimal(number, locale=get_locale() or "en")


def format_date(moment: datetime) -> str:
    """``Nov 22, 2026``."""
    return babel_date(moment, locale=get_locale() or "en")


def format_moment(moment: datetime) -> str:
    """``Nov 22, 2026, 5:11 PM``: the date and the minute, where the reader is."""
    local = to_user_timezone(moment)
    return f"{format_date(local)}, {format_time(local, 'short', tzinfo=local.tzinfo, locale=get_locale() or 'en')}"
