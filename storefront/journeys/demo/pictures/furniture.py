"""Chairs, tables and towels for the camp."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import GRAPHITE, LEATHER, STEEL, WOOD, Tone
from storefront.journeys.demo.pictures.path import Path, box, crease, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet


def chair(sheet: Sheet, _: Art) -> None:
    """A folding camp chair with a slung seat."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(600, 950, 380, 46)
    frame = WOOD if sheet.pick(2) else GRAPHITE.lighter(0.1)
    for start, end in (((330, 560), (760, 952)), ((870, 560), (440, 952))):
        _rod(sheet, line(*start, *end), frame, 25)
    _rod(sheet, line(330, 190, 270, 950), frame, 27)
    _rod(sheet, line(870, 190, 930, 950), frame, 27)
    back = path("M600 214 H856 C 866 214 872 222 872 232 L 884 520 C 800 560 700 574 600 574").twin()
    sheet.body(back, tone, depth=40, rim=12)
    with sheet.inside(back):
        sheet.fill(path("M320 214 H880 V290 H320 Z"), tone.dark, 0.5)
        sheet.seam(path("M330 290 C 460 300 740 300 872 290"), tone)
        for start, through, end in (
            ((360, 300), (420, 460), (600, 560)),
            ((840, 310), (780, 460), (640, 560)),
        ):
            sheet.fill(crease(start, through, end, 16), tone.dark, 0.6)
        sheet.fill(crease((400, 330), (440, 440), (540, 510), 12), tone.light, 0.5)
    seat = path(
        "M600 560 C 720 560 820 550 900 530 C 910 620 900 690 860 724 C 780 752 690 760 600 760"
    ).twin()
    sheet.body(seat, tone.darker(0.1), depth=36, rim=10)
    with sheet.inside(seat):
        sheet.fill(
            path("M280 520 C 440 580 760 580 920 520 V600 C 760 640 440 640 280 600 Z"), tone.deep, 0.45
        )
        sheet.stitch(path("M320 706 C 440 744 760 744 880 706"), tone.light)
    for side in (1, -1):
        arm = path("M846 470 L 960 452 C 984 450 990 486 968 494 L 856 520 Z")
        arm = arm if side > 0 else arm.mirrored()
        sheet.body(arm, sheet.accent, depth=10, rim=7)
    holder = path("M930 490 H1000 L 990 600 H940 Z")
    sheet.body(holder, tone.darker(0.3), depth=10, rim=5)
    for x in (270, 930, 440, 760):
        sheet.fill(box(x - 24, 936, 48, 24, 10), GRAPHITE.dark)
    marks.screw(sheet, 600, 806, 15)
    marks.label(sheet, 600, 404, LEATHER, LEATHER.deep, 1.5)


def _rod(sheet: Sheet, along: Path, tone: Tone, width: float) -> None:
    sheet.line(along, tone.deep, width)
    sheet.line(along, tone.base, width - 7)
    sheet.line(along.shifted(-width * 0.16, -width * 0.1), tone.light, width * 0.2, 0.9)


def table(sheet: Sheet, _: Art) -> None:
    """A roll-top table with a mug on it."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(600, 930, 440, 46)
    frame = GRAPHITE
    for start, end in (
        ((260, 560), (900, 930)),
        ((940, 560), (300, 930)),
        ((350, 540), (860, 870)),
        ((850, 540), (340, 870)),
    ):
        _rod(sheet, line(*start, *end), frame.lighter(0.12) if start[1] == 560 else frame, 24)
    marks.screw(sheet, 600, 754, 15)
    for x, y in ((300, 930), (900, 930), (340, 870), (860, 870)):
        sheet.fill(box(x - 22, y - 12, 44, 24, 10), sheet.accent.base)
    wooden = sheet.pick(2) == 0
    slat = WOOD if wooden else tone
    top = path("M280 440 H920 L 1040 560 H160 Z")
    sheet.body(top, slat, depth=0, rim=8)
    with sheet.inside(top):
        for index in range(1, 9):
            sheet.line(line(280 + index * 71, 436, 160 + index * 98, 564), slat.deep, 5, 0.7)
            sheet.line(line(286 + index * 71, 436, 167 + index * 98, 564), slat.light, 4, 0.6)
        if wooden:
            for x, y in ((300, 520), (520, 480), (700, 530), (860, 490), (420, 540)):
                sheet.fill(crease((x, y), (x + 12, y - 20), (x + 4, y - 46), 3), slat.dark, 0.7)
    edge = path("M160 560 H1040 L 1036 596 H164 Z")
    sheet.body(edge, tone if wooden else tone.darker(0.2), depth=8, rim=4)
    for x in (270, 930):
        sheet.body(box(x - 30, 556, 60, 60, 10), frame, depth=10, rim=5)
    _rolled_cloth(sheet)
    cup = path("M640 330 H760 L 752 470 C 750 486 650 486 648 470 Z")
    sheet.line(path("M756 370 C 816 364 816 440 754 440"), tone.deep, 22)
    sheet.line(path("M756 370 C 816 364 816 440 754 440"), tone.base, 15)
    sheet.fill(ellipse(712, 484, 84, 14), "#000000", 0.16)
    sheet.body(cup, tone, depth=26, rim=8)
    sheet.body(ellipse(700, 330, 60, 15), STEEL, depth=0, rim=0)
    sheet.fill(ellipse(700, 333, 50, 10), "#5b3a26")


def _rolled_cloth(sheet: Sheet) -> None:
    sheet.fill(ellipse(430, 502, 130, 18), "#000000", 0.14)
    book = path("M330 470 L 520 462 L 560 490 L 350 502 Z")
    sheet.body(book, sheet.accent, depth=6, rim=4)
    sheet.fill(path("M350 502 L 560 490 V504 L 352 518 Z"), "#f4ead4")
    sheet.body(path("M352 516 L 560 503 V510 L 352 524 Z"), sheet.accent.darker(0.1), depth=0, rim=0)
    sheet.lark(440, 480, 44, sheet.accent.light)


def towel(sheet: Sheet, _: Art) -> None:
    """A travel towel hung over a line."""
    backdrop.lie(sheet)
    tone = sheet.main
    rope = path("M0 268 C 300 312 900 312 1200 268")
    back = path("M380 300 H820 V560 H380 Z").shifted(26, 0)
    front = path("M340 296 C 440 306 760 306 830 298 L 846 940 C 700 966 480 966 330 944 Z")
    sheet.cast(front, 30)
    sheet.body(back, tone.darker(0.3), depth=0, rim=0)
    sheet.body(front, tone, depth=34, rim=12)
    with sheet.inside(front):
        for y, width in ((760, 34), (812, 14), (846, 34)):
            sheet.line(
                path(f"M320 {y} C 480 {y + 18} 700 {y + 18} 850 {y}"),
                (sheet.accent, sheet.trim, sheet.accent)[sheet.pick(3)].base,
                width,
                cap="butt",
            )
        for start, through, end in (
            ((450, 300), (480, 520), (440, 940)),
            ((620, 300), (590, 560), (640, 950)),
            ((760, 300), (780, 500), (740, 940)),
        ):
            sheet.fill(crease(start, through, end, 20), tone.dark, 0.5)
        for start, through, end in (
            ((400, 320), (410, 520), (380, 740)),
            ((560, 320), (546, 500), (560, 700)),
        ):
            sheet.fill(crease(start, through, end, 12), tone.light, 0.5)
    marks.speckle(sheet, front, tone.deep, 0.14, 30)
    sheet.stitch(path("M340 924 C 480 944 700 944 838 920"), tone.light)
    loop = path("M800 930 C 810 1010 870 1000 838 920")
    sheet.line(loop, sheet.accent.base, 12)
    sheet.line(rope, "#8d7a5e", 13)
    sheet.line(rope, "#cdbb9a", 8, dash="14 8")
    for x in (390, 786):
        peg = box(x - 15, 244, 30, 116, 10).turned(3, (x, 300))
        sheet.body(peg, WOOD, depth=8, rim=5)
        sheet.line(line(x - 15, 296, x + 15, 296), STEEL.dark, 8)
    marks.label(sheet, 430, 640, LEATHER, LEATHER.deep, 1.2)
