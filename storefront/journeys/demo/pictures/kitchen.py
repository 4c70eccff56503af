"""Eating, drinking and keeping cool."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import (
    CREAM,
    GRAPHITE,
    LEATHER,
    STEEL,
    WEBBING,
    Tone,
)
from storefront.journeys.demo.pictures.path import Path, box, crease, ellipse, line, path, soft
from storefront.journeys.demo.pictures.sheet import Sheet


def mug(sheet: Sheet, _: Art) -> None:
    """An enamel mug with steam; some seeds wear a carabiner handle."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(590, 916, 330, 44)
    handle = path("M800 500 C 1000 470 1010 800 792 772")
    sheet.line(handle, tone.deep, 58)
    sheet.line(handle, tone.base, 48)
    sheet.line(handle.shifted(-8, -10), tone.light, 10, 0.8)
    body = path("M560 420 H826 C 830 560 824 740 806 860 C 800 900 770 922 700 926 H560").twin(560)
    sheet.body(body, tone, depth=70, rim=14)
    with sheet.inside(body):
        sheet.fill(
            path("M356 440 C 356 600 366 740 380 880 L 426 900 C 404 740 398 600 400 440 Z"), tone.light, 0.7
        )
        design = sheet.pick(3)
        if design == 0:
            sheet.fill(
                path("M280 800 L 420 660 L 500 740 L 620 590 L 760 740 L 840 680 V960 H280 Z"),
                sheet.accent.base,
            )
            sheet.fill(path("M620 590 L 760 740 L 840 680 V960 H660 Z"), sheet.accent.dark, 0.55)
        elif design == 1:
            sheet.fill(path("M280 830 H860 V960 H280 Z"), sheet.accent.base)
            sheet.fill(path("M740 830 H860 V960 H720 Z"), sheet.accent.dark, 0.7)
        for x, y in ((440, 880), (700, 520), (640, 900), (760, 660)):
            sheet.fill(ellipse(x, y, 5), tone.light if design else CREAM.light, 0.7)
    sheet.lark(545, 560 if sheet.pick(3) == 0 else 640, 150, tone.light)
    sheet.body(ellipse(560, 420, 270, 56), CREAM, depth=0, rim=0)
    sheet.fill(ellipse(560, 428, 244, 42), "#5b3a26")
    sheet.fill(ellipse(530, 434, 200, 30), "#7a5136")
    sheet.line(ellipse(560, 420, 266, 54), GRAPHITE.dark, 11)
    sheet.line(path("M300 410 C 360 380 440 368 520 366"), STEEL.light, 4, 0.9)
    for x, y in ((470, 330), (570, 300), (660, 334)):
        steam = path(f"M{x} {y} C {x - 50} {y - 50} {x + 46} {y - 90} {x} {y - 150}")
        sheet.line(steam, "#ffffff", 20, 0.5)
        sheet.line(steam, sheet.palette.tint, 4, 0.3)


def bottle(sheet: Sheet, art: Art) -> None:
    """A steel bottle with a loop lid, or a soft flask that rolls up."""
    backdrop.stand(sheet)
    tone = sheet.main
    if art.param("type") == "soft":
        _soft_bottle(sheet, tone)
        return
    sheet.ground(600, 982, 190, 36)
    loop = path("M548 240 C 520 130 680 130 652 240")
    sheet.line(loop, GRAPHITE.deep, 40)
    sheet.line(loop, sheet.accent.base, 28)
    sheet.body(box(524, 226, 152, 110, 18), sheet.accent, depth=24, rim=8)
    for x in range(542, 670, 18):
        sheet.line(line(x, 246, x, 320), sheet.accent.deep, 4, 0.45)
    sheet.body(box(534, 330, 132, 40, 4), STEEL, depth=20, rim=6)
    body = path("M600 362 H664 C 690 420 762 440 768 520 V 930 C 768 970 740 990 700 992 H600").twin()
    sheet.body(body, tone, depth=54, rim=13)
    with sheet.inside(body):
        sheet.fill(path("M470 500 V960 L 506 980 V490 Z"), tone.light, 0.65)
        sheet.fill(box(420, 944, 360, 60, 0), STEEL.dark)
        sheet.fill(box(470, 944, 46, 60, 0), STEEL.light)
        if sheet.pick(3) == 0:
            sheet.fill(
                path("M420 860 L 520 740 L 580 800 L 680 690 L 790 800 V944 H420 Z"), sheet.accent.base, 0.95
            )
            sheet.fill(path("M680 690 L 790 800 V944 H710 Z"), sheet.accent.dark, 0.6)
        elif sheet.pick(3) == 1:
            for y in (840, 876):
                sheet.fill(box(420, y, 360, 22, 0), sheet.accent.base)
    sheet.lark(600, 610, 120, tone.light)


def _soft_bottle(sheet: Sheet, tone: Tone) -> None:
    sheet.ground(600, 962, 220, 38)
    body = path(
        "M600 390 H640 C 700 420 764 480 776 600 C 784 740 800 860 776 930 C 760 968 680 972 600 972"
    ).twin()
    sheet.body(body, tone.lighter(0.3), depth=50, rim=14)
    with sheet.inside(body):
        water = path("M400 640 C 480 610 560 664 640 640 C 700 622 760 640 800 650 V990 H400 Z")
        sheet.fill(water, tone.base, 0.85)
        sheet.fill(
            path("M720 630 C 760 630 790 640 810 650 V990 H740 C 760 860 750 740 720 630 Z"), tone.dark, 0.7
        )
        for start, through, end in (
            ((470, 520), (510, 640), (480, 760)),
            ((720, 480), (690, 600), (730, 700)),
            ((560, 800), (620, 850), (590, 950)),
        ):
            sheet.fill(crease(start, through, end, 14), tone.light, 0.75)
    for y in (560, 640, 720, 800, 880):
        sheet.line(line(700, y, 742, y), tone.deep, 5, 0.7)
    sheet.body(box(540, 330, 120, 70, 8), GRAPHITE, depth=16, rim=6)
    sheet.body(box(520, 246, 160, 96, 18), sheet.accent, depth=20, rim=8)
    for x in range(540, 676, 18):
        sheet.line(line(x, 262, x, 326), sheet.accent.deep, 4, 0.45)
    sheet.body(path("M566 250 V200 C 566 170 634 170 634 200 V250 Z"), CREAM, depth=12, rim=6)
    cord = path("M660 370 C 820 360 860 520 760 560")
    sheet.line(cord, sheet.accent.deep, 17)
    sheet.line(cord, sheet.accent.base, 11)
    sheet.lark(580, 740, 110, tone.light)


def cutlery(sheet: Sheet, _: Art) -> None:
    """Knife, fork and spoon with coloured handles and a roll."""
    backdrop.lie(sheet)
    tone = sheet.main
    with sheet.turned(9):
        roll = box(300, 640, 600, 380, 26)
        sheet.cast(roll, 28)
        sheet.body(roll, sheet.trim.darker(0.08), depth=30, rim=10)
        for x, draw in ((420, _fork), (600, _spoon), (780, _knife)):
            draw(sheet, x, tone)
        pocket = path("M300 760 H900 V994 C 900 1010 890 1020 874 1020 H326 C 310 1020 300 1010 300 994 Z")
        sheet.body(pocket, sheet.trim, depth=24, rim=9)
        for x in (510, 690):
            sheet.stitch(line(x, 764, x, 1016), sheet.trim.deep)
        sheet.stitch(line(310, 778, 890, 778), sheet.trim.deep)
        marks.label(sheet, 600, 900, LEATHER, LEATHER.deep, 1.3)
        sheet.line(path("M900 820 C 1000 800 1000 900 920 920"), sheet.accent.base, 14)


def _handle(sheet: Sheet, x: float, tone: Tone) -> None:
    handle = path(f"M{x - 24} 480 H{x + 24} L {x + 38} 860 C {x + 38} 900 {x - 38} 900 {x - 38} 860 Z")
    sheet.cast(handle, 14)
    sheet.body(handle, tone, depth=14, rim=8)
    sheet.body(box(x - 26, 464, 52, 30, 6), STEEL, depth=8, rim=4)


def _fork(sheet: Sheet, x: float, tone: Tone) -> None:
    head = path(
        f"M{x - 14} 480 V400 C {x - 60} 380 {x - 62} 330 {x - 58} 180 H{x - 40} L {x - 36} 310 "
        f"H{x - 24} L {x - 18} 180 H{x - 2} L {x + 2} 310 H{x + 14} L {x + 18} 180 H{x + 36} L "
        f"{x + 38} 310 L {x + 46} 180 H{x + 60} C {x + 64} 330 {x + 60} 380 {x + 16} 400 V480 Z"
    )
    sheet.cast(head, 14)
    sheet.body(head, STEEL, depth=10, rim=6)
    _handle(sheet, x, tone)


def _spoon(sheet: Sheet, x: float, tone: Tone) -> None:
    head = path(
        f"M{x - 14} 480 V400 C {x - 84} 370 {x - 86} 180 {x} 176 C {x + 86} 180 {x + 84} 370 "
        f"{x + 14} 400 V480 Z"
    )
    sheet.cast(head, 14)
    sheet.body(head, STEEL, depth=18, rim=7)
    sheet.fill(ellipse(x - 4, 282, 48, 82), STEEL.dark, 0.5)
    sheet.fill(crease((x - 40, 240), (x - 36, 320), (x - 6, 356), 8), STEEL.light)
    _handle(sheet, x, tone)


def _knife(sheet: Sheet, x: float, tone: Tone) -> None:
    blade = path(
        f"M{x - 20} 480 V240 C {x - 18} 190 {x + 10} 170 {x + 30} 170 C {x + 48} 260 {x + 44} "
        f"380 {x + 22} 480 Z"
    )
    sheet.cast(blade, 14)
    sheet.body(blade, STEEL, depth=12, rim=6)
    teeth = Path(
        tuple(
            s
            for i in range(9)
            for s in line(x + 30 + (8 if i < 6 else 4), 220 + i * 24, x + 24, 232 + i * 24).steps
        )
    )
    sheet.line(teeth, STEEL.deep, 4, 0.7)
    _handle(sheet, x, tone)


def cooler(sheet: Sheet, _: Art) -> None:
    """A hard cool box with a swing handle."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(600, 920, 430, 48)
    swing = path("M232 560 C 220 300 980 300 968 560")
    sheet.line(swing, GRAPHITE.deep, 34)
    sheet.line(swing, GRAPHITE.base, 24)
    sheet.body(box(450, 336, 300, 54, 24), sheet.accent, depth=14, rim=7)
    body = soft((236, 560), (964, 560), (926, 924), (274, 924), radius=34)
    sheet.body(body, tone, depth=60, rim=14)
    with sheet.inside(body):
        sheet.fill(path("M280 570 L 312 900 L 352 900 L 326 570 Z"), tone.light, 0.6)
        sheet.fill(box(220, 850, 780, 90, 0), tone.dark)
        sheet.line(line(220, 850, 980, 850), tone.light, 4, 0.7)
        panel = box(400, 650, 400, 150, 24)
        sheet.fill(panel, tone.darker(0.15).base)
        sheet.line(panel, tone.deep, 4, 0.5)
    sheet.lark(600, 728, 130, tone.light)
    lid = soft((204, 452), (996, 452), (990, 580), (210, 580), radius=32)
    sheet.body(lid, sheet.trim if sheet.pick(2) else CREAM, depth=26, rim=11)
    with sheet.inside(lid):
        sheet.line(line(200, 540, 1000, 540), CREAM.deep, 4, 0.4)
    for x in (420, 780):
        sheet.body(box(x - 34, 556, 68, 100, 12), GRAPHITE, depth=14, rim=6)
        sheet.fill(box(x - 18, 606, 36, 30, 6), sheet.accent.base)
    for x in (232, 968):
        sheet.body(ellipse(x, 560, 28), WEBBING, depth=8, rim=5)
        marks.screw(sheet, x, 560, 10)
