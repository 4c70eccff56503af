"""Tarps, hammocks and bivouac bags."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import CREAM, GRAPHITE, LAMP, STEEL, Tone, mix
from storefront.journeys.demo.pictures.path import (
    Path,
    box,
    crease,
    ellipse,
    line,
    path,
)
from storefront.journeys.demo.pictures.sheet import Sheet

_BARK = Tone.of("#8a6a4c", "#a98a69", "#6b4f38")


def tarp(sheet: Sheet, _: Art) -> None:
    """A tarp with a rug below it: raised on two poles, or as a ridge between two trees."""
    backdrop.stand(sheet)
    sheet.ground(600, 910, 400, 40)
    if sheet.pick(2):
        _ridge_tarp(sheet, sheet.main)
    else:
        _pole_tarp(sheet, sheet.main)


def _rug(sheet: Sheet) -> None:
    sheet.body(path("M330 900 L 790 884 L 880 936 L 380 960 Z"), CREAM, depth=8, rim=4)
    sheet.stitch(path("M352 908 L 782 894 L 850 932"), sheet.accent.base, 5)
    cushion = path("M520 884 C 520 846 560 838 600 842 C 640 838 668 850 668 884 C 620 896 560 896 520 884 Z")
    sheet.body(cushion, sheet.accent)


def _pole_tarp(sheet: Sheet, tone: Tone) -> None:
    _rug(sheet)
    for x, top, foot in ((262, 470, 916), (968, 420, 884)):
        sheet.line(line(x, top, x - 4, foot), STEEL.deep, 15)
        sheet.line(line(x - 3, top, x - 7, foot), STEEL.light, 5)
    under = path("M262 470 Q 560 540 968 420 Q 900 560 1010 690 Q 640 610 330 742 Q 330 600 262 470 Z")
    sheet.body(under, tone.darker(0.4), depth=0, rim=0)
    roof = path(
        "M262 470 Q 400 380 610 300 Q 780 360 968 420 Q 880 560 1010 690 Q 800 540 616 508 Q 480 600 330 742 "
        "Q 340 590 262 470 Z"
    )
    sheet.body(roof, tone, depth=0, rim=10)
    with sheet.inside(roof):
        sheet.fill(path("M610 300 L 616 508 Q 800 540 1020 700 L 980 410 Z"), tone.dark, 0.8)
        sheet.fill(crease((600, 320), (470, 470), (350, 700), 30), tone.light, 0.5)
        sheet.seam(line(610, 300, 616, 508), tone, 5)
    marks.ripstop(sheet, roof, tone.light, 0.22)
    for x, y, peg_x, peg_y in (
        (262, 470, 140, 906),
        (968, 420, 1076, 880),
        (330, 742, 236, 950),
        (1010, 690, 1090, 930),
    ):
        marks.guy_line(sheet, x, y, peg_x, peg_y, sheet.accent.dark)
        marks.eyelet(sheet, x + (600 - x) * 0.03, y + 4, 9)
    sheet.lark(470, 500, 62, tone.deep)


def _ridge_tarp(sheet: Sheet, tone: Tone) -> None:
    for x in (150, 1052):
        trunk = path(
            f"M{x - 34} -40 H{x + 34} C {x + 36} 500 {x + 40} 780 {x + 60} 900 H{x - 60} C {x - 40} "
            f"780 {x - 36} 500 {x - 34} -40 Z"
        )
        sheet.body(trunk, _BARK, depth=24, rim=7)
        sheet.fill(box(x - 38, 372, 76, 20, 6), sheet.accent.base)
    sheet.line(line(150, 382, 1052, 382), sheet.accent.dark, 7)
    inside = path("M262 388 Q 600 420 940 384 Q 1000 560 1046 700 Q 700 640 340 720 Q 290 560 262 388 Z")
    sheet.body(inside, tone.darker(0.42), depth=0, rim=0)
    _rug(sheet)
    roof = path("M262 388 Q 600 420 940 384 Q 880 600 884 800 Q 560 730 176 830 Q 240 600 262 388 Z")
    sheet.body(roof, tone, depth=22, rim=11)
    with sheet.inside(roof):
        for start, through, end in (
            ((300, 400), (320, 600), (230, 810)),
            ((560, 410), (560, 580), (500, 760)),
        ):
            sheet.fill(crease(start, through, end, 26), tone.light, 0.4)
        for start, through, end in (
            ((430, 404), (430, 600), (360, 780)),
            ((760, 400), (740, 600), (760, 770)),
        ):
            sheet.fill(crease(start, through, end, 24), tone.dark, 0.6)
    marks.ripstop(sheet, roof, tone.light, 0.22)
    for x, y, peg_x, peg_y in ((176, 830, 84, 940), (884, 800, 936, 930), (1046, 700, 1128, 900)):
        marks.guy_line(sheet, x, y, peg_x, peg_y, sheet.accent.dark)
        marks.eyelet(sheet, x + (600 - x) * 0.03, y - 6, 9)
    sheet.lark(640, 560, 70, tone.deep)


def hammock(sheet: Sheet, _: Art) -> None:
    """A hammock between two trunks."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(600, 930, 330, 34)
    _trunks(sheet)
    back = path("M300 546 C 420 590 780 590 900 546 C 830 700 720 800 600 806 C 480 800 370 700 300 546 Z")
    sheet.body(back, tone.darker(0.32), depth=0, rim=0)
    front = path(
        "M292 540 C 350 690 470 716 600 716 C 730 716 850 690 908 540 C 880 760 740 900 600 "
        "900 C 460 900 320 760 292 540 Z"
    )
    sheet.body(box(392, 618, 190, 110, 44).turned(24, (480, 660)), CREAM, depth=16, rim=8)
    sheet.body(path("M560 680 C 640 640 780 620 842 600 L 860 720 H560 Z"), sheet.trim, depth=16, rim=8)
    sheet.body(front, tone, depth=44, rim=12)
    with sheet.inside(front):
        for start, through, end in (
            ((300, 560), (370, 760), (560, 880)),
            ((320, 600), (440, 740), (640, 790)),
            ((900, 560), (830, 780), (660, 884)),
            ((880, 620), (800, 720), (640, 760)),
        ):
            sheet.fill(crease(start, through, end, 12), tone.dark, 0.7)
        sheet.fill(crease((330, 640), (400, 800), (540, 850), 12), tone.light, 0.6)
    sheet.line(path("M292 540 C 350 690 470 716 600 716 C 730 716 850 690 908 540"), sheet.accent.base, 13)
    sheet.line(
        path("M292 540 C 350 690 470 716 600 716 C 730 716 850 690 908 540").shifted(0, -3),
        sheet.accent.light,
        4,
    )
    _suspension(sheet)
    sheet.lark(700, 800, 64, tone.light)


def _trunks(sheet: Sheet) -> None:
    for x, lean in ((196, 3), (1004, -2)):
        with sheet.turned(lean, x, 900):
            trunk = path(
                f"M{x - 44} -40 H{x + 44} C {x + 46} 500 {x + 52} 800 {x + 78} 946 H{x - 78} C {x - 52} "
                f"800 {x - 46} 500 {x - 44} 120 Z"
            )
            sheet.body(trunk, _BARK, depth=30, rim=8)
            with sheet.inside(trunk):
                for dx, y in ((-20, 140), (14, 250), (-8, 340), (-14, 640), (18, 720), (-6, 820)):
                    sheet.fill(
                        crease((x + dx, y), (x + dx + 10, y + 40), (x + dx, y + 86), 6), "#4d3827", 0.7
                    )
            sheet.fill(box(x - 50, 428, 100, 44, 6), sheet.accent.base)
            sheet.fill(box(x - 50, 452, 100, 12, 4), sheet.accent.dark)


def _suspension(sheet: Sheet) -> None:
    for x, tree in ((294, 236), (906, 964)):
        for spread in (-16, 0, 16):
            sheet.line(line(tree, 452, x + (spread * 0.4), 540 + spread), GRAPHITE.base, 4)
        sheet.fill(ellipse(tree + (x - tree) * 0.22, 470, 12, 15), STEEL.dark)
        sheet.fill(ellipse(tree + (x - tree) * 0.22, 470, 6, 9), STEEL.light)


def bivy(sheet: Sheet, _: Art) -> None:
    """A bivouac bag with a hooped head end, lying on the ground."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(600, 890, 460, 46)
    bag = path(
        "M180 838 C 170 690 250 560 360 556 C 470 552 520 640 640 700 C 780 756 940 770 1010 812"
        " C 1050 842 1040 890 990 898 C 760 924 400 930 240 906 C 200 900 182 880 180 838 Z"
    )
    sheet.body(bag, tone, depth=36, rim=12)
    with sheet.inside(bag):
        sheet.fill(path("M160 860 C 400 900 800 896 1060 856 V960 H160 Z"), tone.deep)
        for start, through, end in (
            ((640, 710), (700, 780), (690, 876)),
            ((800, 770), (850, 810), (850, 880)),
            ((930, 790), (960, 830), (950, 880)),
        ):
            sheet.fill(crease(start, through, end, 14), tone.dark, 0.8)
        sheet.fill(crease((500, 650), (700, 760), (960, 806), 12), tone.light, 0.6)
    opening = path("M236 838 C 226 720 280 620 352 618 C 424 616 470 720 462 846 C 400 866 300 866 236 838 Z")
    sheet.fill(opening, mix("#2d2a27", tone.deep, 0.4))
    with sheet.inside(opening):
        sheet.glow(350, 800, 130, 120, LAMP, 0.7)
        sheet.body(
            path("M250 840 C 250 780 300 764 350 768 C 410 764 452 790 450 850 H250 Z"),
            sheet.accent,
            depth=14,
            rim=6,
        )
        mesh = Path(tuple(s for x in range(210, 480, 16) for s in line(x, 600, x + 30, 870).steps))
        sheet.line(mesh, "#ffffff", 1.6, 0.25)
    marks.zipper(
        sheet, path("M462 846 C 470 720 424 616 352 618 C 280 620 226 720 236 838"), tone.darker(0.35), 14
    )
    marks.pull(sheet, 462, 800, sheet.accent.base, 0, 0.9)
    marks.pole_sleeve(
        sheet, path("M204 872 C 190 700 270 580 360 578 C 450 576 500 690 496 886"), sheet.accent
    )
    for x, y, peg_x, peg_y in ((340, 570, 150, 900), (1030, 850, 1104, 892)):
        marks.guy_line(sheet, x, y, peg_x, peg_y, sheet.accent.dark)
    sheet.lark(610, 792, 56, tone.light)
