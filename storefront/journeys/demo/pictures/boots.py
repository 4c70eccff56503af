"""Boots and gaiters, seen from the side with the toe to the left."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import BRASS, GRAPHITE, LEATHER, RUBBER, WEBBING, Tone
from storefront.journeys.demo.pictures.path import Path, box, crease, ellipse, line, path, polygon
from storefront.journeys.demo.pictures.sheet import Sheet


def boots(sheet: Sheet, art: Art) -> None:
    """A pair of walking boots: one in front, the other behind it."""
    backdrop.stand(sheet, 770)
    high = art.param("height") == "high"
    sheet.ground(600, 912, 450, 48)
    with sheet.placed(226, 98, 0.86):
        _boot(sheet, high, behind=True)
    with sheet.placed(10, 30, 0.98):
        _boot(sheet, high, behind=False)


def _boot(sheet: Sheet, high: bool, *, behind: bool) -> None:
    tone = sheet.main.darker(0.14) if behind else sheet.main
    top = 250 if high else 384
    ankle = 452 if high else 500
    upper = path(
        f"M596 {top + 22} C 640 {top - 2} 740 {top - 16} 812 {top + 4} C 838 {top + 14} 842 "
        f"{top + 40} 838 {top + 74} C 830 {ankle + 30}"
        " 838 600 872 690 C 888 740 890 790 884 836 L 196 846 C 176 812 182 752 222 716 C 270 "
        "676 350 664 410 632"
        f" C 480 592 540 540 566 {ankle} C 584 {ankle - 60} 588 {top + 90} 596 {top + 22} Z"
    )
    sheet.body(upper, tone, depth=36, rim=12)
    with sheet.inside(upper):
        _boot_panels(sheet, tone)
    _boot_collar(sheet, tone, top)
    _laces(sheet, top, ankle)
    _sole(sheet, behind)
    sheet.lark(672, 660, 60, sheet.accent.base if not sheet.pick(2) else tone.light)


def _boot_panels(sheet: Sheet, tone: Tone) -> None:
    panel = (sheet.trim, tone.darker(0.2), LEATHER)[sheet.pick(3)]
    heel = path("M900 560 C 800 590 750 640 742 720 C 738 770 740 810 744 860 H920 Z")
    sheet.fill(heel, panel.base)
    sheet.fill(path("M900 600 C 850 660 842 760 850 860 H920 Z"), panel.dark)
    sheet.seam(path("M862 570 C 786 600 752 650 742 720 C 738 770 740 810 744 850"), tone)
    sheet.stitch(path("M850 592 C 790 620 764 666 756 726 C 752 770 754 810 756 850"), panel.light)
    vamp = path("M180 760 C 260 700 360 690 420 652 C 470 700 480 780 470 860 H170 Z")
    sheet.fill(vamp, tone.light, 0.25)
    sheet.seam(path("M420 640 C 470 690 484 780 474 850"), tone)
    sheet.stitch(path("M440 640 C 488 690 502 780 492 850"), tone.light)
    sheet.seam(path("M530 590 C 600 640 660 690 742 720"), tone)
    cap = path("M160 780 C 230 740 300 742 350 776 C 370 800 374 830 370 860 H160 Z")
    sheet.fill(cap, RUBBER.base)
    sheet.fill(path("M180 790 C 236 756 296 760 340 786 C 300 776 240 776 196 806 Z"), RUBBER.light, 0.8)
    sheet.fill(crease((640, 540), (700, 570), (820, 560), 10), tone.dark, 0.8)
    sheet.fill(crease((620, 590), (690, 622), (800, 610), 8), tone.dark, 0.6)


def _boot_collar(sheet: Sheet, tone: Tone, top: float) -> None:
    collar = path(
        f"M590 {top + 40} C 640 {top + 2} 740 {top - 8} 842 {top + 30} L 838 {top + 96} C 760 "
        f"{top + 66} 670 {top + 72} 584 {top + 110} Z"
    )
    sheet.body(collar, sheet.accent if sheet.pick(2) else tone.darker(0.3), depth=10, rim=6)
    for share in (0.36, 0.66):
        x = 590 + 250 * share
        sheet.line(line(x, top + 12 - 8 * share, x - 6, top + 78 - 6 * share), tone.deep, 4, 0.5)
    tongue = path(
        f"M566 {top + 10} C 590 {top - 40} 640 {top - 40} 664 {top - 10} L 660 {top + 30} C 630 "
        f"{top + 14} 610 {top + 22} 590 {top + 44} Z"
    )
    sheet.body(tongue, sheet.accent, depth=8, rim=5)
    loop = path(f"M822 {top + 8} C 830 {top - 50} 876 {top - 40} 858 {top + 36}")
    sheet.line(loop, WEBBING.deep, 17)
    sheet.line(loop, sheet.accent.base, 10)


def _laces(sheet: Sheet, top: float, ankle: float) -> None:
    placket = path(
        f"M592 {top + 70} C 584 {ankle - 40} 580 {ankle} 552 {ankle + 44} C 520 {ankle + 90} 470 620 404 648"
    )
    sheet.line(placket.shifted(18, 4), sheet.main.deep, 26, 0.35)
    rows = [(0.02, 592, top + 86), (0, 588, top + 150)] if ankle - top > 180 else [(0, 590, top + 84)]
    points = [(x, y) for _, x, y in rows] + [
        (578, ankle - 4),
        (548, ankle + 52),
        (502, (ankle + 640) / 2 + 28),
        (450, 626),
    ]
    for index, (x, y) in enumerate(points):
        lean = 8 + index * 5
        sheet.line(line(x - 26 + index * 2, y + lean * 0.3, x + 38, y + lean), sheet.accent.deep, 15)
        sheet.line(line(x - 26 + index * 2, y + lean * 0.3, x + 38, y + lean), sheet.accent.light, 9)
        sheet.fill(ellipse(x + 44, y + lean + 2, 12), BRASS.dark)
        sheet.fill(ellipse(x + 42, y + lean, 8), BRASS.light)
    x, y = points[0]
    bow = path(
        f"M{x} {y} C {x - 90} {y - 30} {x - 110} {y + 60} {x - 4} {y + 10} M{x} {y} C {x - 60} "
        f"{y + 50} {x - 50} {y + 120} {x - 34} {y + 140}"
    )
    sheet.line(bow, sheet.accent.deep, 12)
    sheet.line(bow, sheet.accent.light, 7)


def _sole(sheet: Sheet, behind: bool) -> None:
    midsole = path(
        "M178 826 C 250 846 330 850 420 846 C 560 840 700 832 890 822 C 900 850 900 870 896 "
        "884 H190 C 172 872 168 846 178 826 Z"
    )
    tone = RUBBER.lighter(0.06) if behind else GRAPHITE
    sheet.body(midsole, tone, depth=14, rim=5)
    with sheet.inside(midsole):
        sheet.line(path("M170 850 C 330 874 620 866 900 846"), sheet.accent.base, 7)
    left = 186
    lugs = Path(
        tuple(
            s
            for i in range(13)
            for s in polygon(
                (left + i * 54, 880),
                (left + i * 54 + 44, 880),
                (left + i * 54 + 38, 912),
                (left + i * 54 + 8, 912),
            ).steps
            if not 6 < i < 9
        )
    )
    sheet.fill(lugs, RUBBER.dark)
    sheet.fill(box(186, 876, 712, 14, 6), RUBBER.base)


def gaiters(sheet: Sheet, _: Art) -> None:
    """A pair of gaiters."""
    backdrop.lie(sheet)
    for x, degrees, tone in ((150, 5, sheet.main.darker(0.1)), (-150, -5, sheet.main)):
        with sheet.turned(degrees), sheet.placed(x, 0):
            _gaiter(sheet, tone)


def _gaiter(sheet: Sheet, tone: Tone) -> None:
    shape = path(
        "M468 228 C 540 212 660 212 732 228 C 740 380 716 600 720 760 C 736 830 790 880 800 "
        "930 C 740 970 660 980 600 976 C 520 980 440 966 410 930 C 420 880 470 830 480 760 C "
        "484 600 460 380 468 228 Z"
    )
    sheet.cast(shape)
    sheet.body(shape, tone, depth=36, rim=11)
    with sheet.inside(shape):
        lower = path("M380 720 C 500 754 700 754 820 720 V1000 H380 Z")
        sheet.fill(lower, tone.darker(0.3).base)
        sheet.fill(path("M690 736 C 700 820 740 880 800 940 L 830 720 Z"), tone.darker(0.5).base)
        sheet.seam(path("M470 742 C 540 754 660 754 730 742"), tone)
        sheet.stitch(path("M470 728 C 540 740 660 740 730 728"), tone.light)
        sheet.fill(crease((520, 320), (560, 500), (520, 700), 14), tone.dark, 0.6)
    cuff = path("M462 222 C 540 204 660 204 738 222 L 736 286 C 660 270 540 270 464 286 Z")
    sheet.body(cuff, sheet.accent, depth=10, rim=5)
    marks.buckle(sheet, 690, 250, 54, 6)
    placket = path("M576 270 H624 C 630 500 626 800 632 976 H572 C 576 800 572 500 576 270 Z")
    sheet.body(placket, tone.darker(0.12), depth=8, rim=5)
    for y in (340, 520, 700, 880):
        sheet.fill(ellipse(600, y, 9), BRASS.dark)
        sheet.fill(ellipse(598, y - 2, 6), BRASS.light)
    marks.strap(sheet, path("M430 944 C 480 1010 720 1010 776 944"), WEBBING, 20)
    sheet.line(path("M600 950 C 596 976 606 990 600 1000"), GRAPHITE.dark, 9)
    sheet.lark(524, 640, 50, tone.light)
