"""Small things sewn or screwed onto many products: zips, toggles, buckles, pegs, labels, pockets."""

from __future__ import annotations

import math

from storefront.journeys.demo.pictures.palette import GRAPHITE, STEEL, Tone
from storefront.journeys.demo.pictures.path import Path, box, ellipse, line, path
from storefront.journeys.demo.pictures.sheet import Sheet


def zipper(sheet: Sheet, along: Path, tone: Tone, width: float = 13) -> None:
    """A closed zip: a tape and its teeth."""
    sheet.line(along, tone.deep, width, cap="butt")
    sheet.line(along, tone.light, width * 0.3, 0.85, dash="5 5", cap="butt")


def pull(sheet: Sheet, x: float, y: float, colour: str, degrees: float = 0, size: float = 1) -> None:
    """A zip slider with a cord puller that hangs from (x, y)."""
    with sheet.turned(degrees, x, y):
        sheet.fill(box(x - 8 * size, y - 9 * size, 16 * size, 22 * size, 5), STEEL.light)
        sheet.line(line(x, y + 10 * size, x, y + 30 * size), STEEL.dark, 4 * size)
        sheet.fill(box(x - 7 * size, y + 26 * size, 14 * size, 40 * size, 6 * size), colour)


def hidden_zip(sheet: Sheet, along: Path, tone: Tone) -> None:
    """A laminated zip: two fine lips, hardly any teeth."""
    sheet.line(along, tone.light, 14, 0.55)
    sheet.line(along, tone.deep, 6)


def toggle(sheet: Sheet, x: float, y: float, cord: str, degrees: float = 0, length: float = 46) -> None:
    """A cord lock with two cord ends below it."""
    with sheet.turned(degrees, x, y):
        sheet.line(
            path(
                f"M{x - 4} {y} C {x - 16} {y + length * 0.5} {x - 8} {y + length * 0.8} {x - 3} {y + length}"
            ),
            cord,
            5,
        )
        sheet.line(
            path(
                f"M{x + 4} {y} C {x + 14} {y + length * 0.5} {x + 10} {y + length * 0.8} {x + 3} {y + length}"
            ),
            cord,
            5,
        )
        sheet.fill(box(x - 11, y - 14, 22, 28, 8), GRAPHITE.dark)
        sheet.fill(box(x - 7, y - 11, 6, 18, 3), GRAPHITE.light, 0.7)


def buckle(sheet: Sheet, x: float, y: float, width: float = 60, degrees: float = 0) -> None:
    """A side release buckle around (x, y), lying across."""
    high = width * 0.56
    with sheet.turned(degrees, x, y):
        shape = box(x - width / 2, y - high / 2, width, high, width * 0.14)
        sheet.body(shape, GRAPHITE.darker(), depth=6, rim=4)
        sheet.fill(box(x - width * 0.16, y - high * 0.26, width * 0.32, high * 0.52, 5), GRAPHITE.light, 0.55)
        sheet.line(line(x + width * 0.26, y - high * 0.3, x + width * 0.26, y + high * 0.3), GRAPHITE.deep, 4)


def strap(sheet: Sheet, along: Path, tone: Tone, width: float = 26) -> None:
    """A webbing strap with a lit edge and a woven middle line."""
    sheet.line(along, tone.deep, width + 4, cap="butt")
    sheet.line(along, tone.base, width, cap="butt")
    sheet.line(along.shifted(-width * 0.2, -width * 0.2), tone.light, width * 0.14, 0.7, cap="butt")
    sheet.line(along, tone.dark, width * 0.1, 0.8, dash="6 6", cap="butt")


def guy_line(sheet: Sheet, x: float, y: float, peg_x: float, peg_y: float, colour: str) -> None:
    """A line from a tent to a peg, with a slider on it."""
    sheet.line(line(x, y, peg_x, peg_y), colour, 4.5)
    part = 0.68
    slider_x, slider_y = x + (peg_x - x) * part, y + (peg_y - y) * part
    angle = math.degrees(math.atan2(peg_y - y, peg_x - x))
    with sheet.turned(angle, slider_x, slider_y):
        sheet.fill(box(slider_x - 16, slider_y - 7, 32, 14, 5), GRAPHITE.dark)
    lean = 10 if peg_x > x else -10
    sheet.line(line(peg_x + lean * 0.5, peg_y - 12, peg_x - lean, peg_y + 20), STEEL.dark, 8)
    sheet.line(line(peg_x + lean * 0.5 - 2, peg_y - 12, peg_x - lean - 2, peg_y + 18), STEEL.light, 3)


def label(sheet: Sheet, x: float, y: float, tone: Tone, mark: str, size: float = 1) -> None:
    """A woven label with the lark on it, its middle at (x, y)."""
    shape = box(x - 38 * size, y - 22 * size, 76 * size, 44 * size, 5 * size)
    sheet.fill(shape.shifted(2 * size, 4 * size), tone.deep, 0.35)
    sheet.fill(shape, tone.base)
    sheet.line(
        box(x - 33 * size, y - 17 * size, 66 * size, 34 * size, 3 * size), mark, 2 * size, 0.5, dash="6 4"
    )
    sheet.lark(x, y, 40 * size, mark)


def eyelet(sheet: Sheet, x: float, y: float, radius: float = 9) -> None:
    """A riveted metal ring."""
    sheet.fill(ellipse(x, y, radius), STEEL.dark)
    sheet.fill(ellipse(x - 1, y - 1, radius * 0.82), STEEL.light)
    sheet.fill(ellipse(x, y, radius * 0.45), GRAPHITE.deep)


def screw(sheet: Sheet, x: float, y: float, radius: float = 8) -> None:
    """A flat screw head."""
    sheet.fill(ellipse(x, y, radius), STEEL.dark)
    sheet.fill(ellipse(x - 1, y - 1.5, radius * 0.8), STEEL.light)
    sheet.line(
        line(x - radius * 0.5, y + radius * 0.3, x + radius * 0.5, y - radius * 0.3), STEEL.deep, radius * 0.3
    )


def ripstop(sheet: Sheet, shape: Path, colour: str, opacity: float = 0.16, gap: float = 34) -> None:
    """A fine square grid woven into ``shape``."""
    left, top, right, bottom = shape.box()
    rows: list[tuple[str, tuple[tuple[float, float], ...]]] = []
    place = left
    while place < right:
        rows += [("M", ((place, top),)), ("L", ((place + 14, bottom),))]
        place += gap
    place = top
    while place < bottom:
        rows += [("M", ((left, place),)), ("L", ((right, place + 8),))]
        place += gap
    with sheet.inside(shape):
        sheet.line(Path(tuple(rows)), colour, 2, opacity)


def speckle(sheet: Sheet, shape: Path, colour: str, opacity: float = 0.35, gap: float = 26) -> None:
    """The short strokes of fleece and wool inside ``shape``, in staggered rows with a little chance."""
    left, top, right, bottom = shape.box()
    steps: list[tuple[str, tuple[tuple[float, float], ...]]] = []
    row, y = 0, top
    while y < bottom:
        x = left + (row % 2) * gap / 2
        while x < right:
            at_x, at_y = x + sheet.chances.uniform(-5, 5), y + sheet.chances.uniform(-4, 4)
            steps += [("M", ((at_x, at_y),)), ("Q", ((at_x + 4, at_y + 5), (at_x + 9, at_y + 1)))]
            x += gap
        y += gap * 0.72
        row += 1
    with sheet.inside(shape):
        sheet.line(Path(tuple(steps)), colour, 3.4, opacity)


def flame(
    sheet: Sheet, x: float, y: float, size: float, outer: str = "#6fa9d6", inner: str = "#cfe6f5"
) -> None:
    """One tongue of fire rising from (x, y)."""
    for part, colour, opacity in ((1.0, outer, 0.85), (0.55, inner, 0.95)):
        s = size * part
        sheet.fill(
            path(
                f"M{x} {y} C {x - s * 0.42} {y - s * 0.1} {x - s * 0.3} {y - s * 0.6} {x - s * 0.03} {y - s}"
                f" C {x + s * 0.08} {y - s * 0.68} {x + s * 0.42} {y - s * 0.34} {x} {y} Z"
            ),
            colour,
            opacity,
        )


def pole_sleeve(sheet: Sheet, along: Path, tone: Tone) -> None:
    """A tent pole in its fabric sleeve."""
    sheet.line(along, tone.deep, 15, 0.9)
    sheet.line(along, tone.base, 11)
    sheet.line(along.shifted(-2, -2), tone.light, 3.5, 0.8)
