"""Mats and pillows."""

from __future__ import annotations

import math

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import GRAPHITE, LINING, Tone
from storefront.journeys.demo.pictures.path import box, crease, ellipse, line, path, smooth
from storefront.journeys.demo.pictures.sheet import Sheet


def mat(sheet: Sheet, art: Art) -> None:
    """A sleeping mat: an inflated one, or folded and rolled foam."""
    if art.param("type") == "air":
        backdrop.lie(sheet)
        with sheet.turned(13):
            _air_mat(sheet)
        return
    backdrop.stand(sheet)
    if sheet.pick(2):
        _folded_foam(sheet, sheet.main, sheet.accent)
    else:
        _rolled_foam(sheet, sheet.main, sheet.accent)


def _air_mat(sheet: Sheet) -> None:
    tone = sheet.main
    outline = path("M600 130 C 740 130 806 160 812 300 L 800 880 C 794 1010 730 1066 600 1068").twin()
    sheet.cast(outline, 30)
    sheet.body(outline, tone.darker(0.18), depth=30, rim=8)
    with sheet.inside(outline.scaled(0.965, 0.985)):
        if sheet.pick(2):
            for y in range(180, 1020, 74):
                half = 184 - max(0, y - 700) * 0.05
                pillow = path(
                    f"M{600 - half} {y} C {600 - half * 0.4} {y - 16} {600 + half * 0.4} {y - 16} "
                    f"{600 + half} {y} V{y + 54} C {600 + half * 0.4} {y + 70} {600 - half * 0.4} {y + 70} "
                    f"{600 - half} {y + 54} Z"
                )
                sheet.body(pillow, tone, depth=16, rim=9)
        else:
            for row, y in enumerate(range(212, 1010, 72)):
                for column in range(-2, 3 if row % 2 else 2):
                    x = 600 + column * 82 + (0 if row % 2 else 41)
                    sheet.body(ellipse(x, y, 50, 46), tone, depth=14, rim=8)
    valve = ellipse(716, 196, 34)
    sheet.body(valve, GRAPHITE, depth=10, rim=4)
    sheet.body(ellipse(714, 193, 20), sheet.accent, depth=6, rim=3)
    sheet.line(line(714, 178, 714, 206), sheet.accent.deep, 5)
    sheet.line(
        path("M600 142 C 734 142 796 170 801 300 L 789 880 C 784 1002 724 1055 600 1056").twin(),
        tone.light,
        4,
        0.5,
    )
    sheet.lark(600, 1018, 60, sheet.accent.base)


def _rolled_foam(sheet: Sheet, tone: Tone, back: Tone) -> None:
    sheet.ground(600, 880, 470, 44)
    tongue = path("M430 770 L 1000 760 L 1090 868 L 430 880 Z")
    sheet.body(tongue, tone, depth=12, rim=8)
    with sheet.inside(tongue):
        for x in range(440, 1090, 40):
            sheet.line(line(x, 750, x + 52, 890), tone.dark, 9, 0.75)
            sheet.line(line(x - 8, 750, x + 44, 890), tone.light, 4, 0.7)
    sheet.fill(path("M430 878 L 1090 866 L 1090 886 L 430 900 Z"), back.base)
    length = path("M372 408 L 700 372 C 860 372 930 500 930 600 C 930 700 880 790 800 812 L 430 872 Z")
    sheet.body(length, tone.darker(0.12), depth=40, rim=10)
    with sheet.inside(length):
        for index in range(9):
            y = 420 + index * 48
            sheet.line(path(f"M372 {y} L 960 {y - 40}"), tone.deep, 4, 0.35)
            sheet.line(path(f"M372 {y + 7} L 960 {y - 33}"), tone.light, 5, 0.5)
    marks.strap(sheet, path("M690 374 C 850 380 900 500 898 604 C 896 700 850 780 790 816"), GRAPHITE, 26)
    sheet.body(ellipse(372, 640, 226, 236), tone, depth=26, rim=12)
    spiral = [(372 + r * c, 640 + r * s * 1.04) for r, c, s in _spiral()]
    sheet.line(smooth(spiral), back.base, 12)
    sheet.line(smooth(spiral).shifted(-3, -3), tone.deep, 4, 0.7)
    sheet.lark(640, 600, 70, tone.light)


def _spiral() -> list[tuple[float, float, float]]:
    return [(28 + t * 5.0, math.cos(t * 0.52 + 0.4), math.sin(t * 0.52 + 0.4)) for t in range(40)]


def _folded_foam(sheet: Sheet, tone: Tone, back: Tone) -> None:
    """Egg-crate foam folded like an accordion: the top panel in perspective, the folds on the front."""
    left, right, top, high, count = 214, 900, 520, 44, 7
    lid = path(f"M{left} {top} L 330 350 H 1000 L {right} {top} Z")
    end = path(f"M{right} {top} L 1000 350 V {350 + high * count - 6} L {right} {top + high * count} Z")
    sheet.ground(610, top + high * count + 4, 440, 40)
    sheet.body(end, tone.darker(0.3), depth=0, rim=0)
    with sheet.inside(end):
        for index in range(count):
            y = top + index * high
            sheet.line(line(right, y + high, 1000, 350 + (index + 1) * high - 2), tone.deep, 7, 0.7)
    for index in reversed(range(count)):
        y = top + index * high
        slab = path(
            f"M{left + 16} {y} H{right} V{y + high} H{left + 16} Q {left - 14} {y + high} "
            f"{left - 14} {y + high / 2} Q {left - 14} {y} {left + 16} {y} Z"
        )
        layer = back if index % 2 else tone
        sheet.body(slab, layer, depth=10, rim=6)
        waves = "".join(
            f"Q {x + 14} {y + high * 0.2} {x + 28} {y + high * 0.5} Q {x + 42} {y + high * 0.8} "
            f"{x + 56} {y + high * 0.5} "
            for x in range(left + 10, right - 40, 56)
        )
        with sheet.inside(slab):
            sheet.line(path(f"M{left + 10} {y + high * 0.5} {waves}"), layer.deep, 4, 0.4)
    sheet.body(lid, tone, depth=0, rim=8)
    with sheet.inside(lid):
        for row in range(6):
            y = top - 16 - row * 29
            shrink = 1 - row * 0.01
            start = left + 30 + row * 20
            for column in range(14):
                x = start + (column + (row % 2) * 0.5) * 49 * shrink
                sheet.fill(ellipse(x + 4, y + 4, 21, 10), tone.dark, 0.9)
                sheet.fill(ellipse(x, y, 19, 9), tone.light, 0.9)
    for x, back_x in ((366, 470), (756, 850)):
        marks.strap(sheet, path(f"M{back_x} 346 L {x} {top - 4} V {top + high * count}"), GRAPHITE, 26)
        marks.buckle(sheet, x, top + 120, 56, 90)
    marks.label(sheet, 560, top + 150, Tone.of(tone.deep), back.light, 1.1)


def pillow(sheet: Sheet, _: Art) -> None:
    """A small inflatable pillow with its stuff sack."""
    backdrop.lie(sheet)
    tone = sheet.main
    shape = path(
        "M600 372 C 760 352 900 344 966 392 C 1002 470 1000 640 968 730 C 900 786 760 770 600 "
        "752 C 440 770 300 786 232 730 C 200 640 198 470 234 392 C 300 344 440 352 600 372 Z"
    )
    sheet.cast(shape, 34)
    sheet.body(shape, tone, depth=54, rim=16)
    with sheet.inside(shape):
        sheet.fill(ellipse(560, 540, 250, 106), tone.light, 0.4)
        for start, through, end in (
            ((234, 392), (300, 420), (380, 440)),
            ((966, 392), (900, 420), (830, 436)),
            ((232, 730), (300, 690), (390, 690)),
            ((968, 730), (900, 690), (820, 680)),
            ((600, 372), (606, 410), (600, 450)),
            ((600, 752), (606, 720), (604, 690)),
        ):
            sheet.fill(crease(start, through, end, 12), tone.dark, 0.85)
        if sheet.pick(2):
            sheet.fill(box(780, 300, 260, 500, 0), sheet.trim.base, 0.9)
            sheet.seam(path("M780 340 C 800 480 800 640 780 790"), tone)
    sheet.line(
        path("M600 392 C 760 372 890 366 948 404 C 982 480 980 636 952 718 C 890 764 760 750 600 732").twin(),
        tone.deep,
        3.5,
        0.5,
    )
    sheet.body(ellipse(872, 690, 34), GRAPHITE, depth=8, rim=4)
    sheet.body(ellipse(870, 688, 18), sheet.accent, depth=5, rim=3)
    marks.label(sheet, 330, 470, Tone.of(tone.deep), sheet.accent.light, 1.0)
    sack = path(
        "M372 818 C 400 800 500 800 528 818 C 552 860 556 910 540 948 C 500 964 400 964 360 "
        "948 C 344 910 348 860 372 818 Z"
    )
    sheet.cast(sack)
    sheet.body(sack, sheet.accent, depth=20, rim=8)
    with sheet.inside(sack):
        for x in (400, 440, 480, 510):
            sheet.fill(crease((x, 812), (x + 6, 850), (x - 2, 890), 6), sheet.accent.dark, 0.8)
    sheet.line(path("M368 826 C 410 842 490 842 532 826"), LINING.deep, 6)
    marks.toggle(sheet, 532, 826, LINING.deep, -50, 50)
