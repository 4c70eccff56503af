"""Days and times as the shop's clock on the wall shows them. What is stored is UTC.

The day of an invoice, and with it the year of its number and the period of its tax, is the day where the shop is,
also in the hours in which UTC has another one.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from storefront.core.clock import now
from storefront.core.per_application import once_per_application


def shop_zone() -> ZoneInfo:
    """The running application's time zone."""
    return once_per_application("shop_zone", lambda settings: ZoneInfo(settings.shop_time_zone))


def shop_time(moment: datetime) -> datetime:
    """``moment``, timezone-aware, on the shop's clock."""
    return moment.astimezone(shop_zone())


def shop_day(moment: datetime) -> date:
    """The day that ``moment`` is on where the shop is."""
    return shop_time(moment).date()


def today() -> date:
    """The day that it is where the shop is."""
    return shop_day(now())
