"""Cutting, mending, cleaning water and looking after each other."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import (
    CREAM,
    GRAPHITE,
    INK,
    LEATHER,
    SNOW,
    STEEL,
    WEBBING,
    WOOD,
    Tone,
    mix,
)
from storefront.journeys.demo.pictures.path import Path, box, crease, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet


def knife(sheet: Sheet, _: Art) -> None:
    """A folding knife, opened."""
    backdrop.lie(sheet)
    tone = sheet.main
    with sheet.turned(-28):
        blade = path(
            "M560 560 L 1010 572 C 1064 576 1090 604 1100 640 C 1040 664 960 676 860 678 L 560 676 Z"
        )
        sheet.cast(blade, 22)
        sheet.body(blade, STEEL, depth=0, rim=6)
        with sheet.inside(blade):
            sheet.fill(path("M560 640 L 880 644 C 980 642 1050 640 1110 630 V700 H560 Z"), STEEL.light, 0.9)
            sheet.line(path("M560 640 L 880 644 C 980 642 1050 640 1110 632"), STEEL.dark, 4)
            sheet.line(line(660, 592, 800, 596), STEEL.deep, 8, 0.7)
        handle = path(
            "M130 596 C 150 540 240 532 330 548 C 420 562 520 548 600 540 C 640 538 660 560 662 "
            "610 C 664 670 640 698 590 700 C 500 704 420 690 330 704 C 240 722 160 716 134 676 C "
            "122 652 122 622 130 596 Z"
        )
        sheet.cast(handle, 26)
        scale_tone = (tone, WOOD)[0]
        sheet.body(handle, scale_tone, depth=26, rim=11)
        with sheet.inside(handle):
            sheet.fill(path("M560 500 H700 V740 H560 C 590 680 590 590 560 500 Z"), STEEL.base)
            sheet.fill(path("M560 650 H700 V740 H560 Z"), STEEL.dark)
            sheet.line(path("M560 530 C 590 590 590 680 560 720"), scale_tone.deep, 5)
            for x in (230, 270, 310, 350):
                sheet.line(path(f"M{x} 590 C {x + 10} 610 {x + 10} 640 {x} 662"), scale_tone.deep, 5, 0.5)
            sheet.fill(crease((160, 600), (300, 556), (520, 574), 8), scale_tone.light, 0.8)
        marks.screw(sheet, 620, 618, 21)
        marks.screw(sheet, 420, 624, 13)
        marks.screw(sheet, 184, 632, 13)
        sheet.lark(490, 626, 70, sheet.accent.base)
        lanyard = path("M140 640 C 60 620 40 720 100 760 C 150 790 200 770 190 830")
        sheet.line(lanyard, sheet.accent.deep, 17)
        sheet.line(lanyard, sheet.accent.base, 11)


def first_aid(sheet: Sheet, _: Art) -> None:
    """A zipped first-aid bag with a cross, plasters beside it."""
    backdrop.lie(sheet)
    tone = sheet.main
    for x, y, degrees in ((310, 930, -24), (420, 986, 12)):
        with sheet.turned(degrees, x, y):
            plaster = box(x - 110, y - 32, 220, 64, 32)
            sheet.cast(plaster, 10)
            sheet.body(plaster, Tone.of("#e3b48a"), depth=8, rim=5)
            sheet.fill(box(x - 36, y - 26, 72, 52, 4), "#f4ddc2")
    roll = ellipse(860, 936, 84)
    sheet.cast(roll, 14)
    sheet.body(roll, SNOW, depth=16, rim=7)
    for radius in (60, 40, 20):
        sheet.line(ellipse(860, 936, radius), SNOW.deep, 4, 0.6)
    with sheet.turned(-4):
        handle = path("M470 330 C 470 190 730 190 730 330")
        sheet.line(handle, WEBBING.deep, 34)
        sheet.line(handle, WEBBING.base, 24)
        bag = box(220, 310, 760, 540, 84)
        sheet.cast(bag, 32)
        sheet.body(bag, tone, depth=44, rim=13)
        marks.zipper(
            sheet,
            path("M226 420 C 224 350 260 322 330 322 H870 C 940 322 978 350 974 420"),
            tone.darker(0.4),
            19,
        )
        marks.pull(sheet, 300, 326, sheet.accent.base, 20, 1.2)
        sheet.stitch(box(250, 374, 700, 448, 60), tone.light)
        sheet.fill(ellipse(606, 606, 156), tone.deep, 0.3)
        sheet.fill(ellipse(600, 596, 156), SNOW.light)
        cross = "#2f5e4d" if sheet.main.base != "#2f5e4d" else "#d6693a"
        sheet.fill(path("M562 490 H638 V558 H706 V634 H638 V702 H562 V634 H494 V558 H562 Z"), cross)
        sheet.fill(path("M638 634 H706 V618 H638 Z M562 702 H638 V686 H562 Z"), "#000000", 0.18)
        sheet.lark(860, 770, 70, tone.light)


def water_filter(sheet: Sheet, _: Art) -> None:
    """A squeeze filter between a dirty bag and a clean bottle."""
    backdrop.stand(sheet, 800)
    tone = sheet.main
    sheet.ground(600, 1010, 200, 36)
    _cup(sheet)
    _water_bag(sheet, tone)
    core = box(520, 548, 160, 300, 22)
    sheet.body(core, tone, depth=34, rim=11)
    window = box(552, 590, 96, 196, 18)
    sheet.fill(window, SNOW.light)
    with sheet.inside(window):
        fibres = Path(
            tuple(
                s
                for x in range(560, 650, 11)
                for s in path(f"M{x} 586 C {x + 8} 650 {x - 8} 720 {x} 790").steps
            )
        )
        sheet.line(fibres, sheet.accent.base, 4.5, 0.8)
    sheet.line(window, tone.deep, 5, 0.7)
    sheet.body(box(510, 828, 180, 44, 12), sheet.accent, depth=12, rim=6)
    sheet.body(path("M568 872 H632 L 622 906 H578 Z"), CREAM, depth=8, rim=4)
    loop = path("M690 700 C 800 690 820 820 700 842")
    sheet.line(loop, sheet.accent.deep, 17)
    sheet.line(loop, sheet.accent.base, 11)


def _cup(sheet: Sheet) -> None:
    handle = path("M724 920 C 800 910 800 1000 716 990")
    sheet.line(handle, STEEL.deep, 21)
    sheet.line(handle, STEEL.base, 13)
    sheet.body(
        path("M600 890 H734 L 720 996 C 718 1008 700 1012 690 1012 H600").twin(), STEEL, depth=30, rim=9
    )
    sheet.fill(ellipse(600, 890, 134, 20), STEEL.deep)
    sheet.fill(ellipse(600, 894, 120, 14), "#7db4d2")
    sheet.fill(ellipse(590, 893, 46, 5), "#cfe6f2")
    sheet.line(line(600, 906, 600, 888), "#7db4d2", 10)


def _water_bag(sheet: Sheet, tone: Tone) -> None:
    pouch = path(
        "M600 150 H770 C 790 150 796 164 794 184 C 790 300 800 360 770 430 C 740 480 690 500 650 510 H600"
    ).twin()
    sheet.body(pouch, Tone.of("#b9cfc9", "#dfeae4", "#8fb0aa"), depth=40, rim=12)
    with sheet.inside(pouch):
        sheet.fill(
            path("M390 280 C 480 260 560 300 660 280 C 720 268 780 280 820 284 V520 H390 Z"), "#7f9f9a", 0.75
        )
        for start, through, end in (
            ((470, 200), (510, 320), (480, 440)),
            ((720, 190), (690, 300), (710, 400)),
        ):
            sheet.fill(crease(start, through, end, 14), "#ffffff", 0.5)
        sheet.fill(box(390, 140, 420, 46, 0), tone.base)
        sheet.line(line(390, 186, 810, 186), tone.deep, 5, 0.6)
    sheet.lark(600, 380, 80, tone.deep, 0.7)
    sheet.body(box(548, 500, 104, 56, 8), GRAPHITE, depth=12, rim=5)


def rope(sheet: Sheet, _: Art) -> None:
    """A coil of cord, tied in the middle."""
    backdrop.lie(sheet)
    tone = sheet.main
    sheet.line(ellipse(614, 632, 250, 326), INK, 170, 0.12)
    tails = path("M690 900 C 800 980 900 960 930 1040 M560 940 C 520 1040 430 1020 380 1080")
    for index in range(9):
        across, down = 318 - index * 17 + (index % 2) * 7, 396 - index * 17 - (index % 3) * 6
        loop = ellipse(600 + (index % 3 - 1) * 7, 606 + (index % 2) * 9, across, down)
        _cord(sheet, loop, tone if index % 4 else tone.darker(0.1))
    _cord(sheet, tails, tone)
    for x, y in ((930, 1040), (380, 1080)):
        sheet.fill(box(x - 15, y - 16, 30, 40, 8), sheet.accent.base)
    for index in range(7):
        y = 500 + index * 34
        _cord(sheet, path(f"M228 {y + 16} C 290 {y - 8} 390 {y - 6} 458 {y + 10}"), tone.lighter(0.06))
    knot = path("M340 740 C 420 800 420 860 360 900")
    _cord(sheet, knot, tone.lighter(0.06))
    with sheet.turned(8, 690, 600):
        sheet.body(path("M640 520 H820 L 850 600 L 820 680 H640 Z"), LEATHER, depth=12, rim=7)
        marks.eyelet(sheet, 816, 600, 13)
        sheet.lark(720, 604, 90, LEATHER.deep)


def _cord(sheet: Sheet, along: Path, tone: Tone) -> None:
    sheet.line(along, tone.deep, 35)
    sheet.line(along, tone.base, 29)
    sheet.line(along, sheet.accent.base, 13, 0.9, dash="13 26", cap="butt")
    sheet.line(along.shifted(-6, -7), tone.light, 6, 0.65)


def repair_kit(sheet: Sheet, _: Art) -> None:
    """A tin with patches, thread, a needle and tape."""
    backdrop.lie(sheet)
    tone = sheet.main
    tin = box(230, 420, 560, 520, 70)
    sheet.cast(tin, 28)
    sheet.body(tin, STEEL, depth=26, rim=11)
    inside = box(262, 452, 496, 456, 48)
    sheet.fill(inside, STEEL.deep)
    with sheet.inside(inside):
        sheet.fill(inside.shifted(14, 18), CREAM.dark)
        for x, y, degrees, colour in (
            (390, 560, -14, tone),
            (470, 660, 8, sheet.accent),
            (360, 760, 20, sheet.trim),
        ):
            with sheet.turned(degrees, x, y):
                patch = box(x - 92, y - 70, 184, 140, 18)
                sheet.cast(patch, 10)
                sheet.body(patch, colour, depth=10, rim=6)
                sheet.stitch(box(x - 78, y - 56, 156, 112, 12), colour.light)
        _spool(sheet, 640, 590, sheet.accent)
        _spool(sheet, 650, 780, tone)
    lid = path(
        "M230 380 L 300 190 C 306 176 318 170 334 170 H686 C 702 170 714 176 720 190 L 790 380 "
        "C 792 396 780 404 764 404 H256 C 240 404 228 396 230 380 Z"
    )
    sheet.body(lid, tone, depth=26, rim=11)
    sheet.lark(510, 290, 130, tone.light)
    for x in (340, 680):
        sheet.body(box(x - 36, 396, 72, 34, 8), STEEL, depth=6, rim=4)
    _tape(sheet)
    _needle_and_thread(sheet, tone)


def _tape(sheet: Sheet) -> None:
    tape = ellipse(910, 820, 130)
    sheet.cast(tape, 16)
    sheet.body(tape, sheet.accent, depth=20, rim=9)
    sheet.body(ellipse(910, 820, 74), CREAM, depth=0, rim=8)
    sheet.fill(ellipse(910, 820, 58), mix("#f6f1e6", sheet.palette.tint, 0.24))
    for radius in (92, 108):
        sheet.line(ellipse(910, 820, radius), sheet.accent.deep, 3, 0.5)


def _needle_and_thread(sheet: Sheet, tone: Tone) -> None:
    needle = line(860, 360, 980, 620)
    sheet.line(needle.shifted(7, 11), "#000000", 9, 0.14)
    sheet.line(needle, STEEL.dark, 10)
    sheet.line(needle.shifted(-2, 0), STEEL.light, 4)
    thread = path("M868 376 C 960 300 1040 400 960 450 C 860 510 840 560 900 600 C 960 640 1040 610 1060 680")
    sheet.line(thread, tone.base, 7)


def _spool(sheet: Sheet, x: float, y: float, tone: Tone) -> None:
    sheet.body(box(x - 52, y - 74, 104, 24, 8), WOOD, depth=5, rim=4)
    sheet.body(box(x - 42, y - 54, 84, 108, 6), tone, depth=14, rim=6)
    for offset in range(-44, 50, 12):
        sheet.line(line(x - 40, y + offset + 4, x + 40, y + offset - 2), tone.deep, 3, 0.6)
    sheet.body(box(x - 52, y + 50, 104, 24, 8), WOOD, depth=5, rim=4)
