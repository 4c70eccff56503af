"""How Babel writes numbers and amounts, learnt from an example: a list has a hundred of them, and Babel takes its time.

What is learnt is tried against Babel with other numbers before it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel.numbers import format_currency, format_decimal, get_currency_precision

_MOST = Decimal(10_000_000)
_EXAMPLE = Decimal("1234567.89")
_PARTS = re.compile(r"(\D*)1(?P<group>\D?)234(?P=group)567(?:(?P<point>\D)89)?(\D*)")
_TRIED = ("0", "0.5", "9.99", "10", "999.99", "1000", "9999.5", "12345.675", "123456.7", "1234567.89")


@dataclass(frozen=True, slots=True)
class Writing:
    """What stands around the digits and between them. ``digits`` is a format, None where it is no simple matter."""

    before: str = ""
    after: str = ""
    digits: str | None = None
    separators: dict[int, str] | None = None

    def write(self, number: Decimal | int) -> str | None:
        """``number`` from 0 to ten million; None for all others, and where Babel must be asked."""
        if self.digits is None or not 0 <= number < _MOST:
            return None
        written = format(number, self.digits)
        if self.separators is not None:
            written = written.translate(self.separators)
        return f"{self.before}{written}{self.after}"


@cache
def money_writing(currency: str, language: str) -> Writing:
    """How amounts of a currency are written."""
    places = get_currency_precision(currency)
    return _learnt(lambda amount: format_currency(amount, currency, locale=language), places, _TRIED)


@cache
def number_writing(language: str) -> Writing:
    """How whole numbers are written."""
    whole = [one for one in _TRIED if "." not in one] + ["9999", "123456", "1234567"]
    return _learnt(lambda number: format_decimal(number, locale=language), 0, whole)


def _learnt(ask: Callable[[Decimal], str], places: int, tried: list[str] | tuple[str, ...]) -> Writing:
    parts = _PARTS.fullmatch(ask(_EXAMPLE))
    if parts is None or (places > 0 and parts["point"] is None):
        return Writing()
    separators = {",": parts["group"], ".": parts["point"] or ""}
    table = None if separators == {",": ",", ".": "."} else str.maketrans(separators)
    writing = Writing(parts[1], parts[4], f",.{places}f", table)
    return writing if all(writing.write(Decimal(one)) == ask(Decimal(one)) for one in tried) else Writing()
