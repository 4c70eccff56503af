"""Lamps and what feeds them."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import GRAPHITE, INK, LAMP, STEEL, WEBBING, Tone, mix
from storefront.journeys.demo.pictures.path import both, box, ellipse, line, path, soft
from storefront.journeys.demo.pictures.sheet import Sheet

_GLASS = Tone.of("#f2e3b8", "#fff8e0", "#d9bf83")


def headlamp(sheet: Sheet, _: Art) -> None:
    """A head torch: the lamp in front, its wide band laid in a loop behind it."""
    backdrop.lie(sheet)
    tone = sheet.main
    band = path("M300 640 C 190 420 300 210 600 206 C 900 210 1010 420 900 640")
    sheet.line(band.shifted(10, 18), INK, 92, 0.1)
    sheet.line(band, sheet.accent.deep, 96)
    sheet.line(band, sheet.accent.base, 88)
    sheet.line(band.scaled(1.05, 1.06, (600, 480)), sheet.accent.light, 8, 0.8)
    sheet.line(band, tone.base, 26, cap="butt")
    sheet.line(band, sheet.trim.light, 7, dash="26 16", cap="butt")
    for x, degrees in ((246, -76), (954, 76)):
        marks.buckle(sheet, x, 470, 104, degrees)
    sheet.glow(600, 720, 470, 360, LAMP, 0.65)
    for side in both(soft((760, 600), (930, 560), (946, 700), (760, 800), radius=30)):
        sheet.body(side, GRAPHITE, depth=16, rim=8)
    for plate in both(soft((812, 624), (896, 604), (906, 684), (812, 732), radius=18)):
        sheet.body(plate, sheet.accent, depth=8, rim=5)
    _lamp_head(sheet, tone)


def _lamp_head(sheet: Sheet, tone: Tone) -> None:
    case = soft((400, 540), (800, 540), (836, 720), (780, 912), (420, 912), (364, 720), radius=76)
    sheet.cast(case, 26)
    sheet.body(case, tone, depth=44, rim=14)
    sheet.body(box(520, 508, 160, 48, 20), sheet.accent, depth=10, rim=6)
    sheet.body(ellipse(560, 728, 154), GRAPHITE.darker(0.2), depth=20, rim=9)
    sheet.body(ellipse(558, 726, 124), STEEL, depth=0, rim=12)
    for radius, colour in ((106, LAMP), (78, "#fff0c4"), (40, "#ffffff")):
        sheet.fill(ellipse(556 - (106 - radius) * 0.08, 724 - (106 - radius) * 0.08, radius), colour)
    for angle in range(0, 360, 30):
        with sheet.turned(angle, 558, 726):
            sheet.line(line(558, 628, 558, 646), "#c9974a", 5, 0.7)
    sheet.fill(ellipse(516, 676, 26, 17), "#ffffff", 0.95)
    sheet.body(ellipse(756, 662, 24), STEEL, depth=6, rim=4)
    sheet.fill(ellipse(755, 661, 14), "#fff0c4")
    sheet.fill(ellipse(758, 734, 13), "#d9433a")
    sheet.lark(738, 828, 66, tone.light)


def lantern(sheet: Sheet, _: Art) -> None:
    """A camp lantern with a frosted globe; a collapsible fabric one for odd seeds."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.glow(600, 610, 480, 460, LAMP, 0.6)
    if sheet.pick(2):
        _folding_lantern(sheet, tone)
        return
    sheet.ground(600, 968, 250, 40)
    bail = path("M388 420 C 380 130 820 130 812 420")
    sheet.line(bail, GRAPHITE.deep, 17)
    sheet.line(bail.shifted(-2, -3), STEEL.light, 6)
    globe = path("M600 420 H736 C 784 480 800 560 796 640 C 792 690 776 720 756 746 H600").twin()
    sheet.fade(globe, (420, 420), (800, 740), "#fff6d8", LAMP, "#e9b85c")
    with sheet.inside(globe):
        sheet.glow(600, 600, 150, 190, "#fffdf2", 0.95)
        sheet.fill(
            path("M450 470 C 420 560 424 640 450 720 L 484 724 C 456 640 456 560 486 466 Z"), "#ffffff", 0.75
        )
    sheet.line(globe, "#b98f4c", 5, 0.8)
    for x in (452, 748):
        rod = path(f"M{x} 410 C {x + (x - 600) * 0.42} 540 {x + (x - 600) * 0.42} 640 {x} 756")
        sheet.line(rod, STEEL.deep, 13)
        sheet.line(rod.shifted(-2, -2), STEEL.light, 5)
    hat = path("M600 296 C 680 296 770 340 792 400 C 800 420 792 432 772 432 H600").twin()
    sheet.body(hat, tone, depth=38, rim=12)
    for x in (520, 560, 600, 640, 680):
        sheet.line(line(x, 350, x + (x - 600) * 0.14, 384), tone.deep, 9, 0.8)
    sheet.body(box(556, 254, 88, 52, 12), STEEL, depth=12, rim=5)
    base = path("M600 736 H764 C 790 740 800 760 804 790 L 826 930 C 828 962 810 976 780 978 H600").twin()
    sheet.body(base, tone, depth=46, rim=12)
    with sheet.inside(base):
        sheet.fill(box(340, 920, 520, 70, 0), GRAPHITE.base)
        sheet.line(line(340, 918, 860, 918), tone.deep, 4)
    sheet.body(ellipse(600, 850, 46), sheet.accent, depth=12, rim=6)
    sheet.line(line(600, 816, 600, 846), sheet.accent.deep, 8)
    for angle in (-50, -25, 25, 50):
        with sheet.turned(angle, 600, 850):
            sheet.line(line(600, 788, 600, 796), tone.light, 6)
    sheet.lark(724, 864, 58, tone.light)


def _folding_lantern(sheet: Sheet, tone: Tone) -> None:
    sheet.ground(600, 922, 260, 40)
    loop = path("M540 300 C 530 200 670 200 660 300")
    sheet.line(loop, sheet.accent.deep, 26)
    sheet.line(loop, sheet.accent.base, 18)
    shades = (("#fff4d2", 236), ("#ffe7ac", 256), ("#ffdf9a", 256), ("#f7cf81", 236))
    for index, (colour, half) in enumerate(shades):
        y = 372 + index * 112
        ring = path(
            f"M600 {y} H{600 + half - 40} C {600 + half + 14} {y + 20} {600 + half + 14} {y + 92} "
            f"{600 + half - 40} {y + 112} H600"
        ).twin()
        sheet.fill(ring, colour)
        with sheet.inside(ring):
            sheet.shade(ring, _GLASS, depth=44, rim=10)
            sheet.glow(580, 600, 200, 260, "#fffef6", 0.85)
        sheet.line(ring, "#b98f4c", 4, 0.6)
    sheet.body(
        path("M600 290 H780 C 800 290 812 310 812 336 C 812 366 800 382 780 384 H600").twin(),
        tone,
        depth=22,
        rim=10,
    )
    sheet.body(
        path("M600 810 H790 C 812 814 820 836 820 866 C 820 906 806 924 780 926 H600").twin(),
        tone,
        depth=26,
        rim=10,
    )
    sheet.body(ellipse(600, 868, 32), sheet.accent, depth=8, rim=5)
    sheet.lark(710, 870, 54, tone.light)


def power_bank(sheet: Sheet, _: Art) -> None:
    """A rugged battery with a cable."""
    backdrop.lie(sheet)
    tone = sheet.main
    cable = path("M640 230 C 640 120 820 130 860 240 C 920 420 780 460 900 620 C 960 700 1010 760 960 860")
    sheet.line(cable.shifted(8, 14), "#000000", 17, 0.12)
    sheet.line(cable, sheet.accent.deep, 19)
    sheet.line(cable, sheet.accent.base, 13)
    sheet.body(box(930, 850, 60, 86, 10).turned(16, (960, 890)), GRAPHITE, depth=8, rim=4)
    sheet.body(box(944, 926, 36, 44, 4).turned(16, (960, 890)), STEEL, depth=6, rim=3)
    with sheet.turned(-10, 560, 620):
        bumper = box(330, 240, 470, 780, 74)
        sheet.cast(bumper, 30)
        sheet.body(bumper, GRAPHITE, depth=26, rim=10)
        face = box(362, 276, 406, 708, 50)
        sheet.body(face, tone, depth=28, rim=11)
        with sheet.inside(face):
            for y in range(520, 760, 30):
                sheet.line(line(410, y, 720, y - 60), tone.dark, 9, 0.5)
        for x, y in ((330, 240), (800, 240), (330, 1020), (800, 1020)):
            corner = ellipse(x + (565 - x) * 0.16, y + (630 - y) * 0.1, 15)
            sheet.fill(corner, STEEL.dark)
            sheet.fill(
                corner.shifted(-2, -2).scaled(0.8, 0.8, (x + (565 - x) * 0.16, y + (630 - y) * 0.1)),
                STEEL.light,
            )
        for x in (430, 560):
            sheet.fill(box(x, 250, 90, 30, 6), "#14181a")
        sheet.body(ellipse(690, 360, 30), sheet.accent, depth=8, rim=4)
        for index in range(4):
            sheet.fill(ellipse(430 + index * 46, 360, 12), "#9be08a" if index < 3 else tone.deep)
        sheet.lark(565, 860, 130, tone.light)


def solar_panel(sheet: Sheet, _: Art) -> None:
    """A folding panel that leans towards the sun."""
    backdrop.stand(sheet)
    tone = sheet.main
    sheet.ground(610, 918, 460, 44)
    leg = line(700, 420, 930, 906)
    sheet.line(leg, WEBBING.deep, 17)
    for index, (a, b) in enumerate(((150, 412), (424, 690), (702, 984))):
        lean = (0, 12, 30)[index]
        panel = soft(
            (a + 70, 380 + lean), (b + 34, 366 + lean), (b + 2, 900 - lean * 0.4), (a, 914), radius=18
        )
        sheet.body(panel, tone if index != 1 else tone.darker(0.08), depth=20, rim=9)
        cells = soft(
            (a + 94, 412 + lean), (b + 8, 400 + lean), (b - 18, 830 - lean * 0.4), (a + 40, 842), radius=10
        )
        sheet.fade(cells, (a, 400), (b, 860), "#43608c", "#24365a", "#16233f")
        with sheet.inside(cells):
            for row in range(1, 4):
                y = 412 + row * 106
                sheet.line(line(a, y + 8, b + 40, y - 4), "#8fb0d6", 4, 0.7)
            sheet.line(line((a + b) / 2 + 44, 390, (a + b) / 2 + 12, 860), "#8fb0d6", 4, 0.7)
            sheet.fill(
                path(f"M{a + 60} 900 L {a + 190} 380 L {a + 250} 380 L {a + 130} 900 Z"), "#ffffff", 0.16
            )
        sheet.stitch(
            soft(
                (a + 82, 394 + lean),
                (b + 22, 382 + lean),
                (b - 8, 888 - lean * 0.4),
                (a + 14, 900),
                radius=14,
            ),
            tone.light,
        )
        marks.eyelet(sheet, a + 28, 884, 11)
        marks.eyelet(sheet, b - 18, 878 - lean * 0.3, 11)
    for x in (432, 710):
        sheet.line(line(x + 40, 396, x - 6, 900), tone.deep, 9, 0.6)
    sheet.lark(280, 872, 50, mix(tone.light, "#ffffff", 0.2))
    cable = path("M960 880 C 1040 900 1080 880 1090 940")
    sheet.line(cable, sheet.accent.base, 11)
    sheet.body(box(1070, 930, 40, 56, 8), GRAPHITE, depth=6, rim=4)
