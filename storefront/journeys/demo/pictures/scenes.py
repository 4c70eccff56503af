"""Landscapes for the home page: hills, firs and a lit tent, at dusk and at night."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

from storefront.journeys.demo.pictures.errors import UnknownArt
from storefront.journeys.demo.pictures.palette import LAMP, PALETTES, WOOD, Tone, mix
from storefront.journeys.demo.pictures.path import Path, Point, box, ellipse, line, path, smooth
from storefront.journeys.demo.pictures.sheet import Sheet

SCENE_SIZE = (2400, 1200)
_WIDTH, _HEIGHT = SCENE_SIZE


@dataclass(frozen=True, slots=True)
class _Mood:
    """The colours of one time of day; hills and trees run from far to near."""

    sky: tuple[str, ...]
    sun: str
    halo: float
    hills: tuple[str, str, str, str, str]
    trees: tuple[str, str, str, str]
    mist: str
    tent: Tone
    night: bool


_MOODS: dict[str, _Mood] = {
    "hero": _Mood(
        sky=("#f6f1e6", "#f8eddb", "#fae2c6", "#f8d5b0"),
        sun="#f7bd80",
        halo=0.5,
        hills=("#eaddc8", "#d9d8c4", "#c2ccb6", "#a3b59c", "#7f9b86"),
        trees=("#c3ccb6", "#9db19b", "#688a77", "#3f6855"),
        mist="#fdf3e2",
        tent=Tone.of("#d6693a", "#ea9161", "#a84e29"),
        night=False,
    ),
    "hero-night": _Mood(
        sky=("#141d27", "#18252f", "#20333b", "#345250"),
        sun="#efe6cc",
        halo=0.22,
        hills=("#2c464a", "#253c40", "#1f3336", "#192a2c", "#142223"),
        trees=("#274246", "#1f3538", "#18292b", "#0f1b1d"),
        mist="#4a6865",
        tent=Tone.of("#c9683c", "#e59a66", "#8f4526"),
        night=True,
    ),
}
SCENES: tuple[str, ...] = tuple(_MOODS)

_MOUNTAINS: tuple[Point, ...] = (
    (-40, 760), (200, 716), (420, 690), (640, 704), (860, 660), (1080, 676), (1300, 610), (1470, 490), (1600, 452),
    (1740, 548), (1880, 596), (2000, 510), (2120, 462), (2260, 520), (2440, 600),
)  # fmt: skip
_RIDGE: tuple[Point, ...] = (
    (-40, 800), (240, 772), (520, 812), (820, 806), (1100, 752), (1380, 720), (1640, 668), (1900, 700), (2140, 660),
    (2440, 690),
)  # fmt: skip
_SLOPE: tuple[Point, ...] = (
    (-40, 880), (300, 862), (640, 884), (980, 872), (1300, 826), (1600, 790), (1900, 806), (2160, 752), (2440, 730),
)  # fmt: skip
_MEADOW: tuple[Point, ...] = (
    (-40, 930), (320, 948), (700, 962), (1080, 944), (1440, 918), (1800, 912), (2120, 894), (2440, 850),
)  # fmt: skip
_BANK: tuple[Point, ...] = (
    (-40, 1040), (300, 1066), (700, 1096), (1100, 1104), (1500, 1092), (1900, 1066), (2200, 1030), (2440, 990),
)  # fmt: skip


def draw_scene(name: str) -> str:
    """The SVG document of a landscape, 2400 by 1200: ``hero``, or ``hero-night`` for dark pages.

    The left half stays calm, so that a headline reads well on it. Raises `UnknownArt`.
    """
    if name not in _MOODS:
        raise UnknownArt("scene", "scene", name)
    mood = _MOODS[name]
    sheet = Sheet(PALETTES["fir"], 0, *SCENE_SIZE)
    chances = random.Random(5)
    _sky(sheet, mood, chances)
    _hills(sheet, mood, chances)
    _camp(sheet, mood)
    _foreground(sheet, mood, chances)
    return sheet.svg()


def _sky(sheet: Sheet, mood: _Mood, chances: random.Random) -> None:
    sheet.fade(box(0, 0, _WIDTH, _HEIGHT, 0), (0, 0), (0, 820), *mood.sky)
    if mood.night:
        for _ in range(170):
            x, y, size = chances.uniform(0, _WIDTH), chances.uniform(0, 560), chances.choice((1.5, 2, 2, 3.2))
            sheet.fill(ellipse(x, y, size), "#f3ead2", chances.uniform(0.25, 0.85))
        sheet.glow(1860, 300, 420, 420, mood.sun, mood.halo)
        sheet.fill(_crescent(1860, 300, 84), mood.sun)
    else:
        sheet.glow(1800, 470, 760, 560, mood.sun, mood.halo)
        sheet.fill(ellipse(1800, 470, 132), mix(mood.sun, "#ffffff", 0.3))
        for x, y, size in ((330, 190, 1.0), (1010, 300, 0.8), (2040, 210, 1.1)):
            _cloud(sheet, x, y, size)
    for x, y, size, opacity in ((1330, 330, 62, 0.8), (1436, 272, 46, 0.7), (1238, 386, 38, 0.6)):
        sheet.lark(x, y, size, mood.hills[1] if mood.night else mood.trees[2], opacity)


def _crescent(x: float, y: float, radius: float) -> Path:
    return path(
        f"M{x} {y - radius} C {x + radius * 1.3} {y - radius * 0.9} {x + radius * 1.3} "
        f"{y + radius * 0.9} {x} {y + radius} "
        f"C {x + radius * 0.62} {y + radius * 0.6} {x + radius * 0.62} {y - radius * 0.6} {x} {y - radius} Z"
    )


def _cloud(sheet: Sheet, x: float, y: float, size: float) -> None:
    for left, down, long in ((0, 0, 330), (110, 30, 260), (-60, 60, 230)):
        start = x + left * size
        sheet.line(
            line(start, y + down * size, start + long * size, y + down * size), "#ffffff", 28 * size, 0.38
        )


def _hills(sheet: Sheet, mood: _Mood, chances: random.Random) -> None:
    sheet.fill(_land(_MOUNTAINS), mood.hills[0])
    with sheet.inside(_land(_MOUNTAINS)):
        shaded = mix(mood.hills[0], mood.hills[1], 0.75)
        sheet.fill(
            path("M1600 440 C 1640 540 1600 600 1560 700 C 1700 720 1800 660 1900 600 L 1740 530 Z"), shaded
        )
        sheet.fill(path("M2120 450 C 2170 540 2130 600 2110 700 L 2460 720 V600 L 2260 500 Z"), shaded)
    sheet.fill(_land(_RIDGE), mood.hills[1])
    _plant(sheet, _RIDGE, (1180, 2400), 90, (26, 60), mood.trees[0], chances)
    _plant(sheet, _RIDGE, (0, 420), 20, (20, 42), mood.trees[0], chances)
    sheet.glow(1300, 830, 1500, 90, mood.mist, 0.5)
    sheet.fill(_land(_SLOPE), mood.hills[2])
    _plant(sheet, _SLOPE, (1420, 2400), 54, (60, 132), mood.trees[1], chances)
    _plant(sheet, _SLOPE, (0, 300), 10, (44, 86), mood.trees[1], chances)
    sheet.glow(1500, 930, 1400, 80, mood.mist, 0.45)
    sheet.fill(_land(_MEADOW), mood.hills[3])
    _plant(sheet, _MEADOW, (2010, 2400), 13, (180, 330), mood.trees[2], chances)
    _plant(sheet, _MEADOW, (1230, 1400), 4, (120, 210), mood.trees[2], chances)


def _land(points: tuple[Point, ...]) -> Path:
    top = smooth(points)
    return Path((*top.steps, *path(f"L {_WIDTH + 40} {_HEIGHT + 20} L -40 {_HEIGHT + 20} Z").steps))


def _level(points: tuple[Point, ...], x: float) -> float:
    for (left, high), (right, low) in pairwise(points):
        if left <= x <= right:
            return high + (low - high) * (x - left) / (right - left)
    return points[-1][1]


def _plant(
    sheet: Sheet,
    hill: tuple[Point, ...],
    span: tuple[float, float],
    count: int,
    heights: tuple[float, float],
    colour: str,
    chances: random.Random,
) -> None:
    steps: list[tuple[str, tuple[Point, ...]]] = []
    for index in range(count):
        x = span[0] + (span[1] - span[0]) * (index + chances.uniform(0.1, 0.9)) / count
        high = chances.uniform(*heights)
        steps += _fir(x, _level(hill, x) + high * 0.08, high, chances).steps
    sheet.fill(Path(tuple(steps)), colour)


def _fir(x: float, foot: float, high: float, chances: random.Random) -> Path:
    """A fir of five tiers with drooping branches, its tip leaning a little."""
    half = high * chances.uniform(0.2, 0.26)
    lean = high * chances.uniform(-0.015, 0.015)
    right: list[Point] = []
    left: list[Point] = []
    for tier in range(5):
        y = foot - high * (0.86 - tier * 0.175)
        reach = half * (0.28 + tier * 0.18)
        right += [
            (x + reach * chances.uniform(0.9, 1.1), y + high * 0.06),
            (x + reach * 0.5, y + high * 0.035),
        ]
        left += [
            (x - reach * chances.uniform(0.9, 1.1), y + high * 0.06),
            (x - reach * 0.5, y + high * 0.035),
        ]
    trunk = [(x + high * 0.018, foot - high * 0.1), (x + high * 0.02, foot)]
    points = [
        (x + lean, foot - high),
        *right,
        *trunk,
        *[(2 * x - a, b) for a, b in reversed(trunk)],
        *reversed(left),
    ]
    return Path((("M", (points[0],)), *(("L", (point,)) for point in points[1:]), ("Z", ())))


def _camp(sheet: Sheet, mood: _Mood) -> None:
    """A ridge tent with a lamp inside, a fire ring and two logs beside it."""
    x, base = 1700, 1010
    shadow = mix(mood.hills[3], mood.hills[4], 0.9)
    sheet.glow(x + 20, base + 10, 420, 44, shadow, 0.9)
    sheet.glow(x - 90, base - 60, 330, 210, LAMP, 0.55 if mood.night else 0.4)
    sheet.line(line(x - 110, base - 244, x - 330, base + 24), mix(shadow, "#000000", 0.2), 3)
    sheet.line(line(x + 150, base - 226, x + 380, base - 6), mix(shadow, "#000000", 0.2), 3)
    roof = path(
        f"M{x - 110} {base - 230} Q {x + 20} {base - 206} {x + 150} {base - 214} Q {x + 240} "
        f"{base - 100} {x + 320} {base - 26} "
        f"L {x + 70} {base + 14} Q {x - 40} {base - 112} {x - 110} {base - 230} Z"
    )
    sheet.body(roof, mood.tent.darker(0.08), depth=12, rim=7)
    with sheet.inside(roof):
        sheet.glow(x - 20, base - 30, 200, 190, LAMP, 0.5)
        sheet.stitch(path(f"M{x - 10} {base - 100} L {x + 250} {base - 128}"), mood.tent.light, 2)
    front = path(
        f"M{x - 110} {base - 230} Q {x - 40} {base - 112} {x + 70} {base + 14} L {x - 266} "
        f"{base + 4} Q {x - 170} {base - 116} {x - 110} {base - 230} Z"
    )
    sheet.fill(front, "#7a4322")
    with sheet.inside(front):
        sheet.glow(x - 100, base - 40, 170, 220, "#ffe2a0", 1)
        sheet.glow(x - 100, base - 90, 70, 90, "#fffbe8", 0.95)
        sheet.fill(ellipse(x - 70, base + 2, 96, 20), mood.tent.dark)
    for side, foot in ((-1, x - 266), (1, x + 70)):
        ground = base + (4 if side < 0 else 14)
        flap = path(
            f"M{x - 110} {base - 230} Q {x - 110 + side * 66} {base - 116} {foot} {ground} L "
            f"{foot - side * 54} {ground + 2} "
            f"C {x - 110 + side * 90} {base - 60} {x - 110 + side * 50} {base - 130} {x - 110} {base - 230} Z"
        )
        sheet.body(flap, mood.tent, depth=5, rim=4)
    sheet.line(line(x - 110, base - 252, x - 110, base - 226), WOOD.dark, 7)
    _fire(sheet, 1390, 1034)


def _fire(sheet: Sheet, x: float, y: float) -> None:
    sheet.glow(x, y - 30, 190, 110, "#ffc06a", 0.6)
    for start, end in (((x - 52, y + 8), (x + 46, y - 16)), ((x + 52, y + 8), (x - 44, y - 16))):
        sheet.line(line(*start, *end), WOOD.deep, 17)
        sheet.line(line(*start, *end), WOOD.base, 11)
    for left, high, colour in ((-20, 74, "#e9873f"), (14, 92, "#ee9a4c"), (0, 54, "#ffd780")):
        flame = (
            f"M{x + left} {y} C {x + left - 34} {y - 12} {x + left - 22} {y - high * 0.6} "
            f"{x + left} {y - high} "
            f"C {x + left + 6} {y - high * 0.66} {x + left + 34} {y - high * 0.3} {x + left} {y} Z"
        )
        sheet.fill(path(flame), colour, 0.95)
    for stone in range(7):
        sheet.fill(
            ellipse(x - 66 + stone * 22, y + 14 + (stone % 2) * 5, 15, 10), ("#8b8678", "#716d62")[stone % 2]
        )


def _foreground(sheet: Sheet, mood: _Mood, chances: random.Random) -> None:
    sheet.fill(_land(_BANK), mood.hills[4])
    steps: list[tuple[str, tuple[Point, ...]]] = []
    for _ in range(150):
        x = chances.uniform(0, _WIDTH)
        y = _level(_BANK, x) + chances.uniform(-2, 90)
        for lean in (-9, 0, 8):
            steps += path(f"M{x} {y} Q {x + lean * 0.3} {y - 14} {x + lean} {y - 26}").steps
    sheet.line(Path(tuple(steps)), mix(mood.hills[4], mood.trees[3], 0.45), 3.5, 0.7)
    for x, high in ((2262, 640), (2356, 520), (2160, 430), (2420, 700)):
        sheet.fill(_fir(x, _level(_BANK, min(x, 2400)) + 40, high, chances), mood.trees[3])
    for x, high in ((40, 300), (-14, 380), (118, 210)):
        sheet.fill(
            _fir(x, _level(_BANK, max(x, 0)) + 24, high, chances), mix(mood.trees[2], mood.trees[3], 0.4)
        )
