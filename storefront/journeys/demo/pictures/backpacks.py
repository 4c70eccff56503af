"""Backpacks, seen from the front."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import GRAPHITE, LEATHER, WEBBING, Tone
from storefront.journeys.demo.pictures.path import box, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet


def backpack(sheet: Sheet, art: Art) -> None:
    """A day pack, a trekking pack with a lid, or an expedition pack with a rolled mat below."""
    backdrop.stand(sheet, 770)
    {"day": _day_pack, "trek": _trek_pack, "expedition": _expedition_pack}[art.param("size")](sheet)


def _day_pack(sheet: Sheet) -> None:
    tone = sheet.main
    sheet.ground(600, 962, 300, 40)
    _shoulder_straps(sheet, 340, 880, 250)
    body = path(
        "M600 228 C 730 228 800 270 820 380 C 840 520 866 700 866 850 C 866 930 836 968 760 972 H600"
    ).twin()
    sheet.body(body, tone, depth=46, rim=13)
    with sheet.inside(body):
        sheet.seam(path("M372 560 C 350 400 420 270 600 262 C 780 270 850 400 828 560"), tone, 5)
        sheet.fill(path("M330 880 H880 V990 H330 Z"), tone.darker(0.35).base)
        sheet.seam(path("M330 880 C 480 892 720 892 870 880"), tone)
    marks.zipper(
        sheet, path("M378 600 C 350 400 430 282 600 278 C 770 282 850 400 822 600"), tone.darker(0.35), 15
    )
    marks.pull(sheet, 744, 342, sheet.accent.base, -30)
    if sheet.pick(4) == 3:
        _roll_top(sheet, tone)
    else:
        _front_pocket(sheet, tone)
    for side in (1, -1):
        mesh = path("M858 700 C 872 760 874 840 858 930 L 800 940 C 796 860 806 760 820 690 Z")
        mesh = mesh if side > 0 else mesh.mirrored()
        sheet.body(mesh, tone.darker(0.4), depth=8, rim=4)
        sheet.line(
            path("M820 694 L 858 704") if side > 0 else path("M820 694 L 858 704").mirrored(),
            sheet.accent.base,
            10,
        )
    _haul_loop(sheet, 600, 230)
    marks.label(sheet, 600, 470, LEATHER, LEATHER.deep, 1.35)


def _front_pocket(sheet: Sheet, tone: Tone) -> None:
    pocket = path(
        "M600 540 C 730 540 780 560 790 620 C 800 720 800 800 792 880 C 720 896 660 900 600 900"
    ).twin()
    sheet.body(pocket, (tone.darker(0.14), sheet.trim, tone.lighter(0.1))[sheet.pick(3)], depth=26, rim=9)
    marks.zipper(
        sheet, path("M420 622 C 440 570 520 566 600 566 C 680 566 760 570 780 622"), tone.darker(0.4), 13
    )
    marks.pull(sheet, 446, 586, sheet.accent.base, 10, 0.9)
    _bungee(sheet, 470, 650, 260, 190)


def _roll_top(sheet: Sheet, tone: Tone) -> None:
    """A rolled closure with one long strap instead of zips."""
    roll = path("M600 206 H770 C 804 206 816 230 816 262 C 816 310 804 340 770 344 H600").twin()
    sheet.body(path("M600 330 H800 C 836 420 848 500 850 600 H600").twin(), tone, depth=30, rim=0, edge=False)
    sheet.body(roll, tone.darker(0.12), depth=18, rim=9)
    with sheet.inside(roll):
        for y in (248, 292):
            sheet.seam(path(f"M384 {y} C 500 {y + 8} 700 {y + 8} 816 {y}"), tone, 5)
    contrast = (sheet.trim, sheet.accent)[sheet.pick(2)]
    pocket = path(
        "M600 600 H778 C 794 600 800 610 802 624 C 810 720 812 800 806 880 C 740 896 660 900 600 900"
    ).twin()
    sheet.body(pocket, contrast, depth=24, rim=9)
    marks.zipper(sheet, line(420, 650, 780, 650), contrast.darker(0.4), 13)
    marks.pull(sheet, 754, 650, tone.deep, 0, 0.9)
    marks.strap(sheet, line(600, 206, 600, 600), WEBBING, 34)
    marks.buckle(sheet, 600, 380, 76, 90)


def _trek_pack(sheet: Sheet) -> None:
    tone = sheet.main
    sheet.ground(600, 1000, 310, 40)
    _shoulder_straps(sheet, 320, 900, 260)
    _hip_belt(sheet, 860)
    body = path("M600 280 L 780 290 C 812 420 836 660 838 860 C 838 950 806 1004 730 1006 H600").twin()
    sheet.body(body, tone, depth=46, rim=12)
    with sheet.inside(body):
        sheet.fill(path("M330 830 C 480 850 720 850 870 830 V1040 H330 Z"), tone.darker(0.28).base)
        sheet.seam(path("M340 830 C 480 850 720 850 860 830"), tone, 5)
        sheet.fill(path("M760 280 C 780 500 790 760 760 1020 L 860 1020 V280 Z"), tone.deep, 0.3)
    front = path(
        "M600 430 H736 C 752 430 760 440 762 456 C 776 600 776 700 770 812 C 720 828 660 832 600 832"
    ).twin()
    sheet.body(front, (sheet.trim, tone.darker(0.14), tone.lighter(0.08))[sheet.pick(3)], depth=26, rim=9)
    marks.zipper(sheet, path("M720 470 C 736 580 736 680 730 780"), tone.darker(0.4), 13)
    marks.pull(sheet, 722, 480, sheet.accent.base, -4, 0.9)
    marks.zipper(sheet, path("M406 880 C 500 896 700 896 794 880"), tone.darker(0.5), 13)
    marks.pull(sheet, 776, 886, sheet.accent.base, -4, 0.8)
    _side_pockets(sheet, tone)
    for x in (478, 722):
        marks.strap(
            sheet,
            path(
                f"M{x} 360 C {x + (600 - x) * -0.08} 520 {x + (600 - x) * -0.1} 700 "
                f"{x + (600 - x) * -0.06} 826"
            ),
            WEBBING,
            22,
        )
        marks.buckle(sheet, x + (600 - x) * -0.04, 452, 56, 90)
    _lid(sheet, tone, 600, 208, 222)
    marks.label(sheet, 600, 640, LEATHER, LEATHER.deep, 1.4)
    _ice_loop(sheet, 520, 940)


def _expedition_pack(sheet: Sheet) -> None:
    tone = sheet.main
    sheet.ground(600, 1034, 340, 40)
    _shoulder_straps(sheet, 300, 900, 280)
    _hip_belt(sheet, 830)
    body = path("M600 250 L 788 258 C 822 420 850 640 850 800 C 850 890 820 930 740 932 H600").twin()
    sheet.body(body, tone, depth=50, rim=12)
    with sheet.inside(body):
        sheet.fill(path("M640 240 C 790 240 800 500 800 940 L 880 940 V240 Z"), tone.dark, 0.5)
        sheet.seam(path("M330 700 C 480 722 720 722 870 700"), tone, 5)
        sheet.fill(path("M330 704 C 480 726 720 726 870 704 V960 H330 Z"), tone.darker(0.2).base)
    for side in (1, -1):
        pocket = path("M800 420 C 868 430 900 480 904 560 L 908 730 C 908 780 880 800 826 800 Z")
        pocket = pocket if side > 0 else pocket.mirrored()
        sheet.body(pocket, tone.lighter(0.04) if side < 0 else tone.darker(0.12), depth=24, rim=9)
        marks.zipper(
            sheet,
            path("M824 452 C 872 470 886 520 888 600")
            if side > 0
            else path("M824 452 C 872 470 886 520 888 600").mirrored(),
            tone.darker(0.4),
            12,
        )
    front = path(
        "M600 400 H716 C 734 400 742 410 744 426 C 752 520 752 600 748 680 C 700 692 650 696 600 696"
    ).twin()
    sheet.body(front, (sheet.accent, sheet.trim, tone.darker(0.16))[sheet.pick(3)], depth=26, rim=9)
    marks.zipper(sheet, path("M470 440 H730"), tone.darker(0.4), 13)
    marks.pull(sheet, 490, 440, tone.deep, 0, 0.9)
    for x in (462, 738):
        marks.strap(sheet, path(f"M{x} 330 C {x} 520 {x} 700 {x} 930"), WEBBING, 24)
        marks.buckle(sheet, x, 760, 60, 90)
    _lid(sheet, tone, 600, 168, 240)
    roll = box(270, 900, 660, 128, 62)
    sheet.body(roll, sheet.trim.lighter(0.1), depth=30, rim=12)
    sheet.body(ellipse(316, 964, 46, 62), sheet.trim.darker(0.1), depth=8, rim=6)
    sheet.line(
        path("M330 964 C 330 940 300 940 300 968 C 300 1000 342 996 342 960 C 340 924 290 920 286 966"),
        sheet.trim.deep,
        5,
        0.7,
    )
    for x in (462, 738):
        marks.strap(sheet, path(f"M{x} 890 C {x + 20} 920 {x + 20} 1000 {x} 1034"), WEBBING, 26)
    marks.label(sheet, 600, 590, LEATHER, LEATHER.deep, 1.4)


def _lid(sheet: Sheet, tone: Tone, x: float, top: float, half: float) -> None:
    lid = path(
        f"M{x} {top} C {x + half * 0.6} {top} {x + half * 0.95} {top + 26} {x + half} {top + 90}"
        f" C {x + half + 4} {top + 130} {x + half - 10} {top + 166} {x + half - 40} {top + 172} "
        f"C {x + half * 0.4} {top + 186} {x} {top + 186} {x} {top + 186}"
    ).twin(x)
    sheet.fill(lid.shifted(0, 16), tone.deep, 0.5)
    sheet.body(lid, tone.lighter(0.06), depth=30, rim=12)
    with sheet.inside(lid):
        sheet.seam(
            path(
                f"M{x - half} {top + 84} C {x - half * 0.4} {top + 54} {x + half * 0.4} {top + 54} "
                f"{x + half} {top + 84}"
            ),
            tone,
            5,
        )
    marks.zipper(
        sheet,
        path(
            f"M{x - half * 0.78} {top + 116} C {x - half * 0.3} {top + 136} {x + half * 0.3} "
            f"{top + 136} {x + half * 0.78} {top + 116}"
        ),
        tone.darker(0.4),
        13,
    )
    marks.pull(sheet, x + half * 0.6, top + 124, sheet.accent.base, 8, 0.9)
    _haul_loop(sheet, x, top + 4)
    sheet.lark(x - half * 0.5, top + 58, 52, sheet.accent.base)


def _haul_loop(sheet: Sheet, x: float, y: float) -> None:
    loop = path(f"M{x - 46} {y + 8} C {x - 40} {y - 58} {x + 40} {y - 58} {x + 46} {y + 8}")
    sheet.line(loop, sheet.accent.deep, 22)
    sheet.line(loop, sheet.accent.base, 15)
    sheet.line(loop.shifted(-2, -3), sheet.accent.light, 4, 0.7)


def _shoulder_straps(sheet: Sheet, top: float, bottom: float, half: float) -> None:
    for side in (1, -1):
        edge = path(
            f"M{600 + side * half * 0.5} {top} C {600 + side * half * 1.2} {top - 20} "
            f"{600 + side * (half + 62)} {top + 160}"
            f" {600 + side * (half + 50)} {(top + bottom) / 2 + 60} C {600 + side * (half + 44)} "
            f"{bottom - 120} {600 + side * (half + 10)} {bottom - 40} {600 + side * half * 0.9} "
            f"{bottom}"
        )
        sheet.line(edge, sheet.main.deep, 46)
        sheet.line(edge, sheet.main.darker(0.3).base, 38)
        sheet.line(edge.shifted(-5, -4), sheet.main.dark, 8, 0.8)


def _hip_belt(sheet: Sheet, y: float) -> None:
    for side in (1, -1):
        wing = path(
            f"M780 {y - 40} C 860 {y - 60} 930 {y - 30} 950 {y + 30} C 950 {y + 70} 930 {y + 90} "
            f"890 {y + 86} L 780 {y + 80} Z"
        )
        sheet.body(wing if side > 0 else wing.mirrored(), sheet.main.darker(0.35), depth=12, rim=6)
        tail = path(f"M930 {y + 40} C 990 {y + 70} 980 {y + 120} 920 {y + 140}")
        marks.strap(sheet, tail if side > 0 else tail.mirrored(), WEBBING, 18)


def _side_pockets(sheet: Sheet, tone: Tone) -> None:
    for side in (1, -1):
        pocket = path("M834 660 L 872 700 C 884 780 880 900 858 960 L 796 980 C 786 880 800 740 834 660 Z")
        sheet.body(pocket if side > 0 else pocket.mirrored(), tone.darker(0.32), depth=10, rim=5)
        edge = path("M832 662 L 872 702")
        sheet.line(edge if side > 0 else edge.mirrored(), sheet.accent.base, 11)
    bottle = path("M338 560 C 338 548 346 540 358 540 H384 V690 H338 Z")
    if sheet.pick(2):
        sheet.body(bottle, sheet.accent, depth=8, rim=5)


def _bungee(sheet: Sheet, x: float, y: float, wide: float, high: float) -> None:
    zigzag = path(
        f"M{x} {y} L {x + wide} {y + high / 2} L {x} {y + high} M{x + wide} {y} L {x} "
        f"{y + high / 2} L {x + wide} {y + high}"
    )
    sheet.line(zigzag.shifted(3, 5), sheet.main.deep, 7, 0.4)
    sheet.line(zigzag, sheet.accent.base, 7)
    for row in (0, 0.5, 1):
        for at_x in (x, x + wide):
            sheet.fill(box(at_x - 12, y + high * row - 9, 24, 18, 6), GRAPHITE.dark)


def _ice_loop(sheet: Sheet, x: float, y: float) -> None:
    sheet.line(
        path(f"M{x - 14} {y - 20} C {x - 14} {y + 34} {x + 14} {y + 34} {x + 14} {y - 20}"),
        sheet.accent.base,
        9,
    )
