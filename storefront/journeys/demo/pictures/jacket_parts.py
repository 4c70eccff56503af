"""What the jackets share: body, sleeves, hood, collar, zip and hem."""

from __future__ import annotations

from storefront.journeys.demo.pictures import marks
from storefront.journeys.demo.pictures.palette import LINING, Tone
from storefront.journeys.demo.pictures.path import Path, both, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet

BODY = path(
    "M600 286 L668 276 C 702 292 742 304 780 320 C 800 380 800 430 800 500 C 796 640 806 800 816 944 "
    "C 818 966 806 980 784 982 C 720 988 660 990 600 990"
).twin()
SLEEVE = path(
    "M736 304 C 800 312 846 344 866 408 C 898 530 934 690 962 838 C 966 858 958 872 940 877 L 872 893 "
    "C 854 897 842 888 838 872 C 822 800 804 700 786 590 C 770 500 744 400 736 304 Z"
)
CUFF = path("M828 832 L 952 800 L 964 846 C 968 864 960 872 944 877 L 868 895 C 852 898 842 890 838 874 Z")
COLLAR = path("M600 206 L 664 214 C 684 220 690 232 690 248 L 694 300 C 664 322 632 330 600 332").twin()
HOOD = path("M600 158 C 664 158 712 184 728 236 C 736 266 734 296 716 322 C 686 346 640 356 600 358").twin()
_OPENING = path("M600 208 C 644 208 672 230 676 262 C 680 296 650 330 600 352").twin()


def yoke(sheet: Sheet, tone: Tone, y: float) -> None:
    """Shoulders down to ``y`` in their own tone, sewn twice."""
    edge = path(
        f"M380 {y - 20} C 460 {y + 16} 540 {y + 26} 600 {y + 26} C 670 {y + 26} 750 {y + 10} 830 {y - 24}"
    )
    with sheet.inside(BODY):
        sheet.fill(Path((*edge.steps, *path("L830 250 L380 250 Z").steps)), tone.base)
        sheet.fill(path(f"M764 250 H830 V{y - 10} C 810 {y} 790 {y + 4} 772 {y + 6} Z"), tone.dark)
        sheet.seam(edge, tone)
        sheet.stitch(edge.shifted(0, -13), tone.light)


def front_zip(sheet: Sheet, tone: Tone, *, laminated: bool = False) -> None:
    """The zip from chin to hem; a laminated one shows a band instead of teeth."""
    along = line(604, 330, 606, 984)
    if laminated:
        sheet.line(along, sheet.main.deep, 20, 0.35)
        sheet.line(along, tone.base, 15, cap="butt")
        sheet.line(along, tone.deep, 4, cap="butt")
    else:
        marks.zipper(sheet, along, tone, 16)
    marks.pull(sheet, 604, 346, sheet.accent.base)


def hood(sheet: Sheet, tone: Tone, panel: Tone, *, brim: bool, baffled: bool = False) -> None:
    """A hood with its lining, cords, and a crown panel or baffles."""
    sheet.body(HOOD, tone, depth=26)
    with sheet.inside(HOOD):
        if baffled:
            for y in (206, 262):
                sheet.seam(path(f"M460 {y + 30} C 540 {y - 8} 660 {y - 8} 740 {y + 30}"), tone, 5)
        else:
            sheet.fill(
                path("M560 150 C 550 190 548 210 552 240 H648 C 652 210 650 190 640 150 Z"), panel.base
            )
            for seam in both(path("M640 150 C 650 190 652 210 648 240")):
                sheet.seam(seam, tone)
    sheet.fill(_OPENING, LINING.darker(0.25).base)
    with sheet.inside(_OPENING):
        sheet.fill(ellipse(600, 330, 92, 78), LINING.base)
        sheet.fill(path("M510 190 H690 V262 C 640 236 560 236 510 262 Z"), LINING.deep, 0.55)
        marks.label(sheet, 600, 284, sheet.accent, sheet.accent.deep, 0.72)
    if brim:
        peak = path("M600 196 C 644 196 676 214 684 250 C 660 226 634 218 600 218").twin()
        sheet.body(peak, panel.darker(0.1), depth=6, rim=3)
    sheet.line(_OPENING, tone.deep, 6, 0.6)
    for x in (536, 664):
        marks.toggle(sheet, x, 352, sheet.accent.base, (600 - x) * 0.08, 58)


def stand_collar(sheet: Sheet, tone: Tone, *, baffled: bool = False) -> None:
    """A collar that stands, with the label inside."""
    inner = path("M600 194 C 640 194 672 202 682 216 C 664 240 630 246 600 246").twin()
    sheet.body(COLLAR, tone, depth=18)
    if baffled:
        with sheet.inside(COLLAR):
            sheet.seam(path("M500 272 C 560 296 640 296 700 272"), tone, 5)
    sheet.fill(inner, LINING.darker(0.2).base)
    with sheet.inside(inner):
        sheet.fill(ellipse(600, 252, 74, 34), LINING.base)
        marks.label(sheet, 600, 222, sheet.accent, sheet.accent.deep, 0.5)
    sheet.line(line(603, 244, 604, 336), tone.deep, 12)
    sheet.line(line(603, 244, 604, 336), tone.light, 4, dash="5 5", cap="butt")


def hem_band(sheet: Sheet, tone: Tone) -> None:
    """A bound hem."""
    sheet.line(path("M386 974 C 480 986 720 986 814 974"), tone.deep, 20)
    sheet.line(path("M386 972 C 480 984 720 984 814 972"), tone.base, 16)


def gathered_hem(sheet: Sheet, tone: Tone) -> None:
    """A hem drawn together by elastic."""
    with sheet.inside(BODY):
        sheet.fill(path("M370 938 C 480 954 720 954 830 938 V1000 H370 Z"), tone.dark)
        pleats = Path(tuple(s for x in range(396, 820, 18) for s in line(x, 950, x + 2, 984).steps))
        sheet.line(pleats, tone.deep, 3.5, 0.7)
