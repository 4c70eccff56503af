"""Finding the way."""

from __future__ import annotations

import math

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import (
    CREAM,
    GRAPHITE,
    RUBBER,
    SNOW,
    STEEL,
    WEBBING,
    WOOD,
    Tone,
    mix,
)
from storefront.journeys.demo.pictures.path import Path, box, ellipse, line, path, polygon, smooth
from storefront.journeys.demo.pictures.sheet import Sheet


def poles(sheet: Sheet, _: Art) -> None:
    """A pair of walking poles, leaning apart."""
    backdrop.lie(sheet)
    for degrees, x, tone in ((13, 112, sheet.main.darker(0.12)), (-7, -96, sheet.main)):
        with sheet.turned(degrees, 600 + x, 640), sheet.placed(x, 0):
            _pole(sheet, tone)


def _pole(sheet: Sheet, tone: Tone) -> None:
    whole = box(584, 150, 34, 960, 12)
    sheet.cast(whole, 24)
    sheet.body(box(590, 760, 24, 300, 4), STEEL, depth=8, rim=5, edge=True)
    sheet.body(box(586, 500, 31, 300, 6), tone.darker(0.25), depth=9, rim=6)
    sheet.body(box(582, 300, 38, 250, 6), tone, depth=10, rim=7)
    for y, label in ((400, 1), (640, 0)):
        if label:
            sheet.fill(box(582, y, 38, 74, 0), sheet.accent.base)
            sheet.lark(601, y + 36, 30, sheet.accent.deep)
    for y in (520, 772):
        sheet.body(box(574, y, 56, 64, 10), GRAPHITE, depth=10, rim=5)
        sheet.body(box(618, y + 8, 34, 46, 10), sheet.accent, depth=6, rim=4)
    grip = path(
        "M600 118 C 640 116 656 132 652 160 C 646 190 640 210 644 250 C 646 300 636 330 626 "
        "350 H576 C 566 330 560 300 564 250 C 570 210 560 190 556 160 C 552 132 560 116 600 "
        "118 Z"
    )
    sheet.body(grip, WOOD.lighter(0.05) if sheet.pick(2) else RUBBER, depth=18, rim=8)
    for y in (212, 244, 276, 308):
        sheet.line(path(f"M570 {y} Q 602 {y + 12} 634 {y}"), RUBBER.deep, 5, 0.6)
    strap = path("M636 150 C 740 180 740 330 660 360 C 620 372 610 300 640 240")
    sheet.line(strap, WEBBING.deep, 22)
    sheet.line(strap, sheet.accent.base, 14)
    basket = ellipse(601, 1010, 60, 17)
    sheet.body(basket, GRAPHITE, depth=6, rim=4)
    sheet.body(path("M592 1020 H612 L 606 1096 H598 Z"), STEEL, depth=5, rim=3)


def compass(sheet: Sheet, _: Art) -> None:
    """A base-plate compass on its cord."""
    backdrop.lie(sheet)
    cord = path("M600 250 C 420 60 130 200 230 420 C 300 560 160 700 220 860")
    sheet.line(cord.shifted(8, 14), "#000000", 15, 0.12)
    sheet.line(cord, sheet.accent.deep, 17)
    sheet.line(cord, sheet.accent.base, 11)
    with sheet.turned(12):
        _base_plate(sheet, sheet.main)
        _dial(sheet, sheet.main)
        with sheet.turned(-32, 600, 690):
            _needle(sheet)
        sheet.fill(ellipse(600, 690, 18), GRAPHITE.dark)
        sheet.fill(ellipse(597, 687, 8), STEEL.light)
        shine = path("M440 600 C 480 530 560 494 620 494 L 600 520 C 540 526 490 560 462 616 Z")
        sheet.fill(shine, "#ffffff", 0.75)


def _base_plate(sheet: Sheet, tone: Tone) -> None:
    plate = box(330, 190, 540, 840, 70)
    sheet.cast(plate, 30)
    sheet.body(plate, tone.lighter(0.42), depth=22, rim=12)
    sheet.line(box(352, 212, 496, 796, 54), tone.deep, 4, 0.5)
    for index in range(19):
        x = 390 + index * 23.4
        sheet.line(line(x, 214, x, 250 if index % 5 == 0 else 234), tone.deep, 4, 0.8)
    for index in range(24):
        y = 260 + index * 30
        sheet.line(line(848, y, 812 if index % 5 == 0 else 828, y), tone.deep, 4, 0.8)
    sheet.fill(path("M600 268 L 640 340 H614 V420 H586 V340 H560 Z"), sheet.accent.base)
    lens = ellipse(424, 340, 52)
    sheet.fill(lens, "#ffffff", 0.55)
    sheet.line(lens, tone.deep, 6, 0.7)
    sheet.lark(770, 960, 60, tone.deep)


def _dial(sheet: Sheet, tone: Tone) -> None:
    sheet.body(ellipse(600, 690, 256), tone, depth=34, rim=12)
    for degrees in range(0, 360, 10):
        sheet.line(_ray(degrees, 236, 250), tone.deep, 6, 0.6)
    sheet.fill(ellipse(600, 690, 214), SNOW.light)
    sheet.line(ellipse(600, 690, 212), tone.deep, 6, 0.6)
    for degrees in range(0, 360, 15):
        main = degrees % 45 == 0
        sheet.line(_ray(degrees, 172 if main else 188, 202), GRAPHITE.base, 6 if main else 3)
    for x, y, letter in ((0, -138, _NORTH), (138, 0, _EAST), (0, 138, _SOUTH), (-138, 0, _WEST)):
        sheet.line(letter.shifted(600 + x, 690 + y), tone.deep, 8)


def _ray(degrees: float, inner: float, outer: float) -> Path:
    across, down = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return line(600 + inner * across, 690 + inner * down, 600 + outer * across, 690 + outer * down)


def _needle(sheet: Sheet) -> None:
    sheet.fill(polygon((606, 702), (570, 702), (606, 868), (642, 702)), "#000000", 0.12)
    for tip, colours in ((530, ("#e2573d", "#b93d28")), (850, ("#fdfaf2", STEEL.base))):
        sheet.fill(polygon((600, tip), (566, 690), (600, 690)), colours[0])
        sheet.fill(polygon((600, tip), (634, 690), (600, 690)), colours[1])
    sheet.line(polygon((600, 530), (634, 690), (600, 850), (566, 690)), GRAPHITE.deep, 3, 0.5)


_NORTH = path("M-12 16 V-16 L 12 16 V-16")


_EAST = path("M12 -16 H-10 V16 H12 M-10 0 H8")


_SOUTH = path("M12 -12 C 8 -20 -12 -20 -12 -8 C -12 4 12 -2 12 10 C 12 20 -8 20 -12 12")


_WEST = path("M-18 -16 L -9 16 L 0 -10 L 9 16 L 18 -16")


def map_case(sheet: Sheet, _: Art) -> None:
    """A waterproof case with a folded map in it."""
    backdrop.lie(sheet)
    tone = sheet.main
    cord = path("M390 230 C 300 60 900 60 810 230")
    sheet.line(cord, sheet.accent.deep, 19)
    sheet.line(cord, sheet.accent.base, 12)
    with sheet.turned(-6):
        case = box(250, 210, 700, 830, 46)
        sheet.cast(case, 30)
        sheet.body(case, tone, depth=26, rim=11)
        view = box(310, 330, 580, 650, 22)
        sheet.fill(view, "#f2ead2")
        with sheet.inside(view):
            sheet.fill(path("M300 330 H560 C 600 460 480 540 420 620 C 380 680 340 700 300 700 Z"), "#cfdcb6")
            sheet.fill(path("M640 990 C 600 860 720 780 800 760 C 860 740 880 700 900 660 V990 Z"), "#cfdcb6")
            sheet.fill(path("M700 330 C 690 420 780 450 900 440 V330 Z"), "#bcd7e0")
            for radius in (40, 76, 116, 160):
                sheet.line(_hill(470, 480, radius), "#b08a5a", 4, 0.65)
                sheet.line(_hill(770, 860, radius * 0.8), "#b08a5a", 4, 0.65)
            river = path("M760 420 C 700 560 820 600 700 700 C 620 780 560 760 500 1000")
            sheet.line(river, "#7fb2c6", 15)
            trail = path(
                "M330 940 C 420 860 360 760 480 680 C 560 620 600 640 640 540 C 660 480 640 430 600 380"
            )
            sheet.line(trail, "#d6492e", 9, dash="20 14")
            for x in (503, 697):
                sheet.line(line(x, 330, x, 980), "#8f8263", 3, 0.5)
            for y in (546, 762):
                sheet.line(line(310, y, 890, y), "#8f8263", 3, 0.5)
            pin = path("M600 380 C 560 330 560 290 600 286 C 640 290 640 330 600 380 Z").shifted(0, 14)
            sheet.fill(pin.scaled(1.3, 1.3, (600, 394)), "#d6492e")
            sheet.fill(path("M310 900 L 640 330 H760 L 400 980 H310 Z"), "#ffffff", 0.22)
        sheet.line(view, tone.deep, 6, 0.7)
        sheet.stitch(box(272, 310, 656, 706, 34), tone.light)
        for y in (244, 276):
            sheet.line(line(266, y, 934, y), tone.deep if y == 244 else tone.light, 9, 0.7)
        for x in (394, 806):
            marks.eyelet(sheet, x, 232, 15)
        sheet.lark(600, 262, 56, sheet.accent.base)


def _hill(x: float, y: float, radius: float) -> Path:
    points = []
    for index in range(10):
        angle = index / 10 * math.tau
        reach = radius * (1 + 0.16 * math.sin(angle * 2 + 1) + 0.08 * math.cos(angle * 3))
        points.append((x + math.cos(angle) * reach * 1.15, y + math.sin(angle) * reach * 0.85))
    return smooth(points, closed=True)


def book(sheet: Sheet, _: Art) -> None:
    """A guide book with a printed landscape on its cover."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(610, 962, 320, 42)
    sheet.body(path("M846 220 L 900 262 V 990 L 846 960 Z"), CREAM, depth=0, rim=0)
    pages = Path(
        tuple(s for i in range(6) for s in line(852 + i * 9, 232 + i * 7, 852 + i * 9, 956 + i * 5).steps)
    )
    sheet.line(pages, CREAM.deep, 3, 0.5)
    sheet.fill(path("M330 958 L 846 958 L 900 990 L 384 990 Z"), CREAM.dark)
    cover = box(310, 200, 540, 764, 18)
    sheet.body(cover, tone, depth=20, rim=10)
    sheet.fill(
        path("M310 218 C 310 206 318 200 328 200 H372 V964 H328 C 318 964 310 958 310 946 Z"), tone.dark
    )
    sheet.line(line(372, 202, 372, 962), tone.deep, 5, 0.6)
    picture = box(416, 430, 390, 400, 14)
    sheet.fill(picture, mix(sheet.trim.light, "#fff6e0", 0.55))
    with sheet.inside(picture):
        sheet.fill(ellipse(700, 530, 58), sheet.accent.base)
        sheet.fill(path("M400 700 L 520 540 L 600 640 L 680 570 L 830 720 V860 H400 Z"), tone.light)
        sheet.fill(path("M520 540 L 556 585 L 530 600 L 508 582 L 496 574 Z"), "#fdfaf0")
        sheet.fill(path("M400 760 C 520 700 640 780 830 720 V860 H400 Z"), tone.dark)
        for x, size in ((460, 90), (510, 64), (740, 100), (784, 70)):
            base = 800 if size > 70 else 784
            for level in range(3):
                y = base - size + level * size * 0.3
                half = size * (0.16 + level * 0.1)
                sheet.fill(
                    polygon((x, y - size * 0.1), (x + half, y + size * 0.36), (x - half, y + size * 0.36)),
                    tone.deep,
                )
    for y, width, weight in ((282, 300, 24), (330, 220, 24)):
        sheet.line(line(611 - width / 2, y, 611 + width / 2, y), sheet.accent.light, weight)
    sheet.line(line(540, 384, 682, 384), tone.light, 9)
    sheet.lark(611, 898, 74, sheet.accent.light)
    ribbon = path("M770 958 L 774 1036 L 790 1016 L 806 1040 L 800 964 Z")
    sheet.fill(ribbon, sheet.accent.base)
