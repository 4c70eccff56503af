"""Jackets and vests, laid out flat and seen from the front."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures import jacket_parts as parts
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.jacket_parts import BODY, COLLAR, CUFF, HOOD, SLEEVE
from storefront.journeys.demo.pictures.palette import Tone
from storefront.journeys.demo.pictures.path import Path, band, both, box, crease, line, path
from storefront.journeys.demo.pictures.sheet import Sheet

# Height and half width of the seams between the chambers of down jackets and vests.
_DOWN_BODY = ((292, 150), (372, 196), (452, 200), (532, 202), (612, 204), (692, 207), (772, 210), (852, 214),
              (926, 216), (980, 208))  # fmt: skip
_DOWN_VEST = ((288, 136), (368, 146), (448, 156), (528, 178), (608, 196), (688, 204), (768, 208), (848, 212),
              (926, 214), (980, 206))  # fmt: skip
_DOWN_SLEEVE = ((806, 372, 74), (828, 452, 70), (848, 532, 66), (868, 612, 62), (884, 690, 58), (898, 762, 54),
                (908, 826, 48))  # fmt: skip
_VEST = path(
    "M600 286 L668 276 C 700 290 730 298 758 306 C 716 380 716 470 792 560 C 800 680 808 810 816 944 "
    "C 818 966 806 980 784 982 C 720 988 660 990 600 990"
).twin()


def jacket(sheet: Sheet, art: Art) -> None:
    """A jacket; the style decides fabric, zips and cuffs, the hood whether it has one."""
    backdrop.lie(sheet)
    hooded = art.param("hood") == "true"
    for shape in (BODY, *both(SLEEVE), HOOD if hooded else COLLAR):
        sheet.cast(shape)
    {"shell": _shell, "down": _down, "fleece": _fleece, "wind": _wind}[art.param("style")](sheet, hooded)


def vest(sheet: Sheet, art: Art) -> None:
    """A jacket without sleeves."""
    backdrop.lie(sheet)
    sheet.cast(COLLAR)
    if art.param("style") == "down":
        _down_vest(sheet)
        return
    sheet.cast(_VEST)
    sheet.body(_VEST, sheet.main)
    marks.speckle(sheet, _VEST, sheet.main.dark)
    for armhole in both(path("M758 306 C 716 380 716 470 786 560")):
        sheet.line(armhole, sheet.accent.base, 13)
    parts.hem_band(sheet, sheet.accent)
    _fleece_front(sheet, pocket_x=630)
    parts.stand_collar(sheet, sheet.main)


# --- shells --------------------------------------------------------------------------------------


def _shell(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    design = sheet.pick(5)
    yoke = (tone.darker(0.22), tone, sheet.trim, tone.darker(0.3), tone)[design]
    _sleeves(sheet, tone, cuff=tone.darker(0.25))
    for sleeve, elbow in zip(both(SLEEVE), both(path("M780 560 C 830 590 880 590 930 560")), strict=True):
        with sheet.inside(sleeve):
            if design == 3:
                start, _ = elbow.steps[0][1][0]
                sheet.fill(path(elbow.text() + f"V812 H{start} Z"), yoke.base)
            sheet.seam(elbow, tone)
    sheet.body(BODY, tone, depth=40)
    if design == 3:
        _lower_block(sheet, yoke)
    else:
        parts.yoke(sheet, yoke, 452)
    _shell_folds(sheet, tone)
    if design == 4:
        _parka_pockets(sheet, tone)
    else:
        _shell_pockets(sheet, tone, chest=yoke if design in (0, 1) else None)
    parts.front_zip(sheet, sheet.accent if design in (1, 3) else tone.darker(0.35), laminated=True)
    if hooded:
        parts.hood(sheet, tone, yoke, brim=True)
    else:
        parts.stand_collar(sheet, yoke)
    sheet.lark(484, 420, 62, sheet.accent.base if design in (1, 3, 4) else yoke.light)
    marks.toggle(sheet, 794, 962, sheet.accent.base, -14)


def _shell_folds(sheet: Sheet, tone: Tone) -> None:
    with sheet.inside(BODY):
        sheet.fill(crease((470, 700), (520, 800), (470, 930), 16), tone.dark, 0.7)
        sheet.fill(crease((742, 640), (700, 760), (756, 900), 16), tone.dark, 0.8)
        sheet.fill(crease((424, 540), (450, 600), (440, 720), 9), tone.light, 0.7)
        sheet.seam(path("M400 944 C 520 962 690 962 800 944"), tone)


def _lower_block(sheet: Sheet, tone: Tone) -> None:
    """The lower half in a deeper shade, met by a slanting seam and a thin line of accent."""
    with sheet.inside(BODY):
        edge = path("M370 560 C 470 600 540 612 600 612 C 680 612 750 596 840 552")
        sheet.fill(path(edge.text() + "V1000 H370 Z"), tone.base)
        sheet.fill(path("M776 500 C 770 700 776 860 786 1000 H850 V500 Z"), tone.dark)
        sheet.line(edge, sheet.accent.base, 13)
        sheet.seam(edge.shifted(0, 9), tone)


def _shell_pockets(sheet: Sheet, tone: Tone, chest: Tone | None) -> None:
    for pocket in both(line(720, 660, 756, 812)):
        marks.hidden_zip(sheet, pocket, tone)
    for side in (1, -1):
        marks.pull(sheet, 600 + side * 121, 664, sheet.accent.base, -13 * side, 0.8)
    if chest:
        marks.hidden_zip(sheet, line(672, 396, 690, 540), chest)
        marks.pull(sheet, 673, 398, sheet.accent.base, -7, 0.8)


def _parka_pockets(sheet: Sheet, tone: Tone) -> None:
    """Four patch pockets with flaps, and a drawn waist."""
    waist = path("M384 636 C 480 652 720 652 812 636")
    with sheet.inside(BODY):
        sheet.seam(waist, tone)
        sheet.stitch(waist.shifted(0, -12), tone.light)
    for left, top, wide, high in (
        (428, 500, 132, 110),
        (646, 500, 132, 110),
        (416, 720, 150, 160),
        (646, 720, 150, 160),
    ):
        sheet.body(box(left, top, wide, high, 14), tone.lighter(0.05), depth=12, rim=6)
        flap = path(
            f"M{left - 6} {top - 14} H{left + wide + 6} V{top + 30} L {left + wide / 2} {top + 46} "
            f"L {left - 6} {top + 30} Z"
        )
        sheet.body(flap, tone.darker(0.18), depth=8, rim=5)
        marks.screw(sheet, left + wide / 2, top + 24, 9)
    for side in (1, -1):
        marks.toggle(sheet, 600 + side * 40, 644, sheet.accent.base, side * 8, 40)


# --- light and warm ones -------------------------------------------------------------------------


def _wind(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    panel = (sheet.trim, tone.lighter(0.35), sheet.accent)[sheet.pick(3)]
    _sleeves(sheet, tone, cuff=None)
    for sleeve in both(SLEEVE):
        marks.ripstop(sheet, sleeve, tone.light, 0.35, 28)
    sheet.body(BODY, tone, depth=36)
    with sheet.inside(BODY):
        edge = path("M380 430 C 440 470 520 486 600 486 C 660 486 720 470 820 436")
        sheet.fill(path(edge.text() + "V250 H380 Z"), panel.base)
        sheet.fill(path("M764 250 H820 V436 C 800 446 786 452 772 456 Z"), panel.dark, 0.8)
        sheet.seam(edge, tone)
        sheet.fill(crease((450, 580), (510, 760), (450, 930), 14), tone.dark, 0.7)
        sheet.fill(crease((736, 560), (690, 720), (744, 900), 16), tone.dark, 0.8)
    marks.ripstop(sheet, BODY, tone.light, 0.28, 28)
    parts.gathered_hem(sheet, tone)
    parts.front_zip(sheet, sheet.accent if panel is not sheet.accent else sheet.trim)
    if hooded:
        parts.hood(sheet, tone, panel, brim=False)
    else:
        parts.stand_collar(sheet, tone)
    sheet.lark(706, 556, 56, panel.light)
    for x in (420, 780):
        sheet.seam(line(x, 690, x - (600 - x) * 0.06, 820), tone, 5)


def _fleece(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    _sleeves(sheet, tone, cuff=None)
    for sleeve in both(SLEEVE):
        marks.speckle(sheet, sleeve, tone.dark)
    sheet.body(BODY, tone, depth=40)
    if sheet.pick(2):
        parts.yoke(sheet, tone.darker(0.2), 400)
    marks.speckle(sheet, BODY, tone.dark)
    parts.hem_band(sheet, sheet.accent)
    for cuff in both(CUFF):
        sheet.body(cuff, sheet.accent, depth=8, rim=4)
    _fleece_front(sheet)
    if hooded:
        parts.hood(sheet, tone, sheet.accent, brim=False)
    else:
        parts.stand_collar(sheet, tone)


def _fleece_front(sheet: Sheet, pocket_x: float = 652) -> None:
    contrast = (sheet.accent, sheet.trim)[sheet.pick(2)]
    sheet.body(box(pocket_x, 430, 118, 138, 12), contrast, depth=10, rim=5)
    marks.zipper(sheet, line(pocket_x + 12, 456, pocket_x + 106, 456), contrast, 11)
    marks.pull(sheet, pocket_x + 94, 456, sheet.main.deep, 0, 0.7)
    sheet.lark(pocket_x + 56, 524, 52, contrast.deep)
    parts.front_zip(sheet, contrast)
    for slit in both(line(736, 690, 762, 822)):
        marks.zipper(sheet, slit, sheet.main.darker(0.2), 12)


def _sleeves(sheet: Sheet, tone: Tone, cuff: Tone | None) -> None:
    folds = (crease((838, 420), (866, 560), (900, 700), 10), crease((800, 520), (838, 560), (900, 556), 10))
    tab = box(866, 842, 62, 26, 6).turned(-13, (897, 855))
    for side in (0, 1):
        sleeve = both(SLEEVE)[side]
        sheet.body(sleeve, tone, depth=30)
        with sheet.inside(sleeve):
            for fold in folds:
                sheet.fill(both(fold)[side], tone.dark, 0.75)
        if cuff:
            sheet.body(both(CUFF)[side], cuff, depth=8, rim=4)
            sheet.fill(both(tab)[side], sheet.accent.base)


# --- down ----------------------------------------------------------------------------------------


def _down(sheet: Sheet, hooded: bool) -> None:
    tone = sheet.main
    shoulder = path("M700 290 C 770 292 850 316 872 376 C 850 410 790 412 734 392 Z")
    cuff = box(864, 824, 92, 44, 14).turned(-9, (910, 846))
    for side in (0, 1):
        stations = [(x if side == 0 else 1200 - x, y, half) for x, y, half in _DOWN_SLEEVE]
        _puffed(sheet, [both(shoulder)[side], *band(stations, 12)], tone)
        sheet.body(both(cuff)[side], tone.darker(0.3), depth=8, rim=4)
    _puffed(sheet, _chambers(_DOWN_BODY), tone)
    if sheet.pick(2):
        _down_shoulders(sheet, sheet.trim if sheet.pick(3) == 1 else tone.darker(0.25))
    _down_front(sheet)
    if hooded:
        parts.hood(sheet, tone, tone.darker(0.2), brim=False, baffled=True)
    else:
        parts.stand_collar(sheet, tone, baffled=True)


def _down_shoulders(sheet: Sheet, tone: Tone) -> None:
    edge = path("M380 430 C 450 446 520 452 600 452 C 670 452 740 446 820 430")
    with sheet.inside(BODY):
        sheet.fill(path(edge.text() + "V262 H380 Z"), tone.base)
        sheet.fill(path("M766 262 H820 V430 C 800 434 786 437 772 440 Z"), tone.dark)
        sheet.seam(edge, tone)


def _down_vest(sheet: Sheet) -> None:
    pillows = _chambers(_DOWN_VEST)
    for pillow in pillows:
        sheet.cast(pillow)
    _puffed(sheet, pillows, sheet.main)
    for armhole in both(path("M738 292 C 738 370 744 450 784 556")):
        sheet.line(armhole, sheet.main.deep, 16)
        sheet.line(armhole, sheet.accent.base, 9)
    _down_front(sheet)
    parts.stand_collar(sheet, sheet.main, baffled=True)


def _chambers(widths: tuple[tuple[int, int], ...]) -> list[Path]:
    return band([(600, y, half) for y, half in widths], 13)


def _puffed(sheet: Sheet, pillows: list[Path], tone: Tone) -> None:
    for pillow in pillows:
        sheet.body(pillow, tone, depth=20, rim=10)
        left, top, right, _ = pillow.box()
        start, through, end = ((left + (right - left) * share, top + drop) for share, drop in _SHINE)
        with sheet.inside(pillow):
            sheet.fill(crease(start, through, end, 6), tone.light, 0.75)


_SHINE = ((0.1, 30), (0.3, 14), (0.55, 22))


def _down_front(sheet: Sheet) -> None:
    tone = sheet.main
    for slit in both(line(726, 668, 756, 806)):
        marks.zipper(sheet, slit, tone.darker(0.3), 13)
    for side in (1, -1):
        marks.pull(sheet, 600 + side * 127, 674, sheet.accent.base, -12 * side, 0.75)
    parts.front_zip(sheet, sheet.accent if sheet.pick(2) else tone.darker(0.35))
    sheet.lark(494, 412, 58, sheet.accent.base)
