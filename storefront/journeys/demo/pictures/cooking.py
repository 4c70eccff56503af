"""Pots and stoves."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import BRASS, GRAPHITE, STEEL, WOOD, Tone
from storefront.journeys.demo.pictures.path import both, box, ellipse, line, path, soft
from storefront.journeys.demo.pictures.sheet import Sheet


def pot(sheet: Sheet, art: Art) -> None:
    """A cook set of one to three pieces: a pot, then a pan behind it, then a kettle beside it."""
    backdrop.stand(sheet)
    pieces = int(art.param("pieces"))
    sheet.ground(600, 912, 420, 44)
    if pieces >= 2:
        _pan(sheet)
    with sheet.placed(*((40, 20, 0.98) if pieces == 1 else (-40, 108, 0.88))):
        _pot(sheet)
    if pieces >= 3:
        with sheet.placed(452, 424, 0.44):
            _kettle(sheet)


def _pot(sheet: Sheet) -> None:
    tone = sheet.main
    bail = path("M320 520 C 300 250 860 250 840 520")
    sheet.line(bail, STEEL.deep, 15)
    sheet.line(bail.shifted(-2, -2), STEEL.light, 6)
    sheet.fill(box(520, 296, 120, 34, 14), WOOD.dark)
    sheet.fill(box(522, 294, 112, 24, 12), WOOD.light)
    body = path("M580 500 H850 V820 C 850 880 810 908 740 910 H580").twin(580)
    sheet.body(body, tone, depth=70, rim=13)
    with sheet.inside(body):
        sheet.fill(path("M376 520 V860 L 420 900 V520 Z"), tone.light, 0.7)
        sheet.fill(box(300, 846, 560, 80, 0), STEEL.dark)
        sheet.line(line(300, 846, 860, 846), tone.deep, 5)
        sheet.line(line(300, 600, 860, 600), tone.deep, 4, 0.4)
        sheet.line(line(300, 607, 860, 607), tone.light, 4, 0.5)
        for y in (680, 740, 800):
            sheet.line(line(770, y, 810, y), tone.light, 5, 0.8)
    lid = path("M580 430 C 720 430 830 450 866 492 C 872 506 866 516 850 516 H580").twin(580)
    sheet.body(lid, STEEL, depth=18, rim=8)
    sheet.body(path("M580 384 C 612 384 620 400 616 424 H580").twin(580), sheet.accent, depth=8, rim=5)
    for x in (330, 830):
        sheet.body(box(x - 24, 520, 48, 62, 8), STEEL, depth=8, rim=4)
        marks.screw(sheet, x, 540)
        marks.screw(sheet, x, 566, 6)
    sheet.lark(570, 716, 120, tone.light)


def _pan(sheet: Sheet) -> None:
    handle = path("M900 560 L 1090 480 C 1110 472 1122 500 1102 510 L 920 604 Z")
    sheet.body(handle, sheet.accent, depth=12, rim=6)
    pan = ellipse(690, 600, 262, 262)
    sheet.body(pan, GRAPHITE, depth=26, rim=10)
    sheet.body(ellipse(690, 600, 214), GRAPHITE.darker(0.3), depth=0, rim=0)
    with sheet.inside(ellipse(690, 600, 214)):
        for radius in (60, 110, 160):
            sheet.line(ellipse(690, 600, radius), GRAPHITE.light, 4, 0.3)
        sheet.fill(path("M480 520 L 620 380 L 680 390 L 490 600 Z"), GRAPHITE.light, 0.2)


def _kettle(sheet: Sheet) -> None:
    tone = sheet.trim
    bail = path("M430 620 C 400 330 840 330 810 620")
    sheet.line(bail, GRAPHITE.deep, 26)
    spout = path("M850 760 L 990 600 L 1030 620 L 900 880 Z")
    sheet.body(spout, tone, depth=12, rim=8)
    body = path(
        "M620 560 C 760 560 850 600 880 720 C 900 820 900 900 860 1000 C 850 1090 800 1120 740 1124 H620"
    ).twin(620)
    sheet.body(body, tone, depth=60, rim=14)
    sheet.body(path("M620 520 C 700 520 760 540 776 590 H620").twin(620), STEEL, depth=12, rim=8)
    sheet.body(ellipse(620, 512, 32, 26), sheet.accent, depth=8, rim=5)


def stove(sheet: Sheet, art: Art) -> None:
    """A burner on a canister, a liquid-fuel stove with its bottle, or a twig stove."""
    backdrop.stand(sheet)
    {"canister": _canister_stove, "multi": _multi_stove, "wood": _wood_stove}[art.param("type")](sheet)


def _burner(sheet: Sheet, x: float, y: float, half: float) -> None:
    for offset in (-0.62, -0.2, 0.22, 0.64):
        marks.flame(sheet, x + half * offset, y - 6, 120 if abs(offset) < 0.5 else 86)
    head = path(f"M{x - half} {y - 20} H{x + half} L {x + half * 0.7} {y + 36} H{x - half * 0.7} Z")
    sheet.body(head, STEEL, depth=18, rim=6)
    sheet.body(ellipse(x, y - 20, half, 18), GRAPHITE, depth=4, rim=4)
    holes = [ellipse(x + half * share, y - 21, 7, 4) for share in (-0.7, -0.45, -0.2, 0.05, 0.3, 0.55, 0.75)]
    for hole in holes:
        sheet.fill(hole, GRAPHITE.deep)


def _canister_stove(sheet: Sheet) -> None:
    tone = sheet.main
    sheet.ground(600, 952, 280, 42)
    canister = path(
        "M600 600 C 690 600 800 630 830 700 C 840 730 840 760 838 790 V 880 C 838 930 800 956 730 958 H600"
    ).twin()
    sheet.body(canister, tone, depth=60, rim=14)
    with sheet.inside(canister):
        sheet.fill(box(340, 730, 520, 20, 0), tone.deep, 0.3)
        sheet.fill(box(340, 756, 520, 92, 0), sheet.accent.base)
        sheet.fill(box(770, 756, 90, 92, 0), sheet.accent.dark)
        sheet.fill(path("M400 700 V930 L 436 948 V670 Z"), tone.light, 0.55)
        sheet.fill(box(340, 926, 520, 40, 0), STEEL.dark, 0.9)
    sheet.lark(600, 806, 90, sheet.accent.deep)
    sheet.body(box(556, 566, 88, 50, 10), STEEL, depth=10, rim=5)
    sheet.body(box(570, 440, 60, 136, 8), BRASS, depth=12, rim=6)
    for y in (480, 500, 520):
        sheet.line(line(574, y, 626, y), BRASS.deep, 4, 0.6)
    sheet.line(path("M628 540 H760 C 790 540 800 520 800 500"), STEEL.deep, 12)
    sheet.line(path("M628 538 H760 C 790 538 798 520 798 500"), STEEL.light, 5)
    sheet.line(path("M780 470 C 770 510 830 510 820 470 Z"), STEEL.dark, 9)
    for side in (-1, 1):
        arm = path(
            f"M{600 + side * 40} 436 L {600 + side * 180} 396 L {600 + side * 232} 300 L "
            f"{600 + side * 210} 296 L {600 + side * 160} 376 L {600 + side * 40} 408 Z"
        )
        sheet.body(arm, STEEL, depth=8, rim=5)
    _burner(sheet, 600, 380, 112)
    sheet.body(path("M590 440 L 560 500 L 580 504 L 612 444 Z"), STEEL, depth=5, rim=3)


def _multi_stove(sheet: Sheet) -> None:
    sheet.ground(430, 902, 300, 40)
    sheet.ground(880, 906, 140, 30)
    hose = path("M540 810 C 640 930 690 900 720 800 C 750 700 740 560 860 520")
    sheet.line(hose, GRAPHITE.deep, 17)
    sheet.line(hose, BRASS.base, 10)
    sheet.line(hose, BRASS.deep, 3, 0.7, dash="4 6")
    _fuel_bottle(sheet, sheet.main)
    for foot in (200, 660):
        leg = line(430, 800, foot, 890)
        sheet.line(leg, STEEL.deep, 21)
        sheet.line(leg, STEEL.base, 14)
        sheet.line(leg.shifted(0, -4), STEEL.light, 4)
    sheet.body(
        path("M280 690 H580 C 580 780 520 830 430 830 C 340 830 280 780 280 690 Z"), GRAPHITE, depth=24, rim=9
    )
    _burner(sheet, 430, 692, 128)
    for support in both(path("M560 720 L 616 716 L 640 512 H556 V532 H612 L 592 690 L 560 696 Z"), 430):
        sheet.body(support, STEEL, depth=8, rim=5)
    pan = soft((220, 352), (640, 352), (620, 512), (240, 512), radius=26)
    sheet.body(pan, GRAPHITE.darker(0.1), depth=36, rim=10)
    sheet.body(box(200, 338, 460, 28, 14), STEEL, depth=6, rim=5)
    sheet.body(
        path("M640 392 L 800 360 C 816 358 820 388 804 392 L 636 430 Z"), sheet.accent, depth=10, rim=6
    )
    for x in (330, 430, 520):
        sheet.line(path(f"M{x} 310 C {x - 40} 270 {x + 36} 236 {x} 190"), "#ffffff", 18, 0.5)


def _fuel_bottle(sheet: Sheet, tone: Tone) -> None:
    bottle = path("M880 500 H920 V540 C 970 566 990 604 990 650 V868 C 990 896 974 908 944 908 H880").twin(
        880
    )
    sheet.body(bottle, tone, depth=50, rim=12)
    with sheet.inside(bottle):
        sheet.fill(box(760, 700, 260, 104, 0), sheet.accent.base)
        sheet.fill(box(950, 700, 60, 104, 0), sheet.accent.dark)
        sheet.fill(path("M796 620 V890 H818 V606 Z"), tone.light, 0.7)
    sheet.lark(876, 752, 82, sheet.accent.deep)
    sheet.body(box(820, 466, 120, 52, 10), GRAPHITE, depth=12, rim=5)
    sheet.body(box(856, 370, 48, 104, 8), STEEL, depth=12, rim=5)
    sheet.body(box(812, 346, 136, 34, 14), sheet.accent, depth=8, rim=5)


def _wood_stove(sheet: Sheet) -> None:
    tone = sheet.main
    sheet.ground(600, 930, 330, 44)
    for x, size, lean in ((510, 220, -8), (620, 300, 2), (710, 200, 10)):
        with sheet.turned(lean, x, 430):
            marks.flame(sheet, x, 440, size, "#e9873f", "#ffd780")
    for start, end in (((440, 330), (600, 470)), ((770, 310), (610, 470)), ((560, 280), (640, 470))):
        sheet.line(line(*start, *end), WOOD.deep, 38)
        sheet.line(line(*start, *end), WOOD.base, 30)
        sheet.fill(ellipse(start[0], start[1], 16, 15), WOOD.light)
    back = ellipse(600, 430, 252, 44)
    sheet.body(back, GRAPHITE.darker(0.4), depth=0, rim=0)
    marks.flame(sheet, 560, 470, 150, "#e9873f", "#ffd780")
    marks.flame(sheet, 660, 470, 120, "#e9873f", "#ffd780")
    body = path("M600 474 C 740 474 846 460 852 430 L 826 850 C 820 880 720 896 600 896").twin()
    metal = (STEEL, tone)[1]
    sheet.body(body, metal, depth=70, rim=12)
    with sheet.inside(body):
        sheet.fill(path("M396 460 L 420 880 L 466 890 L 446 468 Z"), metal.light, 0.6)
        for x, y in ((440, 540), (520, 556), (600, 560), (680, 556), (760, 540)):
            sheet.fill(ellipse(x, y, 20), "#3a1f12")
            sheet.fill(ellipse(x, y + 4, 14), "#f0a04b")
        sheet.line(path("M340 620 C 480 650 720 650 860 620"), metal.deep, 5, 0.6)
        sheet.line(path("M350 790 C 480 820 720 820 850 790"), metal.deep, 5, 0.6)
    mouth = path("M480 880 V760 C 480 700 720 700 720 760 V886 C 640 900 560 898 480 880 Z")
    sheet.fill(mouth, "#2a1a12")
    with sheet.inside(mouth):
        sheet.glow(600, 880, 140, 120, "#f5a14b", 1)
        for x in (540, 600, 660):
            marks.flame(sheet, x, 892, 90, "#e9873f", "#ffd780")
    sheet.line(mouth, metal.deep, 8)
    for x in (400, 800):
        sheet.body(box(x - 16, 870, 32, 66, 6), GRAPHITE, depth=6, rim=4)
    sheet.lark(600, 662, 90, metal.light)
