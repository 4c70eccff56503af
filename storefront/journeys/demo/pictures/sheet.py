"""The sheet a picture is drawn on: flat fills, shading cut with the outline, seams and stitches."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from storefront.journeys.demo.pictures.palette import INK, Palette, Tone
from storefront.journeys.demo.pictures.path import Path, ellipse, path

# The light comes from the top left in each picture, so shade is what an outline moved up and left uncovers.
_SHADE = (-0.72, -0.69)


class Sheet:
    """Collects SVG elements in painting order. The palette and the seeded chances belong to one picture."""

    def __init__(self, palette: Palette, seed: int = 0, width: int = 1200, height: int = 1200) -> None:
        self.palette = palette
        self.seed = seed
        self.width, self.height = width, height
        self.chances = random.Random(seed)
        self._elements: list[str] = []
        self._definitions: list[str] = []

    @property
    def main(self) -> Tone:
        """The product's own colour."""
        return self.palette.main

    @property
    def accent(self) -> Tone:
        """The contrast colour; some seeds swap it with the quieter trim."""
        return self.palette.trim if self.seed % 3 == 2 else self.palette.accent

    @property
    def trim(self) -> Tone:
        """The second contrast colour."""
        return self.palette.accent if self.seed % 3 == 2 else self.palette.trim

    def pick(self, count: int) -> int:
        """Which of ``count`` designs this seed wears."""
        return self.seed % count

    def fill(self, shape: Path, colour: str, opacity: float = 1) -> None:
        """A flat area."""
        self._elements.append(f'<path d="{shape.text()}" fill="{colour}"{_faded("opacity", opacity)}/>')

    def cut(self, shape: Path, hole: Path, colour: str, opacity: float = 1) -> None:
        """The part of ``shape`` that ``hole`` leaves."""
        both = (shape + hole).text()
        faded = _faded("opacity", opacity)
        self._elements.append(f'<path d="{both}" fill="{colour}" fill-rule="evenodd"{faded}/>')

    def line(
        self,
        shape: Path,
        colour: str,
        width: float = 4,
        opacity: float = 1,
        dash: str = "",
        cap: str = "round",
    ) -> None:
        """A stroke; ``dash`` as in SVG (``"9 7"``)."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._elements.append(
            f'<path d="{shape.text()}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
            f'stroke-linecap="{cap}" stroke-linejoin="round"{dashed}{_faded("opacity", opacity)}/>'
        )

    @contextmanager
    def inside(self, shape: Path) -> Iterator[None]:
        """What is drawn in this block shows only inside ``shape``."""
        name = f"c{len(self._definitions)}"
        self._definitions.append(f'<clipPath id="{name}"><path d="{shape.text()}"/></clipPath>')
        self._elements.append(f'<g clip-path="url(#{name})">')
        yield
        self._elements.append("</g>")

    @contextmanager
    def turned(self, degrees: float, x: float = 600, y: float = 600) -> Iterator[None]:
        """What is drawn in this block is turned clockwise around (x, y)."""
        self._elements.append(f'<g transform="rotate({degrees:g} {x:g} {y:g})">')
        yield
        self._elements.append("</g>")

    @contextmanager
    def placed(self, x: float, y: float, scale: float = 1) -> Iterator[None]:
        """What is drawn in this block is moved by (x, y) and scaled."""
        self._elements.append(f'<g transform="translate({x:g} {y:g}) scale({scale:g})">')
        yield
        self._elements.append("</g>")

    def body(self, shape: Path, tone: Tone, *, depth: float = 34, rim: float = 9, edge: bool = True) -> None:
        """A solid thing: its colour, a shaded crescent away from the light, a lit rim, and a fine contour."""
        self.fill(shape, tone.base)
        if depth or rim:
            with self.inside(shape):
                self.shade(shape, tone, depth=depth, rim=rim)
        if edge:
            self.line(shape, tone.deep, 3, 0.55)

    def shade(self, shape: Path, tone: Tone, *, depth: float, rim: float) -> None:
        """Only the crescents of `body`; call it inside the outline."""
        frame = shape.framed(depth + rim + 8)
        if depth:
            self.cut(frame, shape.shifted(depth * _SHADE[0], depth * _SHADE[1]), tone.dark, 0.85)
        if rim:
            self.cut(frame, shape.shifted(-rim * _SHADE[0], -rim * _SHADE[1]), tone.light, 0.9)

    def seam(self, shape: Path, tone: Tone, width: float = 4) -> None:
        """A sewn line: a dark furrow and a lit edge below it."""
        self.line(shape.shifted(1.5, 3), tone.light, width * 0.7, 0.7)
        self.line(shape, tone.deep, width, 0.75)

    def stitch(self, shape: Path, colour: str, width: float = 3, opacity: float = 0.75) -> None:
        """A row of stitches."""
        self.line(shape, colour, width, opacity, dash="11 8")

    def glow(self, x: float, y: float, across: float, down: float, colour: str, strength: float) -> None:
        """A soft ellipse that fades to nothing: ground shadows and lamp light."""
        name = f"g{len(self._definitions)}"
        self._definitions.append(
            f'<radialGradient id="{name}" gradientUnits="userSpaceOnUse" cx="{x:g}" cy="0" r="{across:g}" '
            f'gradientTransform="matrix(1 0 0 {down / across:.4f} 0 {y:g})">'
            f'<stop offset="0" stop-color="{colour}" stop-opacity="{strength:g}"/>'
            f'<stop offset="0.55" stop-color="{colour}" stop-opacity="{strength * 0.55:g}"/>'
            f'<stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>'
        )
        self.fill(ellipse(x, y, across, down), f"url(#{name})")

    def fade(self, shape: Path, start: tuple[float, float], end: tuple[float, float], *stops: str) -> None:
        """``shape`` filled with a straight gradient from ``start`` to ``end`` through ``stops``."""
        name = f"l{len(self._definitions)}"
        last = max(len(stops) - 1, 1)
        marks = "".join(
            f'<stop offset="{i / last:.3f}" stop-color="{stop}"/>' for i, stop in enumerate(stops)
        )
        self._definitions.append(
            f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" x1="{start[0]:g}" y1="{start[1]:g}" '
            f'x2="{end[0]:g}" y2="{end[1]:g}">{marks}</linearGradient>'
        )
        self.fill(shape, f"url(#{name})")

    def cast(self, shape: Path, distance: float = 22) -> None:
        """The shadow of something that lies on or hangs before the paper."""
        for share, opacity in ((1.5, 0.05), (1.0, 0.07), (0.5, 0.08)):
            self.fill(shape.shifted(distance * share * 0.75, distance * share), INK, opacity)

    def ground(self, x: float, y: float, across: float, down: float = 34) -> None:
        """The shadow of something that stands on the ground, drawn a little to the right of it."""
        self.glow(x + across * 0.07, y, across * 1.12, down * 1.25, INK, 0.3)
        self.glow(x + across * 0.02, y, across * 0.96, down * 0.6, INK, 0.34)

    def lark(self, x: float, y: float, size: float, colour: str, opacity: float = 1) -> None:
        """The brand's mark, a small lark rising; ``size`` is its width."""
        scale = size / 100
        self.fill(_LARK.mapped(scale, 0, 0, scale, x - size / 2, y - size * 0.4), colour, opacity)

    def svg(self) -> str:
        """The finished document."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}"><defs>{"".join(self._definitions)}</defs>'
            f"{''.join(self._elements)}</svg>"
        )


def _faded(name: str, opacity: float) -> str:
    return "" if opacity >= 1 else f' {name}="{opacity:g}"'


# Body and tail in one sweep, two raised wings.
_LARK = path(
    "M2 66 C18 64 30 58 40 50 C34 34 24 18 14 6 C34 10 50 22 58 38 C60 26 66 12 76 2 C82 16 82 30 76 42"
    " C80 43 84 43 88 42 L100 46 L90 51 C86 64 72 74 54 74 C42 74 32 72 22 76 L6 80 L16 70 Z"
)
