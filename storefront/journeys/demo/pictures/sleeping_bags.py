"""Sleeping bags and quilts, laid out flat."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import GRAPHITE, Tone
from storefront.journeys.demo.pictures.path import Path, band, box, crease, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet


def sleeping_bag(sheet: Sheet, art: Art) -> None:
    """A sleeping bag laid out from the head (top) to the foot."""
    backdrop.lie(sheet)
    with sheet.turned(-11):
        {"mummy": _mummy, "quilt": _quilt, "rectangular": _rectangular}[art.param("shape")](sheet)


def _pillows(sheet: Sheet, pillows: list[Path], tone: Tone, depth: float = 22) -> None:
    for pillow in pillows:
        sheet.cast(pillow)
    for pillow in pillows:
        sheet.body(pillow, tone, depth=depth, rim=9)
        left, top, right, bottom = pillow.box()
        with sheet.inside(pillow):
            sheet.fill(
                crease(
                    (left + 40, top + 26), ((left + right) / 2 - 40, top + 10), (right - 120, top + 26), 7
                ),
                tone.light,
                0.6,
            )
            for share in (0.18, 0.42, 0.7, 0.88):
                x = left + (right - left) * share
                sheet.fill(crease((x, top - 2), (x + 8, top + 18), (x + 4, top + 34), 5), tone.dark, 0.55)
                sheet.fill(
                    crease((x + 14, bottom - 24), (x + 22, bottom - 10), (x + 18, bottom + 2), 4),
                    tone.deep,
                    0.35,
                )


# Height and half width of the seams between the chambers.
_MUMMY = ((330, 196), (404, 206), (478, 208), (552, 202), (626, 192), (700, 180), (774, 166), (848, 152), (922, 140),
          (990, 126))  # fmt: skip


def _mummy(sheet: Sheet) -> None:
    tone = sheet.main
    stations: list[tuple[float, float, float]] = [(600, y, half) for y, half in _MUMMY]
    foot = path("M600 990 L 726 990 C 734 1040 700 1068 600 1070").twin()
    hood = path("M600 120 C 720 120 790 200 800 336 C 740 356 660 362 600 362").twin()
    sheet.cast(hood)
    _pillows(sheet, band(stations, 12), tone)
    sheet.body(foot, tone.darker(0.2), depth=20, rim=8)
    _mummy_hood(sheet, hood)
    draft = path("M396 356 C 480 388 720 388 804 356")
    sheet.line(draft, tone.deep, 8, 0.6)
    marks.toggle(sheet, 684, 356, sheet.accent.base, -10, 56)
    zip_path = path("M500 372 C 470 460 474 560 488 730")
    marks.zipper(sheet, zip_path, tone.darker(0.35), 15)
    marks.pull(sheet, 498, 386, sheet.accent.base, 6)
    if sheet.pick(2):
        with sheet.inside(foot):
            sheet.fill(box(440, 1020, 320, 80, 0), sheet.trim.base)
    marks.label(sheet, 640, 592, Tone.of(tone.deep), sheet.accent.light, 1.1)


def _mummy_hood(sheet: Sheet, hood: Path) -> None:
    tone = sheet.main
    sheet.body(hood, tone, depth=26, rim=10)
    with sheet.inside(hood):
        for x in (470, 535, 665, 730):
            sheet.seam(
                path(
                    f"M{x} 100 C {x + (600 - x) * 0.1} 200 {x + (600 - x) * 0.3} 240 "
                    f"{600 + (x - 600) * 0.6} 260"
                ),
                tone,
            )
    opening = path("M600 196 C 668 196 706 232 706 284 C 706 330 660 352 600 352").twin()
    sheet.fill(opening, sheet.accent.dark)
    with sheet.inside(opening):
        sheet.fill(ellipse(600, 352, 118, 118), sheet.accent.base)
        sheet.fill(ellipse(584, 366, 92, 92), sheet.accent.light)
        for x in (540, 600, 660):
            sheet.seam(
                path(f"M{x} 190 Q {x + (600 - x) * 0.2} 270 {x + (600 - x) * 0.3} 360"), sheet.accent, 3
            )
    sheet.line(opening, tone.deep, 10, 0.8)
    sheet.line(opening.shifted(-2, -2), tone.light, 3, 0.8)


def _quilt(sheet: Sheet) -> None:
    tone = sheet.main
    stations = [
        (600, 190, 268),
        (600, 270, 272),
        (600, 350, 272),
        (600, 430, 268),
        (600, 510, 262),
        (600, 590, 252),
        (600, 670, 240),
        (600, 750, 226),
        (600, 830, 210),
    ]
    foot = path("M600 826 L 808 826 C 800 930 770 1030 720 1060 C 680 1078 640 1080 600 1080").twin()
    sheet.cast(foot)
    _pillows(sheet, band(stations, 12), tone)
    sheet.body(foot, tone, depth=36, rim=10)
    with sheet.inside(foot):
        for y in (900, 974):
            sheet.seam(path(f"M380 {y - 14} C 500 {y + 14} 700 {y + 14} 820 {y - 14}"), tone, 5)
        sheet.fill(ellipse(600, 1076, 120, 40), tone.deep, 0.7)
    for x in (420, 510, 600, 690, 780):
        sheet.line(
            path(
                f"M{x} 192 C {x + (600 - x) * 0.04} 400 {x + (600 - x) * 0.1} 600 {600 + (x - 600) * 0.8} 826"
            ),
            tone.deep,
            3,
            0.4,
        )
    corner = path("M600 184 L 872 186 L 874 300 C 800 440 730 330 640 188 Z")
    sheet.fill(corner.shifted(-10, 18), tone.deep, 0.4)
    sheet.body(corner, sheet.accent, depth=24, rim=8)
    with sheet.inside(corner):
        for x in (700, 780):
            sheet.seam(line(x, 180, x - 30, 380), sheet.accent)
    sheet.line(path("M330 194 H640"), tone.deep, 12)
    marks.toggle(sheet, 352, 200, sheet.accent.base, 10, 54)
    for y in (470, 650):
        sheet.fill(box(322 + (y - 470) * 0.1, y, 34, 16, 5), GRAPHITE.dark)
        sheet.fill(box(846 - (y - 470) * 0.1, y, 34, 16, 5), GRAPHITE.dark)
    marks.label(sheet, 470, 960, Tone.of(tone.deep), sheet.accent.light, 1.05)


def _rectangular(sheet: Sheet) -> None:
    tone = sheet.main
    bag = box(352, 170, 500, 880, 54)
    sheet.cast(bag, 28)
    lining = sheet.accent.lighter(0.3)
    sheet.body(bag, tone, depth=40, rim=12)
    with sheet.inside(bag):
        for y in range(250, 1050, 92):
            sheet.seam(path(f"M340 {y} C 460 {y + 14} 740 {y + 14} 870 {y}"), tone, 5)
            for x in range(390, 850, 74):
                sheet.fill(crease((x, y + 4), (x + 8, y + 22), (x + 2, y + 42), 5), tone.dark, 0.55)
    fold = path("M346 160 H 858 V 300 C 830 350 780 420 726 456 C 600 420 470 330 346 316 Z")
    sheet.fill(fold.shifted(-6, 22), tone.deep, 0.35)
    inside_fold = path(
        "M352 224 C 352 190 370 170 406 170 H798 C 832 170 852 192 852 224 V 300 C 830 350 780 "
        "420 726 456 C 600 420 470 330 352 316 Z"
    )
    sheet.body(inside_fold, lining, depth=22, rim=8)
    with sheet.inside(inside_fold):
        check = Path(
            tuple(s for x in range(360, 870, 58) for s in line(x, 150, x, 470).steps)
            + tuple(s for y in range(200, 470, 58) for s in line(340, y, 870, y).steps)
        )
        sheet.line(check, sheet.accent.base, 15, 0.35, cap="butt")
        sheet.line(check.shifted(22, 22), tone.base, 4, 0.35, cap="butt")
    pillow = box(400, 196, 330, 96, 40)
    sheet.fill(pillow.shifted(6, 10), lining.deep, 0.3)
    sheet.body(pillow, lining.lighter(0.5), depth=14, rim=6)
    marks.zipper(sheet, path("M726 456 C 780 420 830 350 852 300 V 1000"), tone.darker(0.35), 14)
    marks.pull(sheet, 726, 452, sheet.trim.base, 40)
    marks.label(sheet, 430, 976, Tone.of(tone.deep), sheet.accent.light, 1.05)
