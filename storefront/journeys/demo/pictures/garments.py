"""Trousers, shirts and base layers, laid out flat."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import BRASS, LINING, WEBBING, Tone
from storefront.journeys.demo.pictures.path import Path, box, crease, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet

_LONG_LEG = path(
    "M600 176 L 762 176 C 774 176 780 184 782 196 C 806 400 826 700 834 1020 C 834 1036 "
    "826 1042 812 1042 L 690 1042"
    " C 676 1042 668 1034 667 1020 C 660 820 640 600 612 470 C 608 456 604 450 600 450"
).twin()
_SHORTS = path(
    "M600 250 L 786 250 C 798 250 804 258 806 270 C 836 420 880 640 900 800 C 902 816 894 "
    "824 880 826 L 686 850"
    " C 672 852 664 846 661 832 C 650 740 636 640 612 560 C 608 548 604 544 600 544"
).twin()


def trousers(sheet: Sheet, art: Art) -> None:
    """Walking trousers, rain trousers with side zips, or shorts."""
    backdrop.lie(sheet)
    style = art.param("style")
    shape, top, waist = (_SHORTS, 250, 206) if style == "shorts" else (_LONG_LEG, 176, 182)
    sheet.cast(shape)
    tone = sheet.main
    sheet.body(shape, tone, depth=38, rim=11)
    fork = 544 if style == "shorts" else 450
    with sheet.inside(shape):
        sheet.fill(
            path(f"M600 {fork} L 560 {fork + 160} L 540 1100 L 400 1100 L 560 {fork - 60} Z"), tone.dark, 0.45
        )
        for start, through, end in (
            ((604, fork - 10), (680, fork + 30), (800, fork - 20)),
            ((596, fork - 10), (520, fork + 30), (410, fork + 6)),
        ):
            sheet.fill(crease(start, through, end, 11), tone.dark, 0.8)
        sheet.seam(line(600, top, 600, fork), tone)
        sheet.stitch(
            path(f"M640 {top + 40} V{fork - 110} C 640 {fork - 80} 624 {fork - 64} 604 {fork - 56}"),
            tone.light,
        )
    if style == "rain":
        _rain_details(sheet, tone)
    elif style == "hiking":
        _hiking_details(sheet, tone)
    else:
        _shorts_details(sheet, tone)
    _waist(sheet, tone, top, waist, elastic=style == "rain")


def _waist(sheet: Sheet, tone: Tone, top: float, half: float, *, elastic: bool) -> None:
    shape = path(
        f"M600 {top - 14} L {600 + half - 12} {top - 10} L {600 + half} {top + 46} L 600 {top + 52}"
    ).twin()
    sheet.body(shape, tone.darker(0.15), depth=8, rim=5)
    with sheet.inside(shape):
        if elastic:
            pleats = Path(
                tuple(s for x in range(410, 800, 18) for s in line(x, top - 4, x + 2, top + 40).steps)
            )
            sheet.line(pleats, tone.deep, 4, 0.6)
    if elastic:
        marks.toggle(sheet, 604, top + 24, sheet.accent.base, 4, 74)
        return
    for x in (470, 540, 660, 730):
        sheet.fill(box(x - 9, top - 20, 18, 76, 4), tone.dark)
        sheet.line(line(x - 6, top - 16, x - 6, top + 52), tone.light, 2.5, 0.8)
    belt = path(f"M{600 - half + 10} {top + 16} Q 600 {top + 28} {600 + half - 10} {top + 16}")
    if sheet.pick(2):
        marks.strap(sheet, belt, sheet.accent, 22)
        marks.buckle(sheet, 600, top + 22, 62)
    else:
        sheet.fill(ellipse(604, top + 20, 13), BRASS.dark)
        sheet.fill(ellipse(602, top + 18, 9), BRASS.light)


def _hiking_details(sheet: Sheet, tone: Tone) -> None:
    panel = sheet.trim if sheet.pick(3) == 2 else tone.darker(0.22)
    with sheet.inside(_LONG_LEG):
        for side in (1, -1):
            knee = path("M654 610 C 700 588 770 588 812 604 L 824 790 C 780 812 700 812 672 796 Z")
            knee = knee if side > 0 else knee.mirrored()
            sheet.fill(knee, panel.base)
            sheet.seam(knee, tone)
            for y in (664, 724):
                dart = path(f"M{600 + side * 214} {y} L {600 + side * 150} {y + 16}")
                sheet.seam(dart, tone)
            pocket = path("M782 230 C 760 300 730 330 690 340")
            sheet.seam(pocket if side > 0 else pocket.mirrored(), tone, 6)
            sheet.line(line(600 + side * 66, 1012, 600 + side * 240, 1012), tone.deep, 4, 0.7)
            fold = crease((600 + side * 130, 840), (600 + side * 170, 900), (600 + side * 120, 980), 10)
            sheet.fill(fold, tone.dark, 0.7)
    pocket = box(392, 470, 104, 132, 10).turned(4, (440, 536))
    sheet.body(pocket, tone.lighter(0.06), depth=10, rim=5)
    marks.zipper(sheet, line(402, 494, 492, 500), sheet.accent, 11)
    marks.pull(sheet, 480, 498, sheet.accent.base, 4, 0.7)
    sheet.lark(446, 562, 46, tone.light)


def _rain_details(sheet: Sheet, tone: Tone) -> None:
    marks.ripstop(sheet, _LONG_LEG, tone.light, 0.18, 40)
    for side in (1, -1):
        along = path("M776 236 C 796 440 806 720 812 1036")
        along = along if side > 0 else along.mirrored()
        marks.hidden_zip(sheet, along, sheet.accent if sheet.pick(2) else tone.darker(0.3))
        marks.pull(sheet, 600 + side * 178, 250, sheet.accent.base, -4 * side, 0.9)
        with sheet.inside(_LONG_LEG):
            patch = path("M660 930 C 680 900 700 900 720 960 L 724 1050 H 660 Z")
            sheet.fill(patch if side > 0 else patch.mirrored(), tone.darker(0.4).base)
            for y in (560, 700, 840):
                sheet.fill(
                    crease((600 + side * 70, y), (600 + side * 120, y + 40), (600 + side * 190, y + 10), 9),
                    tone.dark,
                    0.65,
                )
        sheet.fill(box(600 + side * 160 - 40, 1000, 80, 26, 6), sheet.accent.base)
    sheet.lark(470, 300, 54, sheet.accent.base)


def _shorts_details(sheet: Sheet, tone: Tone) -> None:
    with sheet.inside(_SHORTS):
        for side in (1, -1):
            pocket = path("M812 310 C 780 390 740 424 690 434")
            sheet.seam(pocket if side > 0 else pocket.mirrored(), tone, 6)
            hem = path("M650 812 L 910 778")
            sheet.seam(hem if side > 0 else hem.mirrored(), tone)
            sheet.stitch((hem if side > 0 else hem.mirrored()).shifted(0, 13), tone.light)
            sheet.fill(
                crease((600 + side * 120, 560), (600 + side * 190, 660), (600 + side * 150, 790), 12),
                tone.dark,
                0.7,
            )
    flap = path("M336 560 L 470 582 L 456 640 L 326 616 Z")
    pocket = path("M336 590 L 462 612 L 442 760 L 312 736 Z")
    sheet.body(pocket, tone.lighter(0.06), depth=10, rim=5)
    sheet.body(flap, sheet.accent if sheet.pick(2) else tone.darker(0.15), depth=8, rim=5)
    sheet.lark(396, 602, 42, tone.light)
    marks.toggle(sheet, 612, 288, sheet.accent.base, 6, 84)


def shirt(sheet: Sheet, art: Art) -> None:
    """A buttoned walking shirt."""
    backdrop.lie(sheet)
    tone = sheet.main
    body = path(
        "M600 236 L 690 214 C 726 232 766 246 800 262 C 812 360 806 440 806 520 C 800 680 806 "
        "820 812 940 C 812 960 800 970 780 976 C 730 1000 660 1000 600 976"
    ).twin()
    if art.param("sleeve") == "long":
        sleeve = path(
            "M760 246 C 812 258 850 292 868 356 C 902 500 936 680 962 830 C 964 846 958 856 944 "
            "860 L 880 874 C 864 878 852 872 848 856 C 826 740 806 620 784 520 Z"
        )
    else:
        sleeve = path(
            "M760 246 C 820 262 858 296 884 356 L 952 520 C 956 534 952 544 940 550 L 842 592 C "
            "828 596 820 592 814 580 L 776 480 Z"
        )
    for shape in (sleeve, sleeve.mirrored(), body):
        sheet.cast(shape)
    for side in (sleeve, sleeve.mirrored()):
        sheet.body(side, tone, depth=26, rim=10)
    sheet.body(body, tone, depth=38, rim=11)
    if sheet.pick(3) == 1:
        for shape in (sleeve, sleeve.mirrored(), body):
            _checks(sheet, shape)
    with sheet.inside(body):
        for start, through, end in (
            ((440, 560), (480, 700), (450, 900)),
            ((770, 540), (720, 700), (750, 880)),
        ):
            sheet.fill(crease(start, through, end, 13), tone.dark, 0.65)
        sheet.seam(path("M400 330 C 460 360 540 370 600 370 C 660 370 740 360 800 330"), tone)
    _shirt_cuffs(sheet, tone, long=art.param("sleeve") == "long")
    _shirt_front(sheet, tone)


def _shirt_front(sheet: Sheet, tone: Tone) -> None:
    placket = box(580, 300, 44, 694, 2)
    sheet.body(placket, tone.lighter(0.08), depth=6, rim=4)
    for y in range(400, 960, 106):
        sheet.fill(ellipse(602, y, 10), tone.deep)
        sheet.fill(ellipse(600, y - 2, 8), sheet.accent.light if sheet.pick(2) else "#efe6d2")
    for left in (444, 652):
        pocket = path(f"M{left} 440 H{left + 112} V556 L {left + 56} 580 L {left} 556 Z")
        sheet.body(pocket, tone.lighter(0.05), depth=8, rim=4)
        flap = path(f"M{left - 4} 428 H{left + 116} V466 L {left + 56} 488 L {left - 4} 466 Z")
        sheet.body(flap, tone.darker(0.1), depth=6, rim=4)
        sheet.fill(ellipse(left + 56, 468, 7), "#efe6d2")
    sheet.lark(500, 530, 44, sheet.accent.base)
    neck = path("M600 214 C 650 214 676 214 690 220 C 670 270 640 310 602 340").twin()
    sheet.body(neck, tone.darker(0.5), depth=0, rim=0)
    marks.label(sheet, 600, 248, sheet.accent, sheet.accent.deep, 0.7)
    for side in (1, -1):
        collar = path(
            "M692 200 C 712 214 716 232 712 250 C 700 300 676 340 652 366 C 632 350 616 330 604 "
            "316 C 640 290 672 250 692 200 Z"
        )
        sheet.body(collar if side > 0 else collar.mirrored(), tone.lighter(0.05), depth=12, rim=6)


def _shirt_cuffs(sheet: Sheet, tone: Tone, *, long: bool) -> None:
    for side in (1, -1):
        if long:
            cuff = path(
                "M842 800 L 954 776 L 966 838 C 966 850 960 858 946 862 L 880 876 C 864 880 854 874 850 858 Z"
            )
        else:
            cuff = path(
                "M806 552 L 940 496 L 956 534 C 956 544 952 548 940 554 L 842 596 C 828 600 820 592 814 580 Z"
            )
        sheet.body(cuff if side > 0 else cuff.mirrored(), tone.darker(0.12), depth=8, rim=4)
        if long:
            tab = path("M812 470 L 838 466 L 850 600 L 824 604 Z")
            sheet.body(tab if side > 0 else tab.mirrored(), tone.darker(0.12), depth=5, rim=3)
            sheet.fill(ellipse(600 + side * 236, 590, 7), "#efe6d2")


def _checks(sheet: Sheet, shape: Path) -> None:
    left, top, right, bottom = shape.box()
    tall = Path(tuple(s for x in range(int(left), int(right), 84) for s in line(x, top, x, bottom).steps))
    wide = Path(tuple(s for y in range(int(top), int(bottom), 84) for s in line(left, y, right, y).steps))
    with sheet.inside(shape):
        for lines in (tall, wide):
            sheet.line(lines, sheet.main.deep, 30, 0.22, cap="butt")
            sheet.line(lines.shifted(30, 30), sheet.accent.light, 5, 0.5, cap="butt")


def base_layer(sheet: Sheet, _: Art) -> None:
    """A close-fitting long-sleeved layer with flat seams."""
    backdrop.lie(sheet)
    tone = sheet.main
    body = path(
        "M600 250 L 676 232 C 712 250 748 262 780 280 C 784 380 776 460 772 540 C 764 700 770 "
        "830 778 960 C 778 976 768 984 752 986 C 700 994 650 994 600 994"
    ).twin()
    sleeve = path(
        "M740 262 C 800 276 836 312 852 376 C 884 520 912 690 934 850 C 936 866 930 874 916 "
        "876 L 862 884 C 848 886 840 880 837 866 C 816 740 790 610 766 510 Z"
    )
    for shape in (sleeve, sleeve.mirrored(), body):
        sheet.cast(shape)
    for side in (1, -1):
        shape = sleeve if side > 0 else sleeve.mirrored()
        sheet.body(shape, sheet.trim if sheet.pick(3) == 1 else tone, depth=24, rim=9)
        cuff = path(
            "M830 816 L 928 800 L 936 856 C 936 866 930 874 916 876 L 862 884 C 848 886 840 880 837 866 Z"
        )
        sheet.body(cuff if side > 0 else cuff.mirrored(), tone.darker(0.2), depth=6, rim=4)
    sheet.body(body, tone, depth=36, rim=11)
    with sheet.inside(body):
        rows = Path(tuple(s for y in range(260, 1000, 15) for s in line(400, y, 800, y).steps))
        sheet.line(rows, tone.dark, 3, 0.3)
        for side in (1, -1):
            raglan = path("M664 236 C 690 330 724 430 776 520")
            sheet.seam(raglan if side > 0 else raglan.mirrored(), tone, 5)
            sheet.stitch(
                (raglan if side > 0 else raglan.mirrored()).shifted(-10 * side, 4), sheet.accent.light
            )
            flank = path("M776 520 C 730 640 726 800 740 1000")
            sheet.seam(flank if side > 0 else flank.mirrored(), tone, 4)
        sheet.fill(box(400, 958, 400, 50, 0), tone.dark, 0.6)
    collar = path("M600 212 C 650 212 684 220 694 236 C 690 270 660 306 600 308").twin()
    sheet.body(collar, sheet.accent if sheet.pick(2) else tone.darker(0.18), depth=8, rim=5)
    hole = path("M600 220 C 644 220 668 226 676 236 C 664 262 640 280 600 282").twin()
    sheet.fill(hole, tone.darker(0.6).base)
    with sheet.inside(hole):
        sheet.fill(ellipse(600, 290, 90, 40), LINING.base)
        marks.label(sheet, 600, 250, sheet.accent, sheet.accent.deep, 0.6)
    if sheet.pick(2) == 0:
        marks.zipper(sheet, line(602, 290, 604, 470), tone.darker(0.4), 12)
        marks.pull(sheet, 602, 300, sheet.accent.base, 0, 0.9)
    sheet.lark(690, 440, 46, sheet.accent.base)
    sheet.fill(box(420, 900, 8, 50, 3), WEBBING.base)
