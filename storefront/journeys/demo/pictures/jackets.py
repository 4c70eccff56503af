"""Jackets and vests, laid out flat and seen from the front."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import LINING, Tone
from storefront.journeys.demo.pictures.path import Path, band, box, crease, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet

_BODY = path(
    "M600 286 L668 276 C 702 292 742 304 780 320 C 800 380 800 430 800 500 C 796 640 806 800 816 944"
    " C 818 966 806 980 784 982 C 720 988 660 990 600 990"
).twin()
_SLEEVE = path(
    "M736 304 C 800 312 846 344 866 408 C 898 530 934 690 962 838 C 966 858 958 872 940 877 L 872 893"
    " C 854 897 842 888 838 872 C 822 800 804 700 786 590 C 770 500 744 400 736 304 Z"
)
_COLLAR = path("M600 206 L 664 214 C 684 220 690 232 690 248 L 694 300 C 664 322 632 330 600 332").twin()
_HOOD = path("M600 158 C 664 158 712 184 728 236 C 736 266 734 296 716 322 C 686 346 640 356 600 358").twin()
_HOOD_OPENING = path("M600 208 C 644 208 672 230 676 262 C 680 296 650 330 600 352").twin()


@dataclass(frozen=True, slots=True)
class _Cut:
    """The parts of one jacket that its style may colour."""

    tone: Tone
    yoke: Tone
    zip_tone: Tone
    pull: str


def jacket(sheet: Sheet, art: Art) -> None:
    """A jacket; the style decides fabric, zips and cuffs, the hood whether it has one."""
    backdrop.lie(sheet)
    hooded = art.param("hood") == "true"
    for shape in (_BODY, _SLEEVE, _SLEEVE.mirrored(), _HOOD if hooded else _COLLAR):
        sheet.cast(shape)
    {"shell": _shell, "down": _down, "fleece": _fleece, "wind": _wind}[art.param("style")](sheet, hooded)


def vest(sheet: Sheet, art: Art) -> None:
    """A jacket without sleeves."""
    backdrop.lie(sheet)
    if art.param("style") == "down":
        pillows = band(_stations(_VEST_WIDTHS), 13)
        for pillow in pillows:
            sheet.cast(pillow)
        sheet.cast(_COLLAR)
        _puffed(sheet, pillows, sheet.main)
        _armholes(sheet, sheet.main)
        _down_front(sheet)
        _stand_collar(sheet, sheet.main, baffled=True)
        return
    sheet.cast(_VEST)
    sheet.cast(_COLLAR)
    sheet.body(_VEST, sheet.main)
    marks.speckle(sheet, _VEST, sheet.main.dark)
    sheet.line(path("M758 306 C 716 380 716 470 786 560"), sheet.accent.base, 13)
    sheet.line(path("M758 306 C 716 380 716 470 786 560").mirrored(), sheet.accent.base, 13)
    _hem_band(sheet, sheet.accent)
    _fleece_front(sheet, pocket_x=630)
    _stand_collar(sheet, sheet.main)


# --- styles --------------------------------------------------------------------------------------


def _shell(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    design = sheet.pick(3)
    yoke = (tone.darker(0.22), tone, sheet.trim)[design]
    _sleeves(sheet, tone, cuff=tone.darker(0.25))
    for sleeve in (_SLEEVE, _SLEEVE.mirrored()):
        with sheet.inside(sleeve):
            elbow = path("M780 560 C 830 590 880 590 930 560")
            sheet.seam(elbow if sleeve is _SLEEVE else elbow.mirrored(), tone)
    sheet.body(_BODY, tone, depth=40)
    _yoke(sheet, yoke, 452)
    with sheet.inside(_BODY):
        sheet.fill(crease((470, 700), (520, 800), (470, 930), 16), tone.dark, 0.7)
        sheet.fill(crease((742, 640), (700, 760), (756, 900), 16), tone.dark, 0.8)
        sheet.fill(crease((424, 540), (450, 600), (440, 720), 9), tone.light, 0.7)
        sheet.seam(path("M400 944 C 520 962 690 962 800 944"), tone)
    for side in (1, -1):
        pocket = line(720, 660, 756, 812)
        marks.hidden_zip(sheet, pocket if side > 0 else pocket.mirrored(), tone)
        marks.pull(sheet, 600 + side * 121, 664, sheet.accent.base, -13 * side, 0.8)
    if design != 2:
        marks.hidden_zip(sheet, line(672, 396, 690, 540), yoke if design == 0 else tone)
        marks.pull(sheet, 673, 398, sheet.accent.base, -7, 0.8)
    _front_zip(sheet, sheet.accent if design == 1 else tone.darker(0.35), laminated=True)
    if hooded:
        _hood(sheet, tone, yoke, brim=True)
    else:
        _stand_collar(sheet, yoke)
    sheet.lark(484, 420, 62, yoke.light if design != 1 else sheet.accent.base)
    marks.toggle(sheet, 794, 962, sheet.accent.base, -14)


def _wind(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    panel = (sheet.trim, tone.lighter(0.35), sheet.accent)[sheet.pick(3)]
    _sleeves(sheet, tone, cuff=None)
    for sleeve in (_SLEEVE, _SLEEVE.mirrored()):
        marks.ripstop(sheet, sleeve, tone.light, 0.35, 28)
    sheet.body(_BODY, tone, depth=36)
    with sheet.inside(_BODY):
        sheet.fill(
            path("M380 250 H820 V436 C 720 470 660 486 600 486 C 520 486 440 470 380 430 Z"), panel.base
        )
        sheet.fill(path("M690 250 H820 V436 C 780 452 740 466 700 474 Z"), panel.dark, 0.6)
        sheet.seam(path("M380 430 C 440 470 520 486 600 486 C 660 486 720 470 820 436"), tone)
        sheet.fill(crease((450, 580), (510, 760), (450, 930), 14), tone.dark, 0.7)
        sheet.fill(crease((736, 560), (690, 720), (744, 900), 16), tone.dark, 0.8)
    marks.ripstop(sheet, _BODY, tone.light, 0.28, 28)
    _gathered_hem(sheet, tone)
    _front_zip(sheet, sheet.accent if panel is not sheet.accent else sheet.trim)
    if hooded:
        _hood(sheet, tone, panel, brim=False)
    else:
        _stand_collar(sheet, tone)
    sheet.lark(706, 556, 56, panel.light)
    for x in (420, 780):
        sheet.seam(line(x, 690, x - (600 - x) * 0.06, 820), tone, 5)


def _fleece(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    _sleeves(sheet, tone, cuff=None)
    for sleeve in (_SLEEVE, _SLEEVE.mirrored()):
        marks.speckle(sheet, sleeve, tone.dark)
    sheet.body(_BODY, tone, depth=40)
    if sheet.pick(2):
        _yoke(sheet, tone.darker(0.2), 400)
    marks.speckle(sheet, _BODY, tone.dark)
    _hem_band(sheet, sheet.accent)
    for cuff in (_cuff(), _cuff().mirrored()):
        sheet.body(cuff, sheet.accent, depth=8, rim=4)
    _fleece_front(sheet)
    if hooded:
        _hood(sheet, tone, sheet.accent, brim=False)
    else:
        _stand_collar(sheet, tone)


def _down(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    sleeve = [
        (806, 372, 74),
        (828, 452, 70),
        (848, 532, 66),
        (868, 612, 62),
        (884, 690, 58),
        (898, 762, 54),
        (908, 826, 48),
    ]
    for side in (1, -1):
        stations = [(x if side > 0 else 1200 - x, y, half) for x, y, half in sleeve]
        shoulder = path("M700 290 C 770 292 850 316 872 376 C 850 410 790 412 734 392 Z")
        shoulder = shoulder if side > 0 else shoulder.mirrored()
        _puffed(sheet, [shoulder, *band(stations, 12)], tone)
        cuff = box(864, 824, 92, 44, 14).turned(-9, (910, 846))
        sheet.body(cuff if side > 0 else cuff.mirrored(), tone.darker(0.3), depth=8, rim=4)
    _puffed(sheet, band(_stations(_DOWN_WIDTHS), 13), tone)
    if sheet.pick(2):
        shoulders = path("M380 262 H820 V430 C 740 446 670 452 600 452 C 520 452 450 446 380 430 Z")
        with sheet.inside(_BODY):
            sheet.fill(shoulders, sheet.trim.base if sheet.pick(3) == 1 else tone.darker(0.25).base)
            sheet.fill(path("M700 262 H820 V430 C 780 438 742 444 706 447 Z"), tone.deep, 0.3)
            sheet.seam(path("M380 430 C 450 446 520 452 600 452 C 670 452 740 446 820 430"), tone)
    _down_front(sheet)
    if hooded:
        _hood(sheet, tone, tone.darker(0.2), brim=False, baffled=True)
    else:
        _stand_collar(sheet, tone, baffled=True)


# --- parts ---------------------------------------------------------------------------------------

_DOWN_WIDTHS = (
    (292, 150),
    (372, 196),
    (452, 200),
    (532, 202),
    (612, 204),
    (692, 207),
    (772, 210),
    (852, 214),
    (926, 216),
    (980, 208),
)
_VEST_WIDTHS = (
    (288, 136),
    (368, 146),
    (448, 156),
    (528, 178),
    (608, 196),
    (688, 204),
    (768, 208),
    (848, 212),
    (926, 214),
    (980, 206),
)
_VEST = path(
    "M600 286 L668 276 C 700 290 730 298 758 306 C 716 380 716 470 792 560 C 800 680 808 810 816 944"
    " C 818 966 806 980 784 982 C 720 988 660 990 600 990"
).twin()


def _stations(widths: tuple[tuple[int, int], ...]) -> list[tuple[float, float, float]]:
    return [(600, y, half) for y, half in widths]


def _sleeves(sheet: Sheet, tone: Tone, cuff: Tone | None) -> None:
    for side in (1, -1):
        sleeve = _SLEEVE if side > 0 else _SLEEVE.mirrored()
        sheet.body(sleeve, tone, depth=30)
        with sheet.inside(sleeve):
            for start, through, end in (
                ((838, 420), (866, 560), (900, 700)),
                ((800, 520), (838, 560), (900, 556)),
            ):
                fold = crease(start, through, end, 10)
                sheet.fill(fold if side > 0 else fold.mirrored(), tone.dark, 0.75)
        if cuff:
            shape = _cuff() if side > 0 else _cuff().mirrored()
            sheet.body(shape, cuff, depth=8, rim=4)
            tab = box(866, 842, 62, 26, 6).turned(-13, (897, 855))
            sheet.fill(tab if side > 0 else tab.mirrored(), sheet.accent.base)


def _cuff() -> Path:
    return path(
        "M828 832 L 952 800 L 964 846 C 968 864 960 872 944 877 L 868 895 C 852 898 842 890 838 874 Z"
    )


def _yoke(sheet: Sheet, tone: Tone, y: float) -> None:
    with sheet.inside(_BODY):
        edge = path(
            f"M380 {y - 20} C 460 {y + 16} 540 {y + 26} 600 {y + 26} C 670 {y + 26} 750 {y + 10} 830 {y - 24}"
        )
        panel = Path((*edge.steps, *path("L830 250 L380 250 Z").steps))
        sheet.fill(panel, tone.base)
        sheet.fill(path(f"M730 250 H830 V{y} C 800 {y} 770 {y + 8} 744 {y + 14} Z"), tone.dark, 0.8)
        sheet.seam(edge, tone)
        sheet.stitch(edge.shifted(0, -13), tone.light)


def _front_zip(sheet: Sheet, tone: Tone, laminated: bool = False) -> None:
    along = line(604, 330, 606, 984)
    if laminated:
        sheet.line(along, sheet.main.deep, 20, 0.35)
        sheet.line(along, tone.base, 15, cap="butt")
        sheet.line(along, tone.deep, 4, cap="butt")
    else:
        marks.zipper(sheet, along, tone, 16)
    marks.pull(sheet, 604, 346, sheet.accent.base)


def _hood(sheet: Sheet, tone: Tone, panel: Tone, *, brim: bool, baffled: bool = False) -> None:
    sheet.body(_HOOD, tone, depth=26)
    with sheet.inside(_HOOD):
        if baffled:
            for y in (206, 262):
                sheet.seam(path(f"M460 {y + 30} C 540 {y - 8} 660 {y - 8} 740 {y + 30}"), tone, 5)
        else:
            crown = path("M560 150 C 550 190 548 210 552 240 L 648 240 C 652 210 650 190 640 150 Z")
            sheet.fill(crown, panel.base)
            sheet.seam(path("M560 150 C 550 190 548 210 552 240"), tone)
            sheet.seam(path("M640 150 C 650 190 652 210 648 240"), tone)
    sheet.body(_HOOD_OPENING, LINING.darker(0.25), depth=0, rim=0)
    with sheet.inside(_HOOD_OPENING):
        sheet.fill(ellipse(600, 330, 92, 78), LINING.base)
        sheet.fill(path("M510 190 H690 V262 C 640 236 560 236 510 262 Z"), LINING.deep, 0.55)
        marks.label(sheet, 600, 284, sheet.accent, sheet.accent.deep, 0.72)
    if brim:
        peak = path("M600 196 C 644 196 676 214 684 250 C 660 226 634 218 600 218").twin()
        sheet.body(peak, panel.darker(0.1), depth=6, rim=3)
    sheet.line(_HOOD_OPENING, tone.deep, 6, 0.6)
    for x in (536, 664):
        marks.toggle(sheet, x, 352, sheet.accent.base, (600 - x) * 0.08, 58)


def _stand_collar(sheet: Sheet, tone: Tone, baffled: bool = False) -> None:
    inner = path("M600 194 C 640 194 672 202 682 216 C 664 240 630 246 600 246").twin()
    sheet.body(_COLLAR, tone, depth=18)
    with sheet.inside(_COLLAR):
        if baffled:
            sheet.seam(path("M500 272 C 560 296 640 296 700 272"), tone, 5)
    sheet.body(inner, LINING.darker(0.2), depth=0, rim=0)
    with sheet.inside(inner):
        sheet.fill(ellipse(600, 252, 74, 34), LINING.base)
        marks.label(sheet, 600, 222, sheet.accent, sheet.accent.deep, 0.5)
    sheet.line(line(603, 244, 604, 336), tone.deep, 12)
    sheet.line(line(603, 244, 604, 336), tone.light, 4, dash="5 5", cap="butt")


def _hem_band(sheet: Sheet, tone: Tone) -> None:
    sheet.line(path("M386 974 C 480 986 720 986 814 974"), tone.deep, 20)
    sheet.line(path("M386 972 C 480 984 720 984 814 972"), tone.base, 16)


def _gathered_hem(sheet: Sheet, tone: Tone) -> None:
    with sheet.inside(_BODY):
        sheet.fill(path("M370 938 C 480 954 720 954 830 938 V1000 H370 Z"), tone.dark)
        pleats = Path(tuple(s for x in range(396, 820, 18) for s in line(x, 950, x + 2, 984).steps))
        sheet.line(pleats, tone.deep, 3.5, 0.7)


def _fleece_front(sheet: Sheet, pocket_x: float = 652) -> None:
    contrast = (sheet.accent, sheet.trim)[sheet.pick(2)]
    pocket = box(pocket_x, 430, 118, 138, 12)
    sheet.body(pocket, contrast, depth=10, rim=5)
    marks.zipper(sheet, line(pocket_x + 12, 456, pocket_x + 106, 456), contrast, 11)
    marks.pull(sheet, pocket_x + 94, 456, sheet.main.deep, 0, 0.7)
    sheet.lark(pocket_x + 56, 524, 52, contrast.deep)
    _front_zip(sheet, contrast)
    for side in (1, -1):
        slit = line(736, 690, 762, 822)
        marks.zipper(sheet, slit if side > 0 else slit.mirrored(), sheet.main.darker(0.2), 12)


def _puffed(sheet: Sheet, pillows: list[Path], tone: Tone) -> None:
    for pillow in pillows:
        sheet.body(pillow, tone, depth=20, rim=10)
        left, top, right, _ = pillow.box()
        width = right - left
        with sheet.inside(pillow):
            shine = crease(
                (left + width * 0.1, top + 30),
                (left + width * 0.3, top + 14),
                (left + width * 0.55, top + 22),
                6,
            )
            sheet.fill(shine, tone.light, 0.75)


def _down_front(sheet: Sheet) -> None:
    tone = sheet.main
    for side in (1, -1):
        slit = line(726, 668, 756, 806)
        marks.zipper(sheet, slit if side > 0 else slit.mirrored(), tone.darker(0.3), 13)
        marks.pull(sheet, 600 + side * 127, 674, sheet.accent.base, -12 * side, 0.75)
    _front_zip(sheet, sheet.accent if sheet.pick(2) else tone.darker(0.35))
    sheet.lark(494, 412, 58, sheet.accent.base)


def _armholes(sheet: Sheet, tone: Tone) -> None:
    for side in (1, -1):
        edge = path("M738 292 C 738 370 744 450 784 556")
        sheet.line(edge if side > 0 else edge.mirrored(), tone.deep, 16)
        sheet.line(edge if side > 0 else edge.mirrored(), sheet.accent.base, 9)
