"""What people search for: the figures of a period, and the texts that staff can do something about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import render_template, request
from flask.typing import ResponseReturnValue

from storefront.admin.access import requires
from storefront.admin.area import blueprint
from storefront.core.pagination import page_number
from storefront.http.formats import format_date
from storefront.search.queries.insights import PERIODS, TEXT_LISTS, SearchDay, search_figures, searched_texts

PLOT_HEIGHT = 100
_GAP = 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """A day in the plot: its place and heights in the plot's own units, 1 wide and :data:`PLOT_HEIGHT` high."""

    day: SearchDay
    label: str
    x: float
    width: float
    height: float
    nothing: float


@blueprint.get("/searches")
@requires("search", "read")
def searches() -> ResponseReturnValue:
    """The last 7, 30 or 90 days."""
    days = next((one for one in PERIODS if str(one) == request.args.get("days")), PERIODS[1])
    which = next((one for one in TEXT_LISTS if one == request.args.get("list")), TEXT_LISTS[0])
    figures = search_figures(days)
    return render_template(
        "admin/searches.html",
        days=days,
        periods=PERIODS,
        which=which,
        figures=figures,
        bars=_bars(figures.days),
        most=max(one.searches for one in figures.days),
        texts=searched_texts(which, days, page_number(request.args.get("page"))),
        day_text=_day_text,
    )


def _bars(days: tuple[SearchDay, ...]) -> list[Bar]:
    scale = PLOT_HEIGHT / max(1, *(one.searches for one in days))
    return [
        Bar(
            day=one,
            label=_day_text(one.day),
            x=round(number + _GAP / 2, 3),
            width=1 - _GAP,
            height=round(one.searches * scale, 2),
            nothing=round(one.found_nothing * scale, 2),
        )
        for number, one in enumerate(days)
    ]


def _day_text(day: date) -> str:
    return format_date(day)
