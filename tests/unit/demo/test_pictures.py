"""The demo shop's pictures: everything that can be ordered is drawn, looks as ordered, and renders."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from storefront.journeys.demo.pictures import (
    COLOURS,
    KINDS,
    SCENES,
    Art,
    NotRendered,
    UnknownArt,
    draw,
    draw_scene,
    rasterise,
    render_pictures,
    render_scene,
)

SVG = "{http://www.w3.org/2000/svg}"


def every_design() -> Iterator[Art]:
    """Each kind with each combination of its parameters, in changing colours."""
    colours = itertools.cycle(COLOURS)
    for kind, params in KINDS.items():
        for values in itertools.product(*params.values()):
            yield Art(kind, next(colours), tuple(zip(params, values, strict=True)))


DESIGNS = list(every_design())


@pytest.mark.parametrize("art", DESIGNS, ids=lambda art: art.name)
def test_each_design_is_a_well_formed_drawing_of_the_right_size(art: Art) -> None:
    """Every seeded variation parses, keeps to 1200 by 1200, and refers only to what it defines."""
    for seed in range(6):
        root = ElementTree.fromstring(draw(Art(art.kind, art.colour, art.params, seed)))
        assert root.tag == f"{SVG}svg"
        assert root.get("viewBox") == "0 0 1200 1200"
        assert len(root.findall(f".//{SVG}path")) > 15
        defined = {element.get("id") for element in root.iter() if element.get("id")}
        used = {
            value.removeprefix("url(#").removesuffix(")")
            for element in root.iter()
            for value in element.attrib.values()
            if value.startswith("url(#")
        }
        assert used == defined


@pytest.mark.parametrize("art", DESIGNS, ids=lambda art: art.name)
def test_each_design_renders_with_detail_on_bare_paper(art: Art) -> None:
    """Pixels come out in the asked size, in many tones, and the corner of the paper stays empty."""
    picture = rasterise(draw(art), art.name, 120, 120)
    assert picture.size == (120, 120)
    colours = picture.getcolors(120 * 120)
    assert colours is not None
    assert len(colours) > 150
    paper = picture.getpixel((2, 2))
    assert paper == (246, 241, 230)


@pytest.mark.parametrize("kind", KINDS)
def test_each_colour_gives_a_picture_of_its_own(kind: str) -> None:
    """No two colours of a kind look alike."""
    pictures = {rasterise(draw(Art(kind, colour)), colour, 60, 60).tobytes() for colour in COLOURS}
    assert len(pictures) == len(COLOURS)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (kind, name, value)
        for kind, params in KINDS.items()
        for name, values in params.items()
        for value in values[1:]
    ],
)
def test_each_parameter_changes_what_is_seen(kind: str, name: str, value: str) -> None:
    """A tent for four is not the tent for two."""
    plain, changed = Art(kind, "fir"), Art(kind, "fir", ((name, value),))
    assert draw(plain) != draw(changed)
    assert plain.file_name != changed.file_name


def test_the_same_order_is_drawn_the_same_each_time() -> None:
    """A picture can be made again, byte for byte."""
    art = Art("beanie", "berry", seed=4)
    assert draw(art) == draw(Art("beanie", "berry", seed=4))
    assert draw(art) != draw(Art("beanie", "berry", seed=5))


def test_an_order_is_read_from_the_feed() -> None:
    """Numbers and switches become parameters, what is left out takes its default, a text becomes a seed."""
    tent = Art.from_json({"kind": "tent", "shape": "dome", "persons": 2, "colour": "fir"})
    assert tent == Art("tent", "fir", (("persons", "2"),))
    assert tent.params == (("shape", "dome"), ("persons", "2"))
    assert tent.file_name == "tent-dome-2-fir.webp"
    jacket = Art.from_json({"kind": "jacket", "style": "wind", "hood": False, "colour": "night", "seed": 7})
    assert jacket.file_name == "jacket-wind-plain-s7-night.webp"
    named = Art.from_json({"kind": "mug", "colour": "snow", "seed": "Dawn Mug"})
    assert named.seed == Art.from_json({"kind": "mug", "colour": "ember", "seed": "Dawn Mug"}).seed > 0
    assert named.seed != Art.from_json({"kind": "mug", "colour": "snow", "seed": "Dusk Mug"}).seed


@pytest.mark.parametrize(
    ("order", "field", "value"),
    [
        ({"kind": "kayak", "colour": "fir"}, "kind", "kayak"),
        ({"colour": "fir"}, "kind", ""),
        ({"kind": "tent", "colour": "pink"}, "colour", "pink"),
        ({"kind": "tent", "colour": "fir", "persons": 7}, "persons", "7"),
        ({"kind": "mug", "colour": "fir", "persons": 2}, "persons", "2"),
        ({"kind": "jacket", "colour": "fir", "hood": "maybe"}, "hood", "maybe"),
    ],
)
def test_what_nobody_has_drawn_is_named(order: dict[str, object], field: str, value: str) -> None:
    """A wrong order raises an error that carries which part of it is wrong."""
    with pytest.raises(UnknownArt) as raised:
        Art.from_json(order)
    assert (raised.value.field, raised.value.value) == (field, value)


def test_pictures_are_written_once_each_and_progress_is_told(tmp_path: Path) -> None:
    """Twice the same order makes one file; the size is the largest the shop shows."""
    fir, ember = Art("mug", "fir"), Art("mug", "ember")
    told: list[tuple[int, int]] = []
    names = render_pictures(
        [fir, ember, fir], tmp_path / "new", lambda done, total: told.append((done, total))
    )
    assert names == {fir: "mug-fir.webp", ember: "mug-ember.webp"}
    assert told == [(1, 2), (2, 2)]
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == ["mug-ember.webp", "mug-fir.webp"]
    with Image.open(tmp_path / "new" / "mug-fir.webp") as picture:
        assert (picture.format, picture.size) == ("WEBP", (1200, 1200))
    assert (tmp_path / "new" / "mug-fir.webp").stat().st_size < 200_000


def test_several_processes_write_what_one_writes(tmp_path: Path) -> None:
    """Sharing the work between processes changes no byte."""
    arts = [Art("compass", colour, seed=seed) for colour in COLOURS for seed in (0, 1)][:14]
    alone = render_pictures(arts, tmp_path / "alone", processes=1)
    shared = render_pictures(arts, tmp_path / "shared", processes=2)
    assert alone == shared
    for name in alone.values():
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "shared" / name).read_bytes()


@pytest.mark.parametrize("scene", SCENES)
def test_scenes_are_wide_and_calm_where_the_headline_stands(scene: str, tmp_path: Path) -> None:
    """The upper left of a scene varies little, so that text on it stays readable."""
    assert ElementTree.fromstring(draw_scene(scene)).get("viewBox") == "0 0 2400 1200"
    with Image.open(tmp_path / render_scene(scene, tmp_path)) as picture:
        assert picture.size == (2400, 1200)
        shades = sorted(picture.convert("L").resize((48, 24)).crop((2, 2, 20, 9)).tobytes())
    assert shades[-1] - shades[0] < 30


def test_an_unknown_scene_and_a_broken_drawing_are_typed_errors() -> None:
    """Neither a missing scene nor a bad document passes silently."""
    with pytest.raises(UnknownArt) as raised:
        draw_scene("moon")
    assert raised.value.value == "moon"
    with pytest.raises(NotRendered) as failed:
        rasterise("no drawing at all", "mug-fir", 10, 10)
    assert failed.value.name == "mug-fir"
