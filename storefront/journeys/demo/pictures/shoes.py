"""Low shoes and sandals, seen from the side with the toe to the left."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import CREAM, GRAPHITE, RUBBER, Tone
from storefront.journeys.demo.pictures.path import Path, crease, ellipse, line, path, polygon
from storefront.journeys.demo.pictures.sheet import Sheet


def shoes(sheet: Sheet, art: Art) -> None:
    """Low shoes for running on trails, scrambling up to climbs, or sandals."""
    backdrop.stand(sheet, 740)
    sheet.ground(600, 846, 450, 44)
    draw = {"trail": _trail_shoe, "approach": _approach_shoe, "sandal": _sandal}[art.param("style")]
    with sheet.placed(232, 92, 0.84):
        draw(sheet, sheet.main.darker(0.16))
    with sheet.placed(10, 20, 0.98):
        draw(sheet, sheet.main)


_LOW = path(
    "M560 420 C 600 446 640 470 700 466 C 760 460 800 420 836 384 C 866 376 888 392 892 "
    "430 C 896 500 930 560 946 640"
    " C 956 700 958 740 950 772 L 176 786 C 146 752 156 696 210 664 C 270 634 350 622 420 "
    "566 C 470 526 500 470 530 426 C 540 414 550 414 560 420 Z"
)


def _trail_shoe(sheet: Sheet, tone: Tone) -> None:
    sheet.body(_LOW, tone, depth=34, rim=12)
    with sheet.inside(_LOW):
        mesh = Path(tuple(s for x in range(170, 640, 22) for s in line(x, 560, x + 50, 800).steps))
        sheet.line(mesh, tone.light, 3, 0.4)
        overlay = path("M420 566 C 500 640 560 720 580 800 H690 C 690 700 640 600 560 480 Z")
        sheet.fill(overlay, sheet.accent.base)
        sheet.fill(
            path("M540 500 C 640 620 690 700 690 800 H660 C 650 700 600 620 520 530 Z"),
            sheet.accent.dark,
            0.7,
        )
        sheet.fill(path("M960 540 C 860 580 800 640 790 800 H980 Z"), tone.darker(0.25).base)
        sheet.seam(path("M940 556 C 856 590 800 650 790 790"), tone)
        sheet.fill(path("M140 760 C 220 690 300 690 340 800 H140 Z"), tone.darker(0.35).base)
        sheet.fill(crease((700, 520), (760, 560), (880, 540), 10), tone.dark, 0.8)
    _low_opening(sheet, tone)
    _low_laces(sheet)
    midsole = path(
        "M160 752 C 300 782 420 770 540 766 C 700 760 820 742 956 726 C 986 760 980 806 958 "
        "824 L 214 836 C 168 826 146 790 160 752 Z"
    )
    sheet.body(midsole, CREAM, depth=16, rim=6)
    with sheet.inside(midsole):
        sheet.line(path("M150 790 C 400 816 700 796 990 764"), sheet.trim.base, 8, 0.9)
    _lugs(sheet, 200, 16, 48, 826, RUBBER)
    sheet.lark(740, 650, 60, sheet.accent.base)


def _approach_shoe(sheet: Sheet, tone: Tone) -> None:
    sheet.body(_LOW, tone, depth=34, rim=12)
    with sheet.inside(_LOW):
        sheet.seam(path("M300 634 C 420 660 480 720 500 800"), tone)
        sheet.stitch(path("M284 646 C 400 672 462 726 480 800"), tone.light)
        sheet.seam(path("M560 470 C 600 620 700 700 960 690"), tone)
        sheet.stitch(path("M540 480 C 590 640 700 716 960 706"), tone.light)
        sheet.fill(path("M960 470 C 880 500 850 560 850 800 H1000 Z"), sheet.trim.base)
        sheet.fill(path("M960 520 C 920 560 910 640 910 800 H1000 Z"), sheet.trim.dark)
        sheet.fill(crease((700, 520), (760, 560), (860, 540), 10), tone.dark, 0.8)
    _low_opening(sheet, tone)
    _low_laces(sheet, long=True)
    rand = path(
        "M158 744 C 180 690 260 684 330 702 C 370 716 380 740 420 752 C 600 762 800 742 956 "
        "712 C 976 748 974 790 960 806 L 206 820 C 162 812 144 780 158 744 Z"
    )
    sheet.body(rand, RUBBER, depth=14, rim=6)
    _lugs(sheet, 190, 24, 32, 806, RUBBER.darker(0.2), 14)
    sheet.lark(700, 650, 56, tone.light)


def _low_opening(sheet: Sheet, tone: Tone) -> None:
    lining = path(
        "M560 420 C 600 446 640 470 700 466 C 760 460 800 420 836 384 C 800 372 760 400 700 "
        "408 C 640 414 600 396 560 420 Z"
    )
    sheet.body(lining, tone.darker(0.55), depth=0, rim=0)
    sheet.line(path("M560 424 C 600 450 640 474 700 470 C 760 464 800 424 838 388"), sheet.accent.base, 14)
    tongue = path("M500 420 C 510 350 560 330 606 350 C 626 370 620 410 600 440 L 540 470 Z")
    sheet.body(tongue, tone.darker(0.15), depth=10, rim=6)
    loop = path("M850 392 C 850 330 904 330 890 412")
    sheet.line(loop, sheet.accent.deep, 16)
    sheet.line(loop, sheet.accent.base, 10)


def _low_laces(sheet: Sheet, long: bool = False) -> None:
    points = [(540, 446), (512, 490), (478, 532), (436, 570)] + ([(390, 604), (342, 628)] if long else [])
    for x, y in points:
        sheet.line(line(x - 20, y - 14, x + 52, y + 26), sheet.trim.deep, 16)
        sheet.line(line(x - 20, y - 14, x + 52, y + 26), sheet.trim.light, 10)
        sheet.fill(ellipse(x + 58, y + 30, 8), GRAPHITE.deep)
    bow = path("M530 430 C 440 380 420 470 520 446 M530 430 C 470 470 460 520 452 546")
    sheet.line(bow, sheet.trim.deep, 13)
    sheet.line(bow, sheet.trim.light, 8)


def _lugs(sheet: Sheet, left: float, count: int, step: float, y: float, tone: Tone, deep: float = 26) -> None:
    lugs = Path(
        tuple(
            s
            for i in range(count)
            for s in polygon(
                (left + i * step, y - i * 0.8),
                (left + i * step + step * 0.8, y - i * 0.8),
                (left + i * step + step * 0.66, y + deep - i * 0.8),
                (left + i * step + step * 0.14, y + deep - i * 0.8),
            ).steps
        )
    )
    sheet.fill(lugs, tone.dark)


def _sandal(sheet: Sheet, tone: Tone) -> None:
    sole = path(
        "M140 742 C 150 704 200 700 260 716 C 420 756 560 716 700 692 C 820 674 930 676 968 706 "
        "C 990 740 986 796 962 818 L 210 832 C 156 822 130 786 140 742 Z"
    )
    heel_cup = path(
        "M800 700 C 850 640 880 560 884 470 C 916 454 946 470 952 500 C 962 580 966 640 962 700 Z"
    )
    sheet.body(heel_cup, tone.darker(0.2), depth=16, rim=8)
    _sandal_sole(sheet, sole)
    toe = path(
        "M250 734 C 262 640 320 570 400 566 C 470 566 512 640 530 740 C 500 750 470 752 440 "
        "752 C 420 680 390 640 356 650 C 336 664 326 700 322 746 Z"
    )
    sheet.body(toe, tone, depth=22, rim=9)
    instep = path(
        "M520 742 C 540 620 590 520 670 470 L 742 500 C 690 560 656 630 640 716 C 600 726 560 736 520 742 Z"
    )
    sheet.body(instep, tone, depth=22, rim=9)
    counter = path("M640 500 C 660 560 720 640 812 700 L 736 712 C 660 650 600 590 590 540 Z")
    sheet.body(counter, tone.darker(0.12), depth=14, rim=7)
    ankle = path(
        "M646 486 C 720 508 820 500 890 456 C 920 440 950 456 952 500 C 860 570 740 586 664 "
        "556 C 636 540 634 500 646 486 Z"
    )
    sheet.body(ankle, sheet.accent, depth=16, rim=8)
    sheet.stitch(path("M664 508 C 740 528 840 516 928 476"), sheet.accent.deep)
    sheet.stitch(path("M286 728 C 300 650 340 604 396 600 C 446 600 478 660 494 736"), tone.light)
    sheet.stitch(path("M556 728 C 574 630 616 546 676 504"), tone.light)
    marks.buckle(sheet, 752, 536, 84, -4)
    marks.buckle(sheet, 400, 598, 70, -8)
    sheet.lark(860, 526, 48, sheet.accent.deep)


def _sandal_sole(sheet: Sheet, sole: Path) -> None:
    sheet.body(sole, RUBBER, depth=20, rim=8)
    with sheet.inside(sole):
        footbed = path(
            "M120 742 C 150 704 200 700 260 716 C 420 756 560 716 700 692 C 820 674 930 676 990 706 V726 "
            "C 820 706 700 730 560 756 C 420 780 260 780 120 772 Z"
        )
        sheet.fill(footbed, CREAM.dark)
        sheet.line(path("M140 796 C 380 818 700 780 990 762"), sheet.trim.base, 9)
    _lugs(sheet, 196, 16, 48, 824, RUBBER, 24)
