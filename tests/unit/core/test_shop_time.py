"""The shop's own clock: days are those where the shop is, whatever UTC has."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from storefront.core.clock import frozen
from storefront.core.settings import Settings
from storefront.core.settings_reading import SettingsInvalid, load_settings
from storefront.core.shop_time import shop_day, today
from storefront.core.texts import in_language
from storefront.http.formats import format_date, format_moment

NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
"""Half past midnight on the first of January in Berlin."""


def test_the_new_year_begins_where_the_shop_is(app: Flask) -> None:
    with app.app_context(), frozen(NEW_YEAR), in_language("de"):
        assert today() == date(2027, 1, 1)
        assert format_date(NEW_YEAR) == "01.01.2027"
        assert format_moment(NEW_YEAR) == "01.01.2027, 00:30"
        assert format_date(date(2026, 12, 31)) == "31.12.2026"
        summer = datetime(2026, 6, 30, 22, 15, tzinfo=UTC)
        assert (shop_day(summer), format_moment(summer)) == (date(2026, 7, 1), "01.07.2026, 00:15")


def test_a_wrong_zone_or_language_stops_the_start(settings: Settings) -> None:
    for name, value in (("shop_time_zone", "Europe/Larkfell"), ("shop_languages", "en,xx")):
        with pytest.raises(SettingsInvalid, match=name.upper()):
            load_settings(**settings.model_dump() | {name: value})
