"""Product pictures of the demo shop, drawn as vector art from a kind, its parameters and a colour."""

from __future__ import annotations

from storefront.journeys.demo.pictures.art import KINDS, Art
from storefront.journeys.demo.pictures.drawing import draw
from storefront.journeys.demo.pictures.errors import NotRendered, UnknownArt
from storefront.journeys.demo.pictures.palette import COLOURS
from storefront.journeys.demo.pictures.rendering import rasterise, render_pictures, render_scene
from storefront.journeys.demo.pictures.scenes import SCENES, draw_scene

__all__ = [
    "COLOURS",
    "KINDS",
    "SCENES",
    "Art",
    "NotRendered",
    "UnknownArt",
    "draw",
    "draw_scene",
    "rasterise",
    "render_pictures",
    "render_scene",
]
