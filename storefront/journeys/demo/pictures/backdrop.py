"""What lies behind each product: paper relief, like the layers of a map cut from card "
"and tinted by the product."""

from __future__ import annotations

import math

from storefront.journeys.demo.pictures.palette import PAPER, mix
from storefront.journeys.demo.pictures.path import Path, box, path, smooth
from storefront.journeys.demo.pictures.sheet import Sheet


def lie(sheet: Sheet) -> None:
    """For what is laid out or hung up: contour layers around the middle."""
    _paper(sheet)
    for step, (radius, share) in enumerate(((545, 0.07), (455, 0.12), (350, 0.17))):
        layer = _contour(sheet, radius, 2.1 + step * 0.55)
        sheet.fill(layer.shifted(5, 9), mix(PAPER, sheet.palette.tint, share + 0.07), 0.5)
        sheet.fill(layer, mix(PAPER, sheet.palette.tint, share))


def stand(sheet: Sheet, horizon: float = 760) -> None:
    """For what stands: a low sun, two far ridges and the ground."""
    _paper(sheet)
    tint = sheet.palette.tint
    sun_x = (330, 860, 600, 780)[sheet.pick(4)]
    sheet.fill(_circle(sun_x, horizon - 250, 235), mix(PAPER, "#f3c98b", 0.28))
    rise = (0, -34, 22)[sheet.pick(3)]
    far = path(
        f"M0 {horizon - 70 + rise} C 150 {horizon - 150} 260 {horizon - 170} 400 {horizon - 96}"
        f" C 520 {horizon - 36} 640 {horizon - 70} 760 {horizon - 130 - rise} C 880 "
        f"{horizon - 190} 1040 {horizon - 150}"
        f" 1200 {horizon - 60} L1200 1200 L0 1200 Z"
    )
    near = path(
        f"M0 {horizon + 20} C 180 {horizon - 40} 330 {horizon - 34} 520 {horizon + 14} C 720 {horizon + 60}"
        f" 900 {horizon - 30 + rise} 1200 {horizon - 4} L1200 1200 L0 1200 Z"
    )
    for layer, share in ((far, 0.09), (near, 0.16)):
        sheet.fill(layer.shifted(0, -4), mix(PAPER, "#ffffff", 0.5), 0.6)
        sheet.fill(layer, mix(PAPER, tint, share))
    ground = path(
        f"M0 {horizon + 120} C 300 {horizon + 84} 800 {horizon + 92} 1200 {horizon + 128} L1200 "
        "1200 L0 1200 Z"
    )
    sheet.fill(ground, mix(PAPER, tint, 0.22))


def _paper(sheet: Sheet) -> None:
    sheet.fill(box(0, 0, sheet.width, sheet.height, 0), PAPER)


def _contour(sheet: Sheet, radius: float, waves: float) -> Path:
    start = sheet.chances.uniform(0, 6)
    points = []
    for index in range(14):
        angle = index / 14 * math.tau
        swell = 1 + 0.055 * math.sin(angle * round(waves) + start) + 0.035 * math.sin(angle * 3 + start * 2)
        points.append((600 + math.cos(angle) * radius * swell * 1.02, 604 + math.sin(angle) * radius * swell))
    return smooth(points, closed=True)


def _circle(x: float, y: float, radius: float) -> Path:
    return smooth(
        [(x + radius * math.cos(a * 0.5236), y + radius * math.sin(a * 0.5236)) for a in range(12)],
        closed=True,
    )
