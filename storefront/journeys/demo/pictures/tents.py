"""Tents, seen from the front left at the height of a sitting person."""

from __future__ import annotations

from itertools import pairwise

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import CREAM, GRAPHITE, LAMP, WOOD, Tone, mix
from storefront.journeys.demo.pictures.path import (
    Path,
    crease,
    ellipse,
    line,
    path,
    polygon,
)
from storefront.journeys.demo.pictures.sheet import Sheet

_BASE = 884


def tent(sheet: Sheet, art: Art) -> None:
    """A pitched tent; ``persons`` (1 to 6) makes it wider and taller and gives it more windows."""
    backdrop.stand(sheet)
    persons = int(art.param("persons"))
    {"dome": _dome, "tunnel": _tunnel, "geodesic": _geodesic, "ridge": _ridge}[art.param("shape")](
        sheet, persons
    )


def _dome(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    half, high = 366 + persons * 15, 370 + persons * 38
    left, right, corner = 600 - half, 600 + half, 600 + half * 0.42
    top_x, top_y = 585, _BASE - high
    sheet.ground(600, _BASE + 8, half * 1.1, 46)
    for x, y, peg in (
        (left + half * 0.2, _BASE - high * 0.62, left - 46),
        (right - half * 0.2, _BASE - high * 0.6, right + 44),
    ):
        marks.guy_line(sheet, x, y, peg, _BASE + 22, sheet.accent.base)
    side = path(
        f"M{top_x} {top_y} C {top_x + half * 0.5} {top_y} {right - half * 0.04} "
        f"{_BASE - high * 0.5} {right} {_BASE - 12}"
        f" L {corner} {_BASE + 18} C {corner} {_BASE - high * 0.55} {top_x + half * 0.22} "
        f"{top_y + high * 0.1} {top_x} {top_y} Z"
    )
    front = path(
        f"M{top_x} {top_y} C {top_x - half * 0.5} {top_y} {left + half * 0.05} "
        f"{_BASE - high * 0.55} {left} {_BASE}"
        f" Q {left + half * 0.7} {_BASE + 22} {corner} {_BASE + 18} C {corner} {_BASE - high * 0.55}"
        f" {top_x + half * 0.22} {top_y + high * 0.1} {top_x} {top_y} Z"
    )
    sheet.body(side, tone.darker(0.16), depth=30, rim=0)
    sheet.body(front, tone, depth=0, rim=12)
    with sheet.inside(front):
        band_shape = path(
            f"M{left - 20} {_BASE - 58} Q {left + half * 0.7} {_BASE - 34} {corner + 30} "
            f"{_BASE - 40} V{_BASE + 60} H{left - 20} Z"
        )
        sheet.fill(band_shape, tone.dark)
        sheet.fill(
            crease(
                (left + half * 0.2, _BASE - 60),
                (left + half * 0.4, _BASE - high * 0.6),
                (top_x - 20, top_y + 26),
                20,
            ),
            tone.light,
            0.5,
        )
    with sheet.inside(side):
        sheet.fill(
            path(f"M{corner - 20} {_BASE - 40} L{right + 20} {_BASE - 70} V{_BASE + 40} H{corner - 20} Z"),
            tone.deep,
        )
        window_x = (corner + right) / 2
        if persons > 1:
            _window(
                sheet, window_x + half * 0.02, _BASE - high * 0.36, half * 0.13, high * 0.13, tone.darker(0.3)
            )
    pole = path(
        f"M{corner} {_BASE + 18} C {corner} {_BASE - high * 0.55} {top_x + half * 0.22} "
        f"{top_y + high * 0.1} {top_x} {top_y}"
        f" C {top_x - half * 0.5} {top_y} {left + half * 0.05} {_BASE - high * 0.55} {left} {_BASE}"
    )
    marks.pole_sleeve(sheet, pole, sheet.accent)
    middle = left + (corner - left) * 0.54
    _door(sheet, middle, _BASE + 10, half * 0.34, high * 0.7, tone)
    vent = path(
        f"M{top_x - half * 0.1} {top_y + high * 0.16} q".replace(
            "q",
            f"Q {top_x - half * 0.02} {top_y + high * 0.05} {top_x + half * 0.07} {top_y + high * 0.16} Z",
        )
    )
    sheet.body(vent, sheet.accent, depth=8, rim=3)
    if persons >= 4:
        for x in (left + half * 0.24, middle + half * 0.46):
            _window(sheet, x, _BASE - high * 0.3, half * 0.07, high * 0.09, tone.darker(0.25))
    sheet.lark(left + half * 0.37, _BASE - high * 0.5, 58, tone.light)


def _tunnel(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    long, high = 730 + persons * 20, 330 + persons * 30
    left, right = 600 - long / 2, 600 + long / 2
    radius = 172 + persons * 9
    front_x = left + radius
    sheet.ground(610, _BASE + 6, long * 0.55, 44)
    marks.guy_line(sheet, right - 20, _BASE - high * 0.45, right + 62, _BASE + 4, sheet.accent.base)
    marks.guy_line(sheet, left + 30, _BASE - high * 0.55, left - 60, _BASE + 30, sheet.accent.base)
    top = _BASE - high
    shell = path(
        f"M{front_x} {top} C {front_x + long * 0.3} {top - 26} {right - 120} {top + 18} "
        f"{right - 60} {top + high * 0.3}"
        f" C {right - 14} {top + high * 0.5} {right} {_BASE - 60} {right} {_BASE - 16} L "
        f"{front_x} {_BASE + 22} Z"
    )
    sheet.body(shell, tone.darker(0.1), depth=24, rim=14)
    with sheet.inside(shell):
        sheet.fill(
            path(f"M{left} {_BASE - 46} L{right + 10} {_BASE - 76} V{_BASE + 60} H{left} Z"), tone.deep
        )
        sheet.fill(
            path(
                f"M{front_x} {top - 10} C {front_x + long * 0.3} {top - 30} {right - 120} {top + 18} "
                f"{right - 60} {top + high * 0.3} L {right - 90} {top + high * 0.36} C {right - 200} "
                f"{top + 70} {front_x + 200} {top + 70} {front_x + 60} {top + 96} Z"
            ),
            tone.light,
            0.35,
        )
    ribs = [
        front_x + radius * 0.45 + (right - front_x) * share
        for share in ((0.3, 0.66) if persons < 4 else (0.24, 0.47, 0.7))
    ]
    for x in ribs:
        share = (x - front_x) / (right - front_x)
        rib = path(
            f"M{x - radius * 0.62} {top - 20} C {x - radius * 0.1} {top + 6 + high * 0.1 * share} "
            f"{x + 4} {_BASE - high * 0.5}"
            f" {x} {_BASE + 40}"
        )
        with sheet.inside(shell):
            marks.pole_sleeve(sheet, rib, sheet.accent)
    for before, after in pairwise(ribs):
        _window(
            sheet,
            (before + after) / 2 - 4,
            _BASE - high * 0.36,
            (after - before) * 0.27,
            high * 0.14,
            tone.darker(0.32),
        )
    mouth = path(
        f"M{front_x} {top} C {front_x - radius * 0.72} {top} {left} {_BASE - high * 0.5} {left} {_BASE + 6}"
        f" Q {front_x} {_BASE + 40} {front_x + radius} {_BASE + 16} C {front_x + radius} "
        f"{_BASE - high * 0.5} {front_x + radius * 0.72} {top} {front_x} {top} Z"
    )
    sheet.body(mouth, tone, depth=0, rim=12)
    with sheet.inside(mouth):
        sheet.fill(
            path(
                f"M{left - 10} {_BASE - 50} Q {front_x} {_BASE - 22} {front_x + radius + 10} "
                f"{_BASE - 40} V{_BASE + 60} H{left - 10} Z"
            ),
            tone.dark,
        )
    _door(sheet, front_x + 4, _BASE + 22, radius * 0.62, high * 0.74, tone)
    marks.pole_sleeve(sheet, Path(mouth.steps[:2]), sheet.accent)
    marks.pole_sleeve(sheet, Path((("M", (mouth.steps[2][1][-1],)), mouth.steps[3])), sheet.accent)
    sheet.lark(right - 150, _BASE - high * 0.64, 58, tone.light)


def _geodesic(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    half, high = 372 + persons * 15, 380 + persons * 34
    left, right, top = 600 - half, 600 + half, _BASE - high
    sheet.ground(600, _BASE + 8, half * 1.1, 46)
    for x, peg in ((left + 40, left - 54), (right - 40, right + 54)):
        marks.guy_line(sheet, x, _BASE - high * 0.42, peg, _BASE + 20, sheet.accent.base)
    shell = path(
        f"M600 {top} C {600 + half * 0.52} {top} {right - half * 0.08} {_BASE - high * 0.62} "
        f"{right} {_BASE - 6}"
        f" Q 600 {_BASE + 44} {left} {_BASE - 6} C {left + half * 0.08} {_BASE - high * 0.62} "
        f"{600 - half * 0.52} {top} 600 {top} Z"
    )
    crown_left, crown_right = (600 - half * 0.5, top + high * 0.16), (600 + half * 0.5, top + high * 0.16)
    waist_left, waist_right = (600 - half * 0.36, _BASE - high * 0.4), (600 + half * 0.36, _BASE - high * 0.4)
    sheet.body(shell, tone, depth=0, rim=12)
    with sheet.inside(shell):
        sheet.fill(
            polygon(crown_left, crown_right, (600, top + high * 0.52)), mix(tone.base, tone.light, 0.45)
        )
        sheet.fill(
            polygon(crown_left, (left - 60, _BASE - high * 0.5), waist_left, (600, top + high * 0.52)),
            tone.light,
            0.28,
        )
        sheet.fill(
            polygon(crown_right, (right + 60, _BASE - high * 0.5), (right + 60, _BASE + 50), waist_right),
            tone.dark,
            0.75,
        )
        sheet.fill(
            polygon(waist_right, (right + 60, _BASE + 50), (600 + half * 0.3, _BASE + 60)), tone.deep, 0.55
        )
        sheet.fill(
            polygon(waist_left, (left - 60, _BASE + 50), (600 - half * 0.4, _BASE + 60)), tone.dark, 0.6
        )
        sheet.fill(polygon(crown_right, (600, top + high * 0.52), waist_right), tone.dark, 0.35)
        skirt = path(
            f"M{left - 20} {_BASE - 52} Q 600 {_BASE - 6} {right + 20} {_BASE - 52} V{_BASE + 70} "
            f"H{left - 20} Z"
        )
        sheet.fill(skirt, tone.deep)
    _door(sheet, 600, _BASE + 18, half * 0.3, high * 0.5, tone)
    for pole in (
        path(
            f"M{left} {_BASE - 6} C {left + half * 0.2} {_BASE - high * 0.5} {600 - half * 0.2} "
            f"{top + high * 0.3} {crown_right[0]} {crown_right[1] + 4}"
        ),
        path(
            f"M{right} {_BASE - 6} C {right - half * 0.2} {_BASE - high * 0.5} {600 + half * 0.2} "
            f"{top + high * 0.3} {crown_left[0]} {crown_left[1] + 4}"
        ),
        path(
            f"M{600 - half * 0.42} {_BASE + 16} C {600 - half * 0.42} {_BASE - high * 0.3} "
            f"{600 - half * 0.3} {top + high * 0.5} {crown_left[0]} {crown_left[1]}"
        ),
        path(
            f"M{600 + half * 0.42} {_BASE + 16} C {600 + half * 0.42} {_BASE - high * 0.3} "
            f"{600 + half * 0.3} {top + high * 0.5} {crown_right[0]} {crown_right[1]}"
        ),
        path(f"M{crown_left[0]} {crown_left[1]} Q 600 {top + high * 0.26} {crown_right[0]} {crown_right[1]}"),
    ):
        with sheet.inside(shell):
            marks.pole_sleeve(sheet, pole, sheet.accent)
    sheet.lark(600, top + high * 0.17, 54, tone.deep)


def _ridge(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    wide, high, long = 400 + persons * 16, 420 + persons * 28, 340 + persons * 10
    left = 600 - (wide + long) / 2
    right, top = left + wide, _BASE - high
    apex, back = left + wide * 0.5, left + wide * 0.5 + long
    sheet.ground(600, _BASE + 4, (wide + long) * 0.56, 44)
    marks.guy_line(sheet, apex, top, left - 70, _BASE + 26, sheet.accent.base)
    marks.guy_line(sheet, back, top + 26, right + long + 44, _BASE - 30, sheet.accent.base)
    sheet.line(line(apex, top - 30, apex, _BASE), WOOD.dark, 15)
    sheet.line(line(apex - 3, top - 28, apex - 3, _BASE), WOOD.light, 5)
    roof = path(
        f"M{apex} {top} Q {(apex + back) / 2} {top + 34} {back} {top + 26} Q "
        f"{right + long * 0.74} {_BASE - high * 0.38} {right + long} {_BASE - 54}"
        f" L {right} {_BASE + 14} Q {apex + wide * 0.18} {_BASE - high * 0.52} {apex} {top} Z"
    )
    sheet.body(roof, tone.darker(0.1), depth=22, rim=12)
    with sheet.inside(roof):
        sheet.fill(
            crease(
                (apex + 24, top + 30),
                (apex + wide * 0.4, _BASE - high * 0.46),
                (right + long * 0.5, _BASE - 36),
                26,
            ),
            tone.light,
            0.35,
        )
        sheet.fill(
            path(
                f"M{right - 10} {_BASE - 42} L{right + long + 20} {_BASE - 112} V{_BASE + 40} H{right - 10} Z"
            ),
            tone.deep,
        )
        sheet.stitch(
            path(f"M{apex + wide * 0.3} {_BASE - high * 0.35} L {back + wide * 0.24} {_BASE - high * 0.42}"),
            tone.light,
        )
        if persons > 2:
            _window(sheet, right + long * 0.42, _BASE - high * 0.3, 52, 40, tone.darker(0.3))
    front = path(
        f"M{apex} {top} Q {apex + wide * 0.18} {_BASE - high * 0.52} {right} {_BASE + 14} L "
        f"{left} {_BASE} Q {apex - wide * 0.16} {_BASE - high * 0.52} {apex} {top} Z"
    )
    sheet.body(front, Tone.of(mix("#3a332b", tone.deep, 0.45)), depth=0, rim=0)
    with sheet.inside(front):
        sheet.glow(apex, _BASE - high * 0.2, wide * 0.42, high * 0.44, LAMP, 0.85)
        sheet.fill(ellipse(apex, _BASE + 14, wide * 0.4, 46), CREAM.dark)
        sheet.fill(ellipse(apex + 20, _BASE - 8, wide * 0.2, 26), sheet.accent.base)
    for side, foot in ((-1, left), (1, right)):
        base = _BASE if side < 0 else _BASE + 14
        flap = path(
            f"M{apex} {top} Q {apex + side * wide * 0.17} {_BASE - high * 0.52} {foot} {base} L "
            f"{foot - side * wide * 0.14} {base + 2}"
            f" C {apex + side * wide * 0.3} {base - high * 0.2} {apex + side * wide * 0.2} "
            f"{base - high * 0.5} {apex} {top} Z"
        )
        sheet.body(flap, tone if side < 0 else tone.darker(0.06), depth=8, rim=6)
    marks.eyelet(sheet, apex, top - 4, 9)
    sheet.lark(right + long * 0.1 + 40, _BASE - high * 0.56, 54, tone.light)


def _door(sheet: Sheet, x: float, base: float, half: float, high: float, tone: Tone) -> None:
    opening = path(
        f"M{x - half} {base - 6} C {x - half} {base - high * 0.7} {x - half * 0.5} "
        f"{base - high} {x} {base - high}"
        f" C {x + half * 0.5} {base - high} {x + half} {base - high * 0.7} {x + half} "
        f"{base - 6} Q {x} {base + 14} {x - half} {base - 6} Z"
    )
    sheet.fill(opening, mix("#3a332b", tone.deep, 0.4))
    with sheet.inside(opening):
        sheet.glow(x, base - high * 0.26, half * 1.05, high * 0.6, LAMP, 0.95)
        sheet.fill(ellipse(x + half * 0.1, base + 8, half * 1.1, high * 0.16), CREAM.dark)
        sheet.fill(ellipse(x - half * 0.2, base - high * 0.1, half * 0.5, high * 0.07), sheet.accent.base)
        sheet.fill(ellipse(x - half * 0.22, base - high * 0.12, half * 0.44, high * 0.05), sheet.accent.light)
        lamp_y = base - high * 0.68
        sheet.line(line(x + half * 0.2, base - high, x + half * 0.2, lamp_y), GRAPHITE.deep, 3)
        sheet.fill(ellipse(x + half * 0.2, lamp_y + 8, 12, 15), "#fff3cf")
    flap = path(
        f"M{x - half * 0.1} {base - high} C {x - half * 0.5} {base - high} {x - half} "
        f"{base - high * 0.7} {x - half} {base - 6}"
        f" L {x - half * 0.72} {base - 2} C {x - half * 0.5} {base - high * 0.4} "
        f"{x - half * 0.62} {base - high * 0.72} {x - half * 0.1} {base - high} Z"
    )
    sheet.body(flap, tone.lighter(0.18), depth=10, rim=5)
    sheet.line(opening, tone.deep, 5, 0.7)
    for share in (0.36, 0.66):
        sheet.line(
            line(x - half * 1.0, base - high * share, x - half * 0.6, base - high * share - 8),
            sheet.accent.base,
            7,
        )


def _window(sheet: Sheet, x: float, y: float, half: float, tall: float, tone: Tone) -> None:
    shape = path(
        f"M{x - half} {y + tall} C {x - half} {y - tall * 0.4} {x - half * 0.5} {y - tall} {x} {y - tall}"
        f" C {x + half * 0.5} {y - tall} {x + half} {y - tall * 0.4} {x + half} {y + tall} Z"
    )
    sheet.fill(shape, mix("#f7dfae", tone.dark, 0.35))
    with sheet.inside(shape):
        sheet.line(line(x, y - tall, x, y + tall), tone.deep, 4)
        sheet.fill(
            polygon((x - half, y - tall), (x - half * 0.2, y - tall), (x - half, y + tall)), "#ffffff", 0.22
        )
    sheet.line(shape, tone.deep, 6)
