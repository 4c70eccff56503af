"""Outlines: written as short SVG path text or built from points, then moved, mirrored "
"and joined as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
_TOKEN = re.compile(r"[MLHVCSQZ]|-?\d*\.?\d+")
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "Z": 0}


@dataclass(frozen=True, slots=True)
class Path:
    """An outline of absolute M, L, C, Q and Z steps; each step holds its points, the last "
    "one is where it ends."""

    steps: tuple[tuple[str, tuple[Point, ...]], ...]

    def text(self) -> str:
        """The value of an SVG ``d`` attribute."""
        parts = []
        for command, points in self.steps:
            parts.append(command + " ".join(f"{_short(x)} {_short(y)}" for x, y in points))
        return "".join(parts)

    def __add__(self, other: Path) -> Path:
        return Path(self.steps + other.steps)

    def mapped(self, a: float, b: float, c: float, d: float, e: float, f: float) -> Path:
        """The outline under the affine map (x, y) -> (ax + cy + e, bx + dy + f)."""
        return Path(
            tuple(
                (command, tuple((a * x + c * y + e, b * x + d * y + f) for x, y in points))
                for command, points in self.steps
            )
        )

    def shifted(self, x: float, y: float = 0) -> Path:
        """Moved by (x, y)."""
        return self.mapped(1, 0, 0, 1, x, y)

    def scaled(self, x: float, y: float | None = None, about: Point = (600, 600)) -> Path:
        """Grown by ``x`` across and ``y`` down (``x`` when left out) around ``about``."""
        vertical = x if y is None else y
        return self.mapped(x, 0, 0, vertical, about[0] * (1 - x), about[1] * (1 - vertical))

    def turned(self, degrees: float, about: Point = (600, 600)) -> Path:
        """Turned clockwise around ``about``."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        x, y = about
        return self.mapped(cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y)

    def mirrored(self, axis: float = 600) -> Path:
        """Mirrored left to right at the vertical line x = ``axis``."""
        return self.mapped(-1, 0, 0, 1, 2 * axis, 0)

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all its points, control points included."""
        xs = [x for _, points in self.steps for x, _ in points]
        ys = [y for _, points in self.steps for _, y in points]
        return min(xs), min(ys), max(xs), max(ys)

    def reversed_steps(self) -> Path:
        """The same open line drawn from its end to its start."""
        ends = [points[-1] for _, points in self.steps]
        steps: list[tuple[str, tuple[Point, ...]]] = [("M", (ends[-1],))]
        for index in range(len(self.steps) - 1, 0, -1):
            command, points = self.steps[index]
            steps.append((command, (*reversed(points[:-1]), ends[index - 1])))
        return Path(tuple(steps))

    def twin(self, axis: float = 600) -> Path:
        """The closed symmetrical outline whose right half this open line is, from top to "
        "bottom of the axis."""
        left = self.mirrored(axis).reversed_steps()
        return Path((*self.steps, ("L", left.steps[0][1]), *left.steps[1:], ("Z", ())))

    def framed(self, margin: float = 60) -> Path:
        """Its bounding rectangle, grown by ``margin``: what is cut with the outline makes a shaded edge."""
        left, top, right, bottom = self.box()
        return box(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin, 0)


def path(text: str) -> Path:
    """Reads SVG path text of absolute M L H V C S Q Z commands."""
    steps: list[tuple[str, tuple[Point, ...]]] = []
    command, position, mirror = "M", (0.0, 0.0), (0.0, 0.0)
    tokens = _TOKEN.findall(text)
    index = 0
    while index < len(tokens):
        if tokens[index] in _ARGUMENTS:
            command = tokens[index]
            index += 1
        count = _ARGUMENTS[command]
        numbers = [float(token) for token in tokens[index : index + count]]
        index += count
        points = _points(command, numbers, position, mirror)
        steps.append(({"H": "L", "V": "L", "S": "C"}.get(command, command), points))
        if points:
            position = points[-1]
            handle = points[-2] if command in "CS" else position
            mirror = (2 * position[0] - handle[0], 2 * position[1] - handle[1])
    return Path(tuple(steps))


def _points(command: str, numbers: list[float], position: Point, mirror: Point) -> tuple[Point, ...]:
    if command == "H":
        return ((numbers[0], position[1]),)
    if command == "V":
        return ((position[0], numbers[0]),)
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return (mirror, *pairs) if command == "S" else pairs


def polygon(*points: Point) -> Path:
    """Straight edges through ``points``, closed."""
    return Path((("M", (points[0],)), *(("L", (point,)) for point in points[1:]), ("Z", ())))


def polyline(*points: Point) -> Path:
    """Straight edges through ``points``, open."""
    return Path((("M", (points[0],)), *(("L", (point,)) for point in points[1:])))


def soft(*corners: tuple[float, ...], radius: float = 24) -> Path:
    """A closed polygon with rounded corners; a corner of three numbers brings its own radius."""
    steps: list[tuple[str, tuple[Point, ...]]] = []
    count = len(corners)
    for index, corner in enumerate(corners):
        here = (corner[0], corner[1])
        wanted = corner[2] if len(corner) > 2 else radius
        before, after = corners[index - 1], corners[(index + 1) % count]
        start = _towards(here, (before[0], before[1]), wanted)
        end = _towards(here, (after[0], after[1]), wanted)
        steps.append(("L" if steps else "M", (start,)))
        steps.append(("Q", (here, end)))
    return Path((*steps, ("Z", ())))


def _towards(start: Point, goal: Point, length: float) -> Point:
    distance = math.dist(start, goal) or 1
    share = min(0.5, length / distance)
    return start[0] + (goal[0] - start[0]) * share, start[1] + (goal[1] - start[1]) * share


def smooth(points: Sequence[Point], *, closed: bool = False) -> Path:
    """A curve through all ``points`` (Catmull-Rom, as Bezier steps)."""
    count = len(points)
    steps: list[tuple[str, tuple[Point, ...]]] = [("M", (points[0],))]
    for index in range(count if closed else count - 1):
        around = [
            points[(index + offset) % count] if closed else points[min(max(index + offset, 0), count - 1)]
            for offset in (-1, 0, 1, 2)
        ]
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = around
        first = (x1 + (x2 - x0) / 6, y1 + (y2 - y0) / 6)
        second = (x2 - (x3 - x1) / 6, y2 - (y3 - y1) / 6)
        steps.append(("C", (first, second, (x2, y2))))
    return Path((*steps, ("Z", ()))) if closed else Path(tuple(steps))


def both(shape: Path, axis: float = 600) -> tuple[Path, Path]:
    """A shape on the right of the axis and its twin on the left."""
    return shape, shape.mirrored(axis)


def ellipse(x: float, y: float, across: float, down: float | None = None) -> Path:
    """An ellipse around (x, y) with the radii ``across`` and ``down`` (a circle without ``down``)."""
    tall = across if down is None else down
    k, m = across * 0.5523, tall * 0.5523
    return Path(
        (
            ("M", ((x + across, y),)),
            ("C", ((x + across, y + m), (x + k, y + tall), (x, y + tall))),
            ("C", ((x - k, y + tall), (x - across, y + m), (x - across, y))),
            ("C", ((x - across, y - m), (x - k, y - tall), (x, y - tall))),
            ("C", ((x + k, y - tall), (x + across, y - m), (x + across, y))),
            ("Z", ()),
        )
    )


def box(x: float, y: float, width: float, height: float, radius: float = 16) -> Path:
    """A rectangle with its top left corner at (x, y)."""
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return soft(*corners, radius=radius) if radius else polygon(*corners)


def line(*numbers: float) -> Path:
    """An open straight line through x, y, x, y, ..."""
    return polyline(*zip(numbers[::2], numbers[1::2], strict=True))


def crease(start: Point, through: Point, end: Point, width: float) -> Path:
    """A fold: a sliver that swells to ``width`` between two sharp ends."""
    across = (end[0] - start[0], end[1] - start[1])
    length = math.hypot(*across) or 1
    aside = (-across[1] / length * width * 2, across[0] / length * width * 2)
    back = (through[0] + aside[0], through[1] + aside[1])
    return Path((("M", (start,)), ("Q", (through, end)), ("Q", (back, start)), ("Z", ())))


def band(stations: Iterable[tuple[float, float, float]], bulge: float = 0) -> list[Path]:
    """Padded segments along an axis: each station is x, y and half width; neighbours enclose one pillow."""
    places = list(stations)
    edges = [_edge(places, index) for index in range(len(places))]
    pillows = []
    for (left, right), (next_left, next_right) in pairwise(edges):
        pillows.append(
            Path(
                (
                    ("M", (left,)),
                    ("L", (right,)),
                    ("Q", (_bulged(right, next_right, left, bulge), next_right)),
                    ("L", (next_left,)),
                    ("Q", (_bulged(next_left, left, next_right, bulge), left)),
                    ("Z", ()),
                )
            )
        )
    return pillows


def _edge(places: list[tuple[float, float, float]], index: int) -> tuple[Point, Point]:
    x, y, half = places[index]
    before, after = places[max(index - 1, 0)], places[min(index + 1, len(places) - 1)]
    run = (after[0] - before[0], after[1] - before[1])
    length = math.hypot(*run) or 1
    aside = (-run[1] / length * half, run[0] / length * half)
    return (x + aside[0], y + aside[1]), (x - aside[0], y - aside[1])


def _bulged(start: Point, end: Point, opposite: Point, bulge: float) -> Point:
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    away = (middle[0] - opposite[0], middle[1] - opposite[1])
    length = math.hypot(*away) or 1
    return middle[0] + away[0] / length * bulge, middle[1] + away[1] / length * bulge


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
