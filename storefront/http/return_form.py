"""The form of a return, for shoppers and for staff in their name: plain fields by line, read and shown again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from storefront.core.money import ZERO
from storefront.returns.queries import ReturnableLine, ReturnableOrder
from storefront.returns.services import ReturnRequest, WantedLine

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class ReturnForm:
    """What was chosen, as text; ``values`` fill the fields in again."""

    values: Mapping[str, str]

    @property
    def kind(self) -> Literal["return", "exchange"]:
        """For money or for other goods."""
        return "exchange" if self.values.get("kind") == "exchange" else "return"

    def of(self, what: str, line: ReturnableLine) -> str:
        """The line's ``quantity``, ``reason`` or ``instead``."""
        return self.values.get(f"{what}-{line.id}", "")

    def request(self, order: ReturnableOrder) -> ReturnRequest:
        """The form as the service takes it, which checks it all."""
        lines = [
            WantedLine(
                line.id,
                quantity,
                self.of("reason", line),
                replacement_id=_key(self.of("instead", line)) if self.kind == "exchange" else None,
            )
            for line in order.lines
            if (quantity := number_in(self.of("quantity", line)))
        ]
        note = self.values.get("note", "").replace("\0", "").strip()[:LONGEST_NOTE]
        expected = amount_in(self.values.get("expected", ""))
        return ReturnRequest(self.kind, lines, self.values.get("method", "original"), note, expected)


def number_in(text: str) -> int:
    """A count as people type it; 0 for anything else."""
    return int(text) if text.strip().isdecimal() and len(text) < 7 else 0


def amount_in(text: str) -> Decimal | None:
    """An amount to the cent as people type it, with a comma or a point; None for anything else. Empty is None."""
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    is_money = amount.is_finite() and abs(amount) < 10_000_000 and amount == amount.quantize(Decimal("0.01"))
    return amount + ZERO if is_money else None


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
