"""Tents, seen from the front left at the height of a sitting person."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from storefront.journeys.demo.pictures import backdrop, marks
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import CREAM, GRAPHITE, LAMP, WOOD, Tone, mix
from storefront.journeys.demo.pictures.path import Path, Point, ellipse, line, path, polygon
from storefront.journeys.demo.pictures.sheet import Sheet

_FLOOR = 862


@dataclass(frozen=True, slots=True)
class _Pitch:
    """A grid on the ground: across from -100 to 100, upwards from 0 to 100, so that one "
    "drawing fits each size."""

    half: float
    high: float
    middle: float = 600

    def at(self, across: float, up: float) -> Point:
        """The point on the sheet."""
        return self.middle + across * self.half / 100, _FLOOR - up * self.high / 100

    def path(self, text: str) -> Path:
        """Path text in the grid's numbers."""
        return path(text).mapped(self.half / 100, 0, 0, -self.high / 100, self.middle, _FLOOR)


def tent(sheet: Sheet, art: Art) -> None:
    """A pitched tent; ``persons`` (1 to 6) makes it wider and taller and gives it more windows."""
    backdrop.stand(sheet, 738)
    draw = {"dome": _dome, "tunnel": _tunnel, "geodesic": _geodesic, "ridge": _ridge}[art.param("shape")]
    draw(sheet, int(art.param("persons")))


def _guys(sheet: Sheet, pitch: _Pitch, *lines: tuple[float, float, float, float]) -> None:
    for across, up, peg, sink in lines:
        x, y = pitch.at(across, up)
        marks.guy_line(sheet, x, y, pitch.at(peg, 0)[0], _FLOOR + sink, sheet.accent.dark)


# --- dome ----------------------------------------------------------------------------------------

_DOME_FRONT = "M-4 100 C -52 100 -95 55 -100 0 Q -30 -5 42 -4 C 42 55 18 90 -4 100 Z"
_DOME_SIDE = "M-4 100 C 48 100 94 50 100 3 L 42 -4 C 42 55 18 90 -4 100 Z"


def _dome(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    pitch = _Pitch(372 + persons * 15, 390 + persons * 38)
    sheet.ground(600, _FLOOR + 8, pitch.half * 1.1, 46)
    _guys(sheet, pitch, (-78, 62, -112, 24), (80, 60, 111, 22))
    front, side = pitch.path(_DOME_FRONT), pitch.path(_DOME_SIDE)
    sheet.body(side, tone.darker(0.16), depth=30, rim=0)
    with sheet.inside(side):
        sheet.fill(pitch.path("M36 10 L 106 16 V-12 H36 Z"), tone.deep)
        sheet.fill(pitch.path("M2 94 C 40 84 70 50 80 12 L 66 10 C 60 46 34 78 2 94 Z"), tone.light, 0.18)
        if persons > 1:
            _window(sheet, *pitch.at(73, 37), pitch.half * 0.13, pitch.high * 0.13, tone.darker(0.3))
    sheet.body(front, tone, depth=0, rim=12)
    with sheet.inside(front):
        sheet.fill(pitch.path("M-106 13 Q -30 8 48 9 V-20 H-106 Z"), tone.dark)
        sheet.fill(pitch.path("M-82 14 C -72 56 -40 84 -8 95 C -44 86 -72 66 -82 14 Z"), tone.light, 0.55)
    marks.pole_sleeve(sheet, pitch.path("M42 -4 C 42 55 18 90 -4 100 C -52 100 -95 55 -100 0"), sheet.accent)
    x, _ = pitch.at(-24, 0)
    _door(sheet, x, _FLOOR + 12, pitch.half * 0.34, pitch.high * 0.7, tone)
    sheet.body(pitch.path("M-14 84 Q -6 95 3 84 Z"), sheet.accent, depth=8, rim=3)
    if persons >= 4:
        for across in (-76, 23):
            _window(sheet, *pitch.at(across, 31), pitch.half * 0.07, pitch.high * 0.09, tone.darker(0.25))
    sheet.lark(*pitch.at(-64, 52), 58, tone.light)


# --- tunnel --------------------------------------------------------------------------------------


def _tunnel(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    pitch = _Pitch(384 + persons * 10, 350 + persons * 30)
    sheet.ground(610, _FLOOR + 6, pitch.half * 1.12, 44)
    _guys(sheet, pitch, (96, 45, 114, 6), (-93, 55, -114, 32))
    shell = pitch.path("M-50 100 C 6 106 66 96 83 70 C 95 50 100 18 100 4 L -50 -5 Z")
    sheet.body(shell, tone.darker(0.1), depth=26, rim=14)
    with sheet.inside(shell):
        sheet.fill(pitch.path("M-100 11 L 104 18 V-14 H-100 Z"), tone.deep)
        sheet.fill(pitch.path("M-50 102 C 6 108 66 98 84 68 L 76 66 C 50 84 0 86 -36 78 Z"), tone.light, 0.35)
    ribs = (8, 46) if persons < 4 else (-2, 28, 58)
    for rib in ribs:
        drop = 4 + (rib + 50) * 0.1
        hoop = pitch.path(f"M{rib - 32} 106 C {rib - 6} {100 - drop * 0.6} {rib + 1} 50 {rib} -10")
        with sheet.inside(shell):
            marks.pole_sleeve(sheet, hoop, sheet.accent)
    for before, after in pairwise(ribs):
        wide = (after - before) * pitch.half / 100
        x, y = pitch.at((before + after) / 2 - 1, 37)
        _window(sheet, x, y, wide * 0.27, pitch.high * 0.14, tone.darker(0.32))
    _tunnel_mouth(sheet, pitch, tone)
    sheet.lark(*pitch.at(70, 58), 58, tone.light)


def _tunnel_mouth(sheet: Sheet, pitch: _Pitch, tone: Tone) -> None:
    mouth = pitch.path("M-50 100 C -86 100 -100 52 -100 -1 Q -50 -9 0 -4 C 0 52 -14 100 -50 100 Z")
    sheet.body(mouth, tone, depth=0, rim=12)
    with sheet.inside(mouth):
        sheet.fill(pitch.path("M-104 12 Q -50 6 4 10 V-14 H-104 Z"), tone.dark)
    x, _ = pitch.at(-49, 0)
    _door(sheet, x, _FLOOR + 20, pitch.half * 0.31, pitch.high * 0.74, tone)
    arch = pitch.path("M-100 -1 C -100 52 -86 100 -50 100 C -14 100 0 52 0 -4")
    marks.pole_sleeve(sheet, arch, sheet.accent)


# --- geodesic ------------------------------------------------------------------------------------

_GEODESIC = "M0 100 C 52 100 92 62 100 1 Q 0 -10 -100 1 C -92 62 -52 100 0 100 Z"
_GEODESIC_POLES = (
    "M-100 1 C -80 50 -20 70 50 83",
    "M100 1 C 80 50 20 70 -50 83",
    "M-42 -4 C -42 30 -30 50 -50 84",
    "M42 -4 C 42 30 30 50 50 84",
    "M-50 84 Q 0 74 50 84",
)


def _geodesic(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    pitch = _Pitch(376 + persons * 15, 400 + persons * 34)
    sheet.ground(600, _FLOOR + 8, pitch.half * 1.1, 46)
    _guys(sheet, pitch, (-90, 42, -113, 22), (90, 42, 113, 22))
    shell = pitch.path(_GEODESIC)
    sheet.body(shell, tone, depth=0, rim=12)
    facets = (
        ("M-50 84 L 50 84 L 0 48 Z", mix(tone.base, tone.light, 0.45), 1),
        ("M-50 84 L -116 50 L -36 40 L 0 48 Z", tone.light, 0.28),
        ("M50 84 L 116 50 V-12 L 36 40 Z", tone.dark, 0.75),
        ("M36 40 L 116 -12 L 30 -14 Z", tone.deep, 0.55),
        ("M-36 40 L -116 -12 L -40 -14 Z", tone.dark, 0.6),
        ("M50 84 L 0 48 L 36 40 Z", tone.dark, 0.35),
        ("M-106 11 Q 0 1 106 11 V-16 H-106 Z", tone.deep, 1),
    )
    with sheet.inside(shell):
        for text, colour, opacity in facets:
            sheet.fill(pitch.path(text), colour, opacity)
    _door(sheet, 600, _FLOOR + 18, pitch.half * 0.3, pitch.high * 0.5, tone)
    with sheet.inside(shell):
        for text in _GEODESIC_POLES:
            marks.pole_sleeve(sheet, pitch.path(text), sheet.accent)
    sheet.lark(*pitch.at(0, 67), 54, tone.deep)


# --- ridge ---------------------------------------------------------------------------------------


def _ridge(sheet: Sheet, persons: int) -> None:
    tone = sheet.main
    pitch = _Pitch(384 + persons * 12, 440 + persons * 28)
    sheet.ground(600, _FLOOR + 4, pitch.half * 1.1, 44)
    _guys(sheet, pitch, (-46, 100, -120, 26), (45, 95, 112, -22))
    x, top = pitch.at(-46, 100)
    sheet.line(line(x, top - 30, x, _FLOOR), WOOD.dark, 15)
    sheet.line(line(x - 3, top - 28, x - 3, _FLOOR), WOOD.light, 5)
    roof = pitch.path("M-46 100 Q 0 93 45 95 Q 75 38 100 12 L 8 -3 Q -26 52 -46 100 Z")
    sheet.body(roof, tone.darker(0.1), depth=22, rim=12)
    with sheet.inside(roof):
        sheet.fill(pitch.path("M-42 92 Q 0 40 58 8 Q 10 54 -42 92 Z"), tone.light, 0.35)
        sheet.fill(pitch.path("M4 8 L 106 24 V-10 H4 Z"), tone.deep)
        sheet.stitch(pitch.path("M-18 36 L 74 42"), tone.light)
        if persons > 2:
            _window(sheet, *pitch.at(50, 31), 52, 40, tone.darker(0.3))
    front = pitch.path("M-46 100 Q -26 52 8 -3 L -100 0 Q -64 52 -46 100 Z")
    sheet.fill(front, mix("#3a332b", tone.deep, 0.45))
    with sheet.inside(front):
        x, y = pitch.at(-46, 20)
        sheet.glow(x, y, pitch.half * 0.46, pitch.high * 0.46, LAMP, 0.9)
        sheet.fill(ellipse(x, _FLOOR + 14, pitch.half * 0.44, 46), CREAM.dark)
        sheet.fill(ellipse(x + 20, _FLOOR - 8, pitch.half * 0.22, 26), sheet.accent.base)
        sheet.fill(ellipse(x + 12, _FLOOR - 14, pitch.half * 0.19, 16), sheet.accent.light)
    sheet.body(
        pitch.path("M-46 100 Q -64 52 -100 0 L -85 -1 C -76 20 -60 50 -46 100 Z"), tone, depth=8, rim=6
    )
    right = pitch.path("M-46 100 Q -27 52 8 -3 L -7 -3 C -14 20 -32 50 -46 100 Z")
    sheet.body(right, tone.darker(0.06), depth=8, rim=6)
    marks.eyelet(sheet, *pitch.at(-46, 101), 9)
    sheet.lark(*pitch.at(24, 62), 54, tone.light)


# --- parts ---------------------------------------------------------------------------------------


def _door(sheet: Sheet, x: float, base: float, half: float, high: float, tone: Tone) -> None:
    """An open door around ``x``, its left half rolled aside, a mat, a quilt and a lamp inside."""
    door = _Pitch(half, high, x)
    raised = base - _FLOOR
    opening = door.path("M-100 1 C -100 70 -50 100 0 100 C 50 100 100 70 100 1 Q 0 -5 -100 1 Z").shifted(
        0, raised
    )
    sheet.fill(opening, mix("#3a332b", tone.deep, 0.4))
    with sheet.inside(opening):
        sheet.glow(x, base - high * 0.26, half * 1.05, high * 0.6, LAMP, 0.95)
        sheet.fill(ellipse(x + half * 0.1, base + 8, half * 1.1, high * 0.16), CREAM.dark)
        sheet.fill(ellipse(x - half * 0.2, base - high * 0.1, half * 0.5, high * 0.07), sheet.accent.base)
        sheet.fill(ellipse(x - half * 0.22, base - high * 0.12, half * 0.44, high * 0.05), sheet.accent.light)
        lamp_x, lamp_y = x + half * 0.2, base - high * 0.68
        sheet.line(line(lamp_x, base - high, lamp_x, lamp_y), GRAPHITE.deep, 3)
        sheet.fill(ellipse(lamp_x, lamp_y + 8, 12, 15), "#fff3cf")
    flap = door.path("M-10 100 C -50 100 -100 70 -100 1 L -72 0 C -50 40 -62 72 -10 100 Z").shifted(0, raised)
    sheet.body(flap, tone.lighter(0.18), depth=10, rim=5)
    sheet.line(opening, tone.deep, 5, 0.7)
    for up in (36, 66):
        sheet.line(door.path(f"M-100 {up} L -60 {up + 2}").shifted(0, raised), sheet.accent.base, 7)


def _window(sheet: Sheet, x: float, y: float, half: float, tall: float, tone: Tone) -> None:
    shape = path(
        f"M{x - half} {y + tall} C {x - half} {y - tall * 0.4} {x - half * 0.5} {y - tall} {x} {y - tall} "
        f"C {x + half * 0.5} {y - tall} {x + half} {y - tall * 0.4} {x + half} {y + tall} Z"
    )
    sheet.fill(shape, mix("#f7dfae", tone.dark, 0.35))
    with sheet.inside(shape):
        sheet.line(line(x, y - tall, x, y + tall), tone.deep, 4)
        sheen = polygon((x - half, y - tall), (x - half * 0.2, y - tall), (x - half, y + tall))
        sheet.fill(sheen, "#ffffff", 0.22)
    sheet.line(shape, tone.deep, 6)
