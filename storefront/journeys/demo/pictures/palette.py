"""The colours of the demo pictures: eleven product colours, and the materials that stay the same in each."""

from __future__ import annotations

from dataclasses import dataclass

PAPER = "#f6f1e6"
INK = "#23282a"
_WARM_LIGHT = "#fff8ea"
_COOL_DARK = "#141d2b"


def mix(first: str, second: str, share: float) -> str:
    """The colour ``share`` (0 to 1) of the way from ``first`` to ``second``, both ``#rrggbb``."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@dataclass(frozen=True, slots=True)
class Tone:
    """One material in flat light: its own colour, the lit side, the shaded side and the deepest crease."""

    base: str
    light: str
    dark: str
    deep: str

    @classmethod
    def of(cls, base: str, light: str | None = None, dark: str | None = None) -> Tone:
        """A tone around ``base``; the lit and shaded sides are derived where they are not given."""
        shaded = dark or mix(base, _COOL_DARK, 0.28)
        return cls(base, light or mix(base, _WARM_LIGHT, 0.3), shaded, mix(shaded, _COOL_DARK, 0.42))

    def darker(self, share: float = 0.2) -> Tone:
        """The same material one step down, for panels that lie behind or are dyed deeper."""
        return Tone.of(mix(self.base, _COOL_DARK, share))

    def lighter(self, share: float = 0.25) -> Tone:
        """The same material one step up."""
        return Tone.of(mix(self.base, _WARM_LIGHT, share))


@dataclass(frozen=True, slots=True)
class Palette:
    """What a product in one colour is painted with."""

    main: Tone
    accent: Tone
    trim: Tone
    tint: str


STEEL = Tone.of("#b4bab9", "#e3e6e3", "#848c8e")
GRAPHITE = Tone.of("#54585b", "#787d80", "#393d40")
RUBBER = Tone.of("#33373a", "#54595c", "#222628")
WOOD = Tone.of("#b98a5a", "#d5ac7d", "#8f6540")
CREAM = Tone.of("#ece2cf", "#faf4e6", "#cfc2a9")
WEBBING = Tone.of("#3d4346", "#5c6366", "#292e31")
BRASS = Tone.of("#d4ab57", "#edd08d", "#a9822f")
LINING = Tone.of("#5a5f60", "#73797a", "#44494b")
LEATHER = Tone.of("#a9764a", "#c69566", "#7f5432")
SNOW = Tone.of("#e9e5da", "#fbf9f3", "#cbc5b7")
LAMP = "#ffd98a"

_EMBER = Tone.of("#d6693a", "#ea9161", "#a84e29")
_FIR = Tone.of("#2f5e4d", "#4b806b", "#21463a")
_OCHRE = Tone.of("#d8a441", "#ebc470", "#ac7d2a")
_NIGHT = Tone.of("#2d3c5b", "#4b5e83", "#1e2a44")
_GLACIER = Tone.of("#93bacb", "#bdd8e2", "#6b97ab")
_SAND = Tone.of("#d0ba97", "#e4d4b8", "#a99370")
_BERRY = Tone.of("#8f3654", "#b35c79", "#6a253c")
_SLATE = Tone.of("#65747f", "#8a99a3", "#4a5863")
_CHARCOAL = Tone.of("#45484b", "#686c70", "#2f3235")
_MOSS = Tone.of("#7d8753", "#9ea775", "#5d663b")

PALETTES: dict[str, Palette] = {
    "fir": Palette(_FIR, _EMBER, _OCHRE, _FIR.base),
    "moss": Palette(_MOSS, _OCHRE, _FIR, _MOSS.base),
    "slate": Palette(_SLATE, _EMBER, _GLACIER, _SLATE.base),
    "ember": Palette(_EMBER, CREAM, _NIGHT, _EMBER.base),
    "ochre": Palette(_OCHRE, _FIR, CREAM, _OCHRE.base),
    "sand": Palette(_SAND, _EMBER, _MOSS, _SAND.dark),
    "night": Palette(_NIGHT, _OCHRE, _GLACIER, _NIGHT.light),
    "glacier": Palette(_GLACIER, _EMBER, _NIGHT, _GLACIER.base),
    "berry": Palette(_BERRY, _GLACIER, _OCHRE, _BERRY.base),
    "charcoal": Palette(_CHARCOAL, _EMBER, _SAND, _SLATE.base),
    "snow": Palette(SNOW, _GLACIER, _EMBER, _GLACIER.dark),
}
COLOURS: tuple[str, ...] = tuple(PALETTES)
