"""What can be drawn: the kinds of product, the parameters of each, and one order for one picture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from storefront.journeys.demo.pictures.errors import UnknownArt
from storefront.journeys.demo.pictures.palette import PALETTES

# Each parameter lists its values; the first one holds where an order leaves the parameter out.
KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    "tent": {"shape": ("dome", "tunnel", "geodesic", "ridge"), "persons": ("2", "1", "3", "4", "5", "6")},
    "tarp": {},
    "hammock": {},
    "bivy": {},
    "sleeping_bag": {"shape": ("mummy", "quilt", "rectangular")},
    "mat": {"type": ("air", "foam")},
    "pillow": {},
    "jacket": {"style": ("shell", "down", "fleece", "wind"), "hood": ("true", "false")},
    "vest": {"style": ("down", "fleece")},
    "trousers": {"style": ("hiking", "rain", "shorts")},
    "shirt": {"sleeve": ("short", "long")},
    "base_layer": {},
    "beanie": {},
    "cap": {},
    "gloves": {},
    "socks": {},
    "boots": {"height": ("high", "mid")},
    "shoes": {"style": ("trail", "approach", "sandal")},
    "gaiters": {},
    "backpack": {"size": ("day", "trek", "expedition")},
    "dry_bag": {},
    "duffel": {},
    "pouch": {},
    "stove": {"type": ("canister", "multi", "wood")},
    "pot": {"pieces": ("2", "1", "3")},
    "mug": {},
    "bottle": {"type": ("steel", "soft")},
    "cutlery": {},
    "cooler": {},
    "headlamp": {},
    "lantern": {},
    "power_bank": {},
    "solar_panel": {},
    "poles": {},
    "compass": {},
    "map_case": {},
    "knife": {},
    "first_aid": {},
    "water_filter": {},
    "rope": {},
    "chair": {},
    "table": {},
    "towel": {},
    "repair_kit": {},
    "book": {},
}
_SWITCHES = {("jacket", "hood"): ("hood", "plain")}


@dataclass(frozen=True, slots=True)
class Art:
    """An order for one picture. ``params`` holds each parameter of the kind, in the order of ``KINDS``.

    ``seed`` chooses among small variations (trim, pockets, backdrop), so that two products of one kind differ.
    """

    kind: str
    colour: str
    params: tuple[tuple[str, str], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Fills in what was left out; raises `UnknownArt` for what nobody has drawn."""
        if self.kind not in KINDS:
            raise UnknownArt(self.kind, "kind", self.kind)
        if self.colour not in PALETTES:
            raise UnknownArt(self.kind, "colour", self.colour)
        allowed = KINDS[self.kind]
        given = dict(self.params)
        for name, value in given.items():
            if value not in allowed.get(name, ()):
                raise UnknownArt(self.kind, name, value)
        complete = tuple((name, given.get(name, values[0])) for name, values in allowed.items())
        object.__setattr__(self, "params", complete)

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Art:
        """Reads ``{"kind": "tent", "shape": "dome", "persons": 2, "colour": "fir", "seed": 7}``.

        ``seed`` may be a number or any text, for example the product's name. Raises `UnknownArt`.
        """
        known = {"kind", "colour", "seed"}
        params = tuple((name, _worded(value)) for name, value in data.items() if name not in known)
        kind, colour = str(data.get("kind", "")), str(data.get("colour", ""))
        return cls(kind, colour, params, _seed(data.get("seed", 0)))

    def param(self, name: str) -> str:
        """The value of one parameter of this kind."""
        return dict(self.params)[name]

    @property
    def name(self) -> str:
        """The stable name of the picture, ``<kind>-<params>-<colour>``, with the seed before "
        "the colour if any."""
        parts = [self.kind.replace("_", "-")]
        for parameter, value in self.params:
            if (self.kind, parameter) in _SWITCHES:
                yes, no = _SWITCHES[self.kind, parameter]
                parts.append(yes if value == "true" else no)
            else:
                parts.append(value)
        if self.seed:
            parts.append(f"s{self.seed}")
        return "-".join((*parts, self.colour))

    @property
    def file_name(self) -> str:
        """The name of the rendered file."""
        return f"{self.name}.webp"


def _worded(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seed(value: object) -> int:
    if isinstance(value, int):
        return abs(value) % 1000
    digest = hashlib.blake2s(str(value).encode(), digest_size=4).digest()
    return 1 + int.from_bytes(digest) % 998
