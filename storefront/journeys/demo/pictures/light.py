"""Lamps and what feeds them."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import CREAM, GRAPHITE, LAMP, STEEL, WEBBING, Tone, mix
from storefront.journeys.demo.pictures.path import box, ellipse, line, path, soft
from storefront.journeys.demo.pictures.sheet import Sheet

_GLASS = Tone.of("#f2e3b8", "#fff8e0", "#d9bf83")


def headlamp(sheet: Sheet, _: Art) -> None:
    """A head torch with its band, seen from the front left."""
    backdrop.lie(sheet)
    tone = sheet.main
    sheet.glow(560, 690, 470, 430, LAMP, 0.55)
    back = path(
        "M220 560 C 240 330 960 330 980 560 C 984 620 960 660 930 690 L 900 640 C 920 610 930 "
        "590 926 560 C 890 430 310 430 274 560 C 270 590 280 620 300 640 L 270 690 C 240 660 "
        "216 620 220 560 Z"
    )
    sheet.cast(back, 20)
    sheet.body(back, sheet.accent.darker(0.2), depth=12, rim=7)
    over = path("M540 640 C 520 420 560 250 620 236 C 690 230 700 300 690 380")
    sheet.line(over, tone.deep, 60)
    sheet.line(over, tone.darker(0.2).base, 52)
    sheet.stitch(over.shifted(-16, 0), tone.light)
    front = path(
        "M222 580 C 260 700 420 770 600 772 C 780 770 940 700 978 580 C 990 640 986 700 960 "
        "740 C 880 840 740 880 600 880 C 460 880 320 840 240 740 C 214 700 210 640 222 580 Z"
    )
    sheet.cast(front, 20)
    sheet.body(front, sheet.accent, depth=24, rim=10)
    with sheet.inside(front):
        for shift, colour in ((34, tone.base), (66, sheet.trim.base)):
            sheet.line(
                path("M212 590 C 260 700 420 770 600 772 C 780 770 940 700 990 590").shifted(0, shift),
                colour,
                14,
            )
    marks.buckle(sheet, 880, 744, 84, -36)
    plate = soft((420, 610), (700, 610), (720, 900), (400, 900), radius=40)
    sheet.body(plate, GRAPHITE, depth=20, rim=8)
    case = soft((424, 560), (696, 560), (720, 700), (704, 860), (416, 860), (400, 700), radius=56)
    sheet.body(case, tone, depth=34, rim=12)
    sheet.body(ellipse(552, 706, 124), GRAPHITE.darker(0.2), depth=18, rim=8)
    sheet.body(ellipse(550, 704, 98), STEEL, depth=0, rim=10)
    sheet.fill(ellipse(550, 704, 84), LAMP)
    sheet.fill(ellipse(546, 700, 62), "#fff0c4")
    sheet.fill(ellipse(542, 696, 32), "#ffffff")
    for angle in range(0, 360, 30):
        with sheet.turned(angle, 550, 704):
            sheet.line(line(550, 626, 550, 640), "#c9974a", 4, 0.7)
    sheet.fill(ellipse(522, 670, 18, 12), "#ffffff", 0.95)
    sheet.body(box(524, 534, 100, 40, 16), sheet.accent, depth=8, rim=5)
    sheet.body(ellipse(660, 616, 18), CREAM, depth=5, rim=3)
    sheet.fill(ellipse(664, 806, 12), "#d9433a")
    sheet.lark(470, 826, 44, tone.light)


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
