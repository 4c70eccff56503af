"""From drawings to files: ThorVG turns the SVG into pixels, Pillow writes WebP, all cores share the work."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

from PIL import Image
from thorvg_python.base import Result
from thorvg_python.canvas.sw import SwCanvas
from thorvg_python.engine import Engine
from thorvg_python.paint.picture import Picture

from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.drawing import draw
from storefront.journeys.demo.pictures.errors import NotRendered
from storefront.journeys.demo.pictures.scenes import SCENE_SIZE, draw_scene

SIZE = 1200
"""Width and height of a rendered product picture, in pixels. Half the work of the largest size the shop could
show (1440), and enough for the gallery on a screen of double density."""

_QUALITY = 90
_METHOD = 0  # the least effort: the import encodes the sizes that the shop serves from this file
_WORTH_A_POOL = 12  # below this, starting processes takes longer than drawing

Progress = Callable[[int, int], None]
"""Told how many pictures are done, and how many there are."""


def rasterise(svg: str, name: str, width: int, height: int) -> Image.Image:
    """The drawing as pixels. Raises `NotRendered` with ``name`` when the document cannot be drawn."""
    engine = _engine()
    canvas = SwCanvas(engine)
    picture = Picture(engine)
    try:
        canvas.set_target(width, height)
        loaded = picture.load_data(svg.encode(), "svg", None, True)
        if loaded != Result.SUCCESS:
            raise NotRendered(name, str(loaded))
        picture.set_size(width, height)
        for done in (canvas.add(picture), canvas.draw(True), canvas.sync()):
            if done != Result.SUCCESS:
                raise NotRendered(name, str(done))
        return canvas.get_pillow("RGB")
    finally:
        canvas.destroy()


def render_pictures(
    arts: Sequence[Art],
    folder: Path,
    progress: Progress = lambda done, total: None,
    *,
    processes: int | None = None,
) -> dict[Art, str]:
    """Draws each of ``arts`` once into ``folder`` as WebP, and says the file name of each.

    ``processes`` defaults to the number of cores. Raises `NotRendered`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    distinct = list(dict.fromkeys(arts))
    workers = min(processes or os.cpu_count() or 1, len(distinct))
    render = partial(_render, folder)
    names: dict[Art, str] = {}
    if workers < 2 or len(distinct) < _WORTH_A_POOL:
        for art in distinct:
            names[art] = render(art)
            progress(len(names), len(distinct))
        return names
    # Spawned, not forked: the caller may hold threads and connections that must not be copied.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        for art, name in zip(distinct, pool.map(render, distinct, chunksize=8), strict=True):
            names[art] = name
            progress(len(names), len(distinct))
    return names


def render_scene(name: str, folder: Path) -> str:
    """Draws the scene into ``folder`` as WebP and says its file name. Raises `UnknownArt` "
    "and `NotRendered`."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = rasterise(draw_scene(name), name, *SCENE_SIZE)
    file_name = f"scene-{name}.webp"
    picture.save(folder / file_name, "WEBP", quality=_QUALITY, method=4)
    return file_name


def _render(folder: Path, art: Art) -> str:
    picture = rasterise(draw(art), art.name, SIZE, SIZE)
    picture.save(folder / art.file_name, "WEBP", quality=_QUALITY, method=_METHOD)
    return art.file_name


@cache
def _engine() -> Engine:
    return Engine(threads=0)
