"""What keeps head, hands and feet warm or shaded."""

from __future__ import annotations

import math

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import LEATHER, Tone
from storefront.journeys.demo.pictures.path import Path, both, box, crease, ellipse, line, path, smooth
from storefront.journeys.demo.pictures.sheet import Sheet


def beanie(sheet: Sheet, _: Art) -> None:
    """A knitted hat with a turned-up brim."""
    backdrop.lie(sheet)
    tone = sheet.main
    crown = path("M600 240 C 780 240 890 400 900 700 H600").twin()
    brim = path(
        "M600 640 C 720 640 830 650 908 664 C 934 670 944 686 944 708 L 938 826 C 936 846 924 "
        "856 900 858 C 800 874 700 880 600 880"
    ).twin()
    pom = sheet.pick(2) == 0
    if pom:
        _pompom(sheet, 600, 216, 104, sheet.accent)
    sheet.cast(crown)
    sheet.cast(brim)
    sheet.body(crown, tone, depth=52, rim=14)
    with sheet.inside(crown):
        for step in range(-7, 8):
            x = 600 + step * 44
            sheet.line(path(f"M{x} 720 C {x} 520 {600 + step * 34} 380 600 236"), tone.deep, 7, 0.45)
            sheet.line(
                path(f"M{x + 14} 720 C {x + 14} 520 {612 + step * 34} 380 604 236"), tone.light, 5, 0.35
            )
        stripe = path("M270 560 C 400 530 800 530 930 560 V616 C 800 586 400 586 270 616 Z")
        if sheet.pick(3):
            sheet.fill(stripe, sheet.accent.base, 0.95)
            sheet.line(path("M270 588 C 400 558 800 558 930 588"), sheet.accent.deep, 4, 0.5, dash="12 10")
    sheet.body(brim, tone.darker(0.12), depth=22, rim=10)
    with sheet.inside(brim):
        for step in range(-13, 14):
            x = 600 + step * 27
            lean = step * 0.7
            sheet.line(line(x, 630, x + lean, 890), tone.deep, 6, 0.5)
            sheet.line(line(x + 10, 630, x + 10 + lean, 890), tone.light, 4, 0.4)
    marks.label(sheet, 742, 764, LEATHER, LEATHER.deep, 1.5)


def _pompom(sheet: Sheet, x: float, y: float, radius: float, tone: Tone) -> None:
    points = []
    for index in range(36):
        angle = index / 36 * math.tau
        reach = radius * (1.0 if index % 2 else 0.88) * sheet.chances.uniform(0.97, 1.04)
        points.append((x + math.cos(angle) * reach, y + math.sin(angle) * reach))
    shape = smooth(points, closed=True)
    sheet.cast(shape)
    sheet.body(shape, tone, depth=26, rim=10)
    with sheet.inside(shape):
        for _ in range(46):
            angle, reach = sheet.chances.uniform(0, math.tau), sheet.chances.uniform(0.2, 0.9) * radius
            a, b = x + math.cos(angle) * reach, y + math.sin(angle) * reach
            colour = tone.light if sheet.chances.random() < 0.5 else tone.dark
            sheet.line(line(a, b, a + math.cos(angle) * 15, b + math.sin(angle) * 15), colour, 5, 0.8)


def cap(sheet: Sheet, _: Art) -> None:
    """A peaked cap, the peak to the left."""
    backdrop.lie(sheet)
    tone = sheet.main
    crown = path(
        "M384 700 C 372 520 440 350 640 336 C 850 330 960 480 972 690 C 976 730 960 756 930 "
        "760 C 760 776 600 770 400 752 C 386 748 384 730 384 700 Z"
    )
    peak = path(
        "M404 690 C 300 700 180 744 140 806 C 124 836 140 860 180 858 C 340 850 520 830 690 "
        "764 C 600 720 500 690 404 690 Z"
    )
    sheet.cast(crown)
    sheet.cast(peak)
    sheet.body(crown, tone, depth=50, rim=14)
    with sheet.inside(crown):
        front = path("M384 770 C 380 560 430 380 600 336 C 560 460 560 620 600 780 Z")
        sheet.fill(front, sheet.trim.base if sheet.pick(2) else tone.light, 1 if sheet.pick(2) else 0.35)
        sheet.seam(path("M640 336 C 566 440 556 620 590 780"), tone, 5)
        sheet.stitch(path("M656 338 C 584 450 574 620 608 780"), tone.light)
        sheet.seam(path("M640 336 C 780 420 830 600 826 780"), tone, 5)
        sheet.stitch(path("M628 340 C 764 428 812 600 808 780"), tone.light)
        sheet.fill(path("M384 716 C 560 756 780 756 980 716 V790 H380 Z"), tone.dark, 0.55)
    for x, y in ((720, 500), (470, 520)):
        sheet.fill(ellipse(x, y, 11, 12), tone.deep)
        sheet.line(ellipse(x, y, 14, 15), tone.light, 4, 0.8)
    sheet.body(ellipse(640, 334, 30, 16), sheet.accent, depth=6, rim=4)
    sheet.body(peak, sheet.accent if sheet.pick(3) == 1 else tone.darker(0.16), depth=18, rim=9)
    with sheet.inside(peak):
        for step in range(4):
            rise = step * 24
            sheet.stitch(
                path(
                    f"M{164 + step * 14} {836 - rise * 0.8} C 330 {832 - rise} 520 {806 - rise} "
                    f"{670 - step * 26} {756 - rise * 0.4}"
                ),
                tone.light,
                3,
                0.5,
            )
    marks.label(sheet, 478, 620, LEATHER, LEATHER.deep, 1.55)
    marks.buckle(sheet, 944, 706, 56, 82)


def gloves(sheet: Sheet, _: Art) -> None:
    """A pair of gloves, one seen from the back, one from the palm."""
    backdrop.lie(sheet)
    for x, degrees, palm in ((166, 10, True), (-164, -9, False)):
        with sheet.turned(degrees), sheet.placed(x, 10):
            _glove(sheet, palm)


_HAND = path(
    "M476 700 C 470 600 462 520 456 420 C 452 370 498 360 508 408 L 522 500 C 518 420 512 340 512 280 "
    "C 514 236 562 236 568 280 L 580 480 C 580 400 582 310 588 250 C 592 208 640 210 642 254 L 644 482 "
    "C 652 410 662 340 672 286 C 680 246 726 254 722 298 L 710 540 C 706 600 718 640 714 700 "
    "C 712 740 704 770 700 800 H 486 C 482 760 478 730 476 700 Z"
)
_THUMB = path(
    "M700 560 C 740 520 776 460 800 430 C 828 398 864 424 848 462 C 822 530 790 620 720 720 L 680 700 Z"
)
_CUFF = path(
    "M478 776 C 540 764 660 764 710 776 L 730 930 C 730 944 722 950 708 952 C 640 964 550 964 488 952 "
    "C 472 948 466 940 466 928 Z"
)


def _glove(sheet: Sheet, palm: bool) -> None:
    tone = sheet.main
    hand, thumb, cuff = (both(shape)[palm] for shape in (_HAND, _THUMB, _CUFF))
    for shape in (hand, thumb, cuff):
        sheet.cast(shape)
    sheet.body(thumb, tone, depth=18, rim=8)
    sheet.body(hand, tone, depth=26, rim=10)
    with sheet.inside(hand):
        if palm:
            _palm(sheet)
        else:
            for x, y in ((520, 520), (584, 500), (648, 500)):
                sheet.seam(line(x, y, x + 6, 590), tone)
            knuckles = path("M470 590 C 540 560 660 560 720 590 V640 C 660 612 540 612 470 640 Z")
            sheet.fill(knuckles, sheet.accent.base)
            sheet.fill(crease((530, 650), (560, 690), (540, 760), 8), tone.dark, 0.7)
    sheet.body(cuff, tone.darker(0.25), depth=14, rim=7)
    with sheet.inside(cuff):
        for x in range(470, 740, 20):
            sheet.line(line(x, 770, x, 960), tone.deep, 4, 0.4)
    sheet.body(box(530 if palm else 510, 800, 170, 36, 8), sheet.accent, depth=6, rim=4)
    if not palm:
        sheet.lark(600, 690, 56, tone.light)


def _palm(sheet: Sheet) -> None:
    pad = path(
        "M500 540 C 560 500 660 500 710 540 C 714 640 690 720 660 760 H530 C 500 700 490 620 500 540 Z"
    ).mirrored()
    sheet.fill(pad, LEATHER.base)
    sheet.line(pad, LEATHER.deep, 4, 0.7)
    sheet.stitch(pad.scaled(0.9, 0.9, (600, 640)), LEATHER.light)
    for x, y in ((710, 400), (660, 308), (582, 308), (504, 308)):
        sheet.fill(ellipse(x, y, 26, 34), LEATHER.base)


def socks(sheet: Sheet, _: Art) -> None:
    """A pair of socks, toes to the left, one half behind the other."""
    backdrop.lie(sheet)
    with sheet.placed(120, -30):
        _sock(sheet, sheet.main.darker(0.12))
    with sheet.placed(-60, 26):
        _sock(sheet, sheet.main)


def _sock(sheet: Sheet, tone: Tone) -> None:
    shape = path(
        "M560 170 H790 C 800 170 806 178 805 188 C 796 340 786 460 800 620 C 810 700 800 780 "
        "740 830 C 660 880 560 920 460 980"
        " C 380 1020 290 1010 262 950 C 240 890 280 850 350 810 C 450 750 540 690 556 600 C "
        "572 460 556 320 546 188 C 545 178 550 170 560 170 Z"
    )
    sheet.cast(shape)
    sheet.body(shape, tone, depth=40, rim=12)
    with sheet.inside(shape):
        _sock_knit(sheet, tone)
    cuff = box(540, 164, 272, 96, 14)
    sheet.body(cuff, sheet.trim if sheet.pick(3) == 1 else tone.darker(0.15), depth=12, rim=6)
    with sheet.inside(cuff):
        for x in range(548, 812, 17):
            sheet.line(line(x, 160, x, 264), tone.deep, 4, 0.4)
    sheet.lark(676, 470, 60, sheet.accent.base)


def _sock_knit(sheet: Sheet, tone: Tone) -> None:
    ribs = Path(tuple(s for x in range(540, 830, 20) for s in line(x, 270, x + 4, 600).steps))
    sheet.line(ribs, tone.dark, 4, 0.45)
    sheet.fill(path("M820 560 C 720 590 680 680 700 860 L 830 860 Z"), sheet.accent.base)
    sheet.line(path("M810 570 C 720 600 690 680 706 850"), sheet.accent.deep, 4, 0.7)
    for share in (0.3, 0.6):
        sheet.line(
            path(
                f"M{806 - share * 10} {600 + share * 60} C {760 - share * 30} {650 + share * 20} {730} "
                f"{720} {740} 850"
            ),
            sheet.accent.light,
            4,
            0.6,
        )
    sheet.fill(path("M240 860 C 300 830 370 870 400 1040 H220 Z"), sheet.accent.base)
    sheet.line(path("M300 830 C 360 860 390 920 396 1030"), sheet.accent.deep, 4, 0.7)
    foot = Path(
        tuple(s for i in range(5) for s in line(420 + i * 50, 780 - i * 24, 470 + i * 50, 960 - i * 26).steps)
    )
    sheet.line(foot, tone.dark, 5, 0.4)
    design = sheet.pick(3)
    if design == 0:
        for y in (330, 370):
            sheet.fill(box(520, y, 320, 22, 0), sheet.trim.base)
    elif design == 1:
        peaks = "".join(f"L {x} {420 - (x // 36 % 2) * 54} " for x in range(540, 840, 36))
        sheet.line(path(f"M520 420 {peaks}"), sheet.trim.base, 14)
    sheet.fill(crease((560, 620), (640, 660), (740, 640), 10), tone.deep, 0.35)
