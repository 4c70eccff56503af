"""How a feed's columns become ours: a TOML file, checked before the first row is read.

``[columns]`` maps our fields to the feed's; a value is a column's name or a table with ``column`` (or
``constant``) and how to read it. Columns that nothing names become specifications, unless ``ignore`` lists
them. ``docs/import.md`` explains every key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as AnyMapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storefront.journeys.catalog_import.rows import ProductRow, RowRefused

_TRUE = {"1", "true", "yes", "y", "t"}
_FALSE = {"0", "false", "no", "n", "f", ""}


class MappingInvalid(ValueError):
    """The mapping file is wrong; the text says where."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Where a field's value comes from and how it is read."""

    column: str | None = None
    constant: str | int | bool | None = None
    default: str | None = None
    scale: Decimal | None = Field(None, description="Multiplies a number: 0.01 turns cents into euros.")
    separator: str | None = Field(None, description="Splits a list or a category path.")
    prefix: str = Field("", description="Put before the value, for example a top category.")
    suffix: str = Field("", description="Put after the value, for example `.webp`.")


class SpecificationRules(_Strict):
    """How unknown columns are named as specifications."""

    keep: bool = True
    strip_prefixes: list[str] = []
    humanize: bool = Field(False, description="`display_diagonal` becomes `Display diagonal`.")
    column: str | None = Field(None, description="A column that holds an object of specifications.")
    separator: str = Field("", description="Parts values of several: with a comma `Black,Blue`, not `1,200`.")
    units: dict[str, str] = Field({}, description="What a specification's bare numbers are in, by its name.")


class Mapping(_Strict):
    """The whole file."""

    columns: dict[str, str | Source]
    ignore: list[str] = []
    specifications: SpecificationRules = SpecificationRules()

    @classmethod
    def load(cls, path: Path) -> Mapping:
        """Read and check a mapping file. Raises :class:`MappingInvalid`."""
        try:
            mapping = cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise MappingInvalid(f"{path.name}: {error}") from None
        except ValidationError as error:
            problem = error.errors()[-1]  # of a union's complaints the last is the table's, the precise one
            place = ".".join(str(part) for part in problem["loc"] if part != "Source")
            raise MappingInvalid(f"{path.name}: {place}: {problem['msg']}") from None
        unknown = set(mapping.columns) - set(_READERS)
        if unknown:
            raise MappingInvalid(f"{path.name}: columns: unknown field {', '.join(sorted(unknown))}")
        if missing := {"sku", "name", "price"} - set(mapping.columns):
            raise MappingInvalid(f"{path.name}: columns: no {', '.join(sorted(missing))}")
        return mapping

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The columns table with plain names spelled out."""
        return {
            name: Source(column=value) if isinstance(value, str) else value
            for name, value in self.columns.items()
        }

    @cached_property
    def _known_columns(self) -> frozenset[str]:
        used = {source.column for source in self.sources.values() if source.column}
        return frozenset(used | set(self.ignore) | {self.specifications.column or ""})

    def apply(self, line: int, values: AnyMapping[str, Any]) -> ProductRow:
        """The product that a feed's row means. Raises :class:`RowRefused`."""
        read: dict[str, Any] = {}
        for field_name, source in self.sources.items():
            raw = _raw(source, values)
            try:
                read[field_name] = _READERS[field_name](raw, source)
            except (ValueError, InvalidOperation, TypeError) as error:
                reason = str(error) if isinstance(error, RowRefused) else f"cannot be read: {str(raw)[:60]!r}"
                raise RowRefused(f"{field_name}: {reason}") from None
        row = ProductRow(
            line=line, specifications=self._specifications(values), fields=frozenset(self.sources), **read
        )
        row.check()
        return row

    def _specifications(self, values: AnyMapping[str, Any]) -> dict[str, str | list[str]]:
        rules, prefixes = self.specifications, tuple(self.specifications.strip_prefixes)
        found: dict[str, str] = {}
        given = values.get(rules.column) if rules.column else None
        if isinstance(given, dict):
            found.update({str(name): as_text(value) for name, value in given.items()})
        if rules.keep:
            for column, value in values.items():
                if column not in self._known_columns and (text := as_text(value)):
                    found.setdefault(_specification_name(column, prefixes, rules.humanize), text)
        return {name: _parts(name, text[:2_000], rules) for name, text in found.items() if name and text}


def _parts(name: str, text: str, rules: SpecificationRules) -> str | list[str]:
    """A specification's value with its unit; a list where it is several. "10, or more" and "1,200" are one value."""
    unit = rules.units.get(name)
    if unit and _NUMBER.fullmatch(text):
        return f"{text} {unit}"
    if not rules.separator or rules.separator not in text:
        return text
    between = re.escape(rules.separator)
    parts = re.split(rf"(?<=\S)(?<!\d){between}(?=\S)|(?<=\d){between}(?=[^\s\d])", text)
    distinct = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    return distinct if len(distinct) > 1 else distinct[0]


@lru_cache(maxsize=20_000)  # a feed has thousands of columns and millions of cells
def _specification_name(column: str, prefixes: tuple[str, ...], humanize: bool) -> str:
    for prefix in prefixes:
        column = column.removeprefix(prefix)
    if humanize:
        column = re.sub(r"_+", " ", column).strip().capitalize()
    return column.strip()[:120]


_MOST_DIGITS = 20
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def as_text(value: Any) -> str:
    """A feed's value as people read it: ``6.0`` is 6, true is Yes, a list is joined, null is nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return ", ".join(text for item in value if (text := as_text(item)))
        case dict():
            return ", ".join(f"{key}: {as_text(item)}" for key, item in value.items())
        case _:
            return str(value).replace("\x00", "").strip()


def _raw(source: Source, values: AnyMapping[str, Any]) -> Any:
    if source.constant is not None:
        return source.constant
    value = values.get(source.column or "")
    return source.default if value in (None, "", []) else value


def _text(raw: Any, source: Source) -> str | None:
    value = raw[0] if isinstance(raw, list) and raw else raw
    text = as_text(value)
    return f"{source.prefix}{text}{source.suffix}" if text else None


def _required_text(raw: Any, source: Source) -> str:
    return _text(raw, source) or ""


def _number(raw: Any, source: Source) -> Decimal | None:
    text = as_text(raw)
    if not text:
        return None
    number = Decimal(text)
    if not number.is_finite():
        raise RowRefused(f"is no number: {text!r}")
    if abs(number.adjusted()) > _MOST_DIGITS:  # written out, 1e999999999 fills the memory
        raise RowRefused(f"is too large or too small: {text[:60]!r}")
    return number if source.scale is None else number * source.scale


def _money(raw: Any, source: Source) -> Decimal | None:
    number = _number(raw, source)
    if number is None:
        return None
    amount = number.quantize(Decimal("0.01"))
    if amount != number:
        raise RowRefused(f"has more than two decimal places: {number}")
    return amount


def _whole(raw: Any, source: Source) -> int | None:
    number = _number(raw, source)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise RowRefused(f"is no whole number: {number}")
    return int(number)


def _list(raw: Any, source: Source) -> list[str]:
    items = raw if isinstance(raw, list) else as_text(raw).split(source.separator or ",")
    return [f"{source.prefix}{text}{source.suffix}" for item in items if (text := as_text(item))]


def _path(raw: Any, source: Source) -> tuple[str, ...]:
    text = _required_text(raw, source)
    return tuple(part for step in text.split(source.separator or ">") if (part := step.strip()[:100]))


def _flag(raw: Any, source: Source) -> bool:
    text = as_text(raw).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise RowRefused(f"is neither yes nor no: {text!r}")


def _moment(raw: Any, source: Source) -> datetime | None:
    text = as_text(raw)
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _options(raw: Any, source: Source) -> dict[str, str]:
    if isinstance(raw, dict):
        return {str(name): as_text(value) for name, value in raw.items() if as_text(value)}
    pairs = [part.split(":", 1) for part in as_text(raw).split(source.separator or ";") if part.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise RowRefused("options are written as `Size: M; Colour: Fir`")
    return {name.strip(): value.strip() for name, value in pairs}


_READERS = {
    "sku": _required_text,
    "parent_sku": _text,
    "name": _required_text,
    "brand": _text,
    "category": _path,
    "price": _money,
    "compare_at_price": _money,
    "cost": _money,
    "stock": _whole,
    "low_stock_threshold": _whole,
    "weight": _number,
    "barcode": _text,
    "short_description": _text,
    "description": _text,
    "tags": _list,
    "options": _options,
    "images": _list,
    "is_featured": _flag,
    "is_active": _flag,
    "published_at": _moment,
}
