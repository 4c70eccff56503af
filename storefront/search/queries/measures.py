"""Numbers with a unit, in all the ways people and feeds write them: ``1tb``, ``1 TB``, ``1000 GB``."""

from __future__ import annotations

import re
from decimal import Decimal

# Each line is one unit; its first spelling is the one shown. Spellings that are words of their own ("in", "a") count
# only where they touch the number.
_UNITS: tuple[tuple[str, ...], ...] = (
    ("tb", "terabyte", "terabytes"),
    ("gb", "gigabyte", "gigabytes"),
    ("mb", "megabyte", "megabytes"),
    ("inch", "inches", '"', "″", "''", "in", "zoll"),
    ("mm", "millimetre", "millimetres", "millimeter", "millimeters"),
    ("cm", "centimetre", "centimetres", "centimeter", "centimeters"),
    ("m", "metre", "metres", "meter", "meters"),
    ("km", "kilometre", "kilometres", "kilometer", "kilometers"),
    ("ft", "feet", "foot"),
    ("g", "gram", "grams", "gramm"),
    ("kg", "kilo", "kilos", "kilogram", "kilograms", "kilogramm"),
    ("ml", "millilitre", "millilitres", "milliliter", "milliliters"),
    ("l", "litre", "litres", "liter", "liters"),
    ("w", "watt", "watts"),
    ("kw", "kilowatt", "kilowatts"),
    ("v", "volt", "volts"),
    ("a", "amp", "amps", "ampere"),
    ("mah",),
    ("wh",),
    ("hz", "hertz"),
    ("khz", "kilohertz"),
    ("mhz", "megahertz"),
    ("ghz", "gigahertz"),
    ("mp", "megapixel", "megapixels"),
    ("dpi",),
    ("rpm",),
    ("mbps",),
    ("gbps",),
)
_ONLY_TOUCHING = frozenset({"in", "a", '"', "″", "''"})
_MARKS = frozenset({'"', "″", "''"})
_SPELLINGS = {spelling: unit for unit in _UNITS for spelling in unit}
_THOUSANDS = {
    "tb": "gb",
    "gb": "mb",
    "ghz": "mhz",
    "mhz": "khz",
    "kg": "g",
    "km": "m",
    "kw": "w",
    "l": "ml",
    "gbps": "mbps",
}
_UNIT = "|".join(re.escape(spelling) for spelling in sorted(_SPELLINGS, key=len, reverse=True))
_LOOSE = "|".join(
    re.escape(spelling)
    for spelling in sorted(_SPELLINGS, key=len, reverse=True)
    if spelling not in _ONLY_TOUCHING
)

MEASURE = re.compile(
    rf"(?<![\w.,-])(\d{{1,7}}(?:[.,]\d{{1,3}})?)(?:[ -]({_LOOSE})|({_UNIT}))(?![\w-])", re.IGNORECASE
)
"""A measure in a text; groups: the number, the unit apart, the unit touching."""


def forms_of(found: re.Match[str]) -> tuple[str, ...]:
    """A match of :data:`MEASURE` in all its writings, the usual one (``27 inch``) first."""
    number = found[1].replace(",", ".")
    unit = _SPELLINGS[(found[2] or found[3]).lower()]
    forms = list(_writings(number, unit))
    smaller = _THOUSANDS.get(unit[0])
    if smaller:
        forms += _writings(_plain(Decimal(number) * 1000), (smaller,))
    larger = next((name for name, part in _THOUSANDS.items() if part == unit[0]), None)
    if larger and Decimal(number) >= 1000 and Decimal(number) % 100 == 0:
        forms += _writings(_plain(Decimal(number) / 1000), (larger,))
    if unit[0] == "inch":
        forms.append(number)  # in "27″" the mark is no part of any word
    return tuple(dict.fromkeys(forms))


def _writings(number: str, unit: tuple[str, ...]) -> list[str]:
    numbers = [number, number.replace(".", ",")] if "." in number else [number]
    spellings = [spelling for spelling in unit if spelling not in _MARKS]
    return [f"{one}{gap}{spelling}" for one in numbers for spelling in spellings for gap in (" ", "")]


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
