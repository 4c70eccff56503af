"""Bags to carry and to keep dry in."""

from __future__ import annotations

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import GRAPHITE, LEATHER, WEBBING
from storefront.journeys.demo.pictures.path import box, crease, line, path
from storefront.journeys.demo.pictures.sheet import Sheet


def dry_bag(sheet: Sheet, _: Art) -> None:
    """A roll-top bag for wet trips."""
    backdrop.stand(sheet, 770)
    tone = sheet.main
    sheet.ground(600, 966, 250, 40)
    body = path("M600 330 H748 C 790 420 806 520 808 640 V 880 C 808 940 760 984 600 986").twin()
    sheet.body(body, tone, depth=54, rim=15)
    with sheet.inside(body):
        sheet.fill(path("M380 860 C 480 900 720 900 820 860 V1000 H380 Z"), tone.dark)
        sheet.fill(
            path("M446 430 C 436 560 436 700 440 850 L 480 866 C 470 700 472 560 486 420 Z"), tone.light, 0.6
        )
        for start, through, end in (
            ((500, 330), (520, 400), (500, 470)),
            ((600, 330), (612, 410), (596, 500)),
            ((700, 330), (692, 390), (716, 460)),
        ):
            sheet.fill(crease(start, through, end, 14), tone.dark, 0.85)
    band_shape = path("M396 592 C 480 620 720 620 804 592 V 680 C 720 708 480 708 396 680 Z")
    with sheet.inside(body):
        if sheet.pick(2):
            sheet.fill(band_shape, sheet.accent.base)
    sheet.lark(600, 660, 130, tone.light if sheet.pick(2) == 0 else sheet.accent.deep)
    roll = path("M600 246 H760 C 784 246 790 262 790 284 C 790 320 780 346 752 350 H600").twin()
    sheet.body(roll, tone.darker(0.12), depth=16, rim=9)
    with sheet.inside(roll):
        sheet.seam(path("M404 282 C 500 290 700 290 796 282"), tone, 5)
        sheet.seam(path("M404 314 C 500 322 700 322 796 314"), tone, 5)
    loop = path("M420 262 C 360 150 840 150 780 262")
    marks.strap(sheet, loop, WEBBING, 26)
    marks.buckle(sheet, 600, 180, 86)
    for x in (420, 780):
        sheet.fill(box(x - 17, 240, 34, 56, 7), GRAPHITE.dark)


def duffel(sheet: Sheet, _: Art) -> None:
    """A carry bag lying on the ground."""
    backdrop.stand(sheet, 740)
    tone = sheet.main
    sheet.ground(600, 874, 480, 46)
    handle = path("M440 520 C 440 300 760 300 760 520")
    sheet.line(handle, WEBBING.deep, 34)
    body = path("M600 440 H880 C 970 440 1020 510 1030 640 C 1036 780 1000 876 900 884 H600").twin()
    sheet.body(body, tone, depth=50, rim=14)
    with sheet.inside(body):
        sheet.fill(path("M860 420 C 930 520 930 780 880 900 H1060 V420 Z"), tone.darker(0.25).base)
        sheet.fill(path("M340 420 C 270 520 270 780 320 900 H140 V420 Z"), tone.darker(0.18).base)
        sheet.seam(path("M872 430 C 930 540 930 780 884 890"), tone, 5)
        sheet.seam(path("M328 430 C 270 540 270 780 316 890"), tone, 5)
        sheet.fill(path("M150 800 H1050 V900 H150 Z"), tone.deep, 0.55)
        sheet.fill(crease((500, 470), (560, 520), (680, 470), 12), tone.dark, 0.7)
    marks.zipper(sheet, path("M250 486 C 400 466 800 466 950 486"), tone.darker(0.4), 17)
    marks.pull(sheet, 886, 480, sheet.accent.base, -6)
    for x in (440, 760):
        marks.strap(sheet, path(f"M{x} 440 V884"), WEBBING, 34)
    front = path("M440 560 C 440 400 500 360 600 360 C 700 360 760 400 760 560")
    marks.strap(sheet, front, WEBBING, 30)
    grip = box(530, 338, 140, 46, 18)
    sheet.body(grip, sheet.accent, depth=8, rim=5)
    pocket = path("M486 580 H714 V800 H486 Z")
    sheet.body(pocket, (tone.darker(0.12), sheet.trim)[sheet.pick(2)], depth=16, rim=7)
    marks.zipper(sheet, line(500, 610, 700, 610), tone.darker(0.4), 13)
    marks.pull(sheet, 682, 610, sheet.accent.base, 0, 0.8)
    marks.label(sheet, 600, 716, LEATHER, LEATHER.deep, 1.5)
    for x in (330, 870):
        for y in (560, 640, 720):
            sheet.line(path(f"M{x - 16} {y} H{x + 16}"), WEBBING.light, 9)


def pouch(sheet: Sheet, _: Art) -> None:
    """A flat zipped pouch with a loop."""
    backdrop.lie(sheet)
    tone = sheet.main
    with sheet.turned(-7):
        loop = path("M905 500 C 1010 490 1010 640 905 630")
        sheet.line(loop, sheet.accent.deep, 30)
        sheet.line(loop, sheet.accent.base, 22)
        shape = box(230, 400, 700, 440, 52)
        sheet.cast(shape, 30)
        sheet.body(shape, tone, depth=36, rim=12)
        marks.ripstop(sheet, shape, tone.light, 0.25, 40)
        with sheet.inside(shape):
            sheet.fill(
                path("M220 690 C 420 650 740 740 940 680 V860 H220 Z"),
                (tone.darker(0.25), sheet.trim, tone.darker(0.25))[sheet.pick(3)].base,
            )
            sheet.seam(path("M220 690 C 420 650 740 740 940 680"), tone, 5)
            sheet.fill(crease((300, 560), (480, 600), (600, 560), 9), tone.dark, 0.6)
        marks.zipper(sheet, line(266, 476, 900, 476), tone.darker(0.4), 22)
        marks.pull(sheet, 836, 476, sheet.accent.base, -12, 1.3)
        sheet.stitch(box(248, 418, 664, 404, 40), tone.light)
        marks.label(sheet, 400, 610, LEATHER, LEATHER.deep, 1.7)
