"""What a text means, whichever engine looks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Manner = Literal["exact", "completed", "corrected", "partial", "nothing"]


@dataclass(frozen=True, slots=True)
class Term:
    """One wanted thing: any of its alternatives suffices.

    ``alternatives`` are lower-case words, one with spaces is a phrase; synonyms, unit forms and compounds included.
    The first is what was typed (corrected). With ``is_prefix`` it is only a beginning.
    """

    alternatives: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A text as it was understood: ``text`` as typed and cleaned, what is wanted and what is not.

    Filters that the text holds ("under 100", "brand:x") are no part of it: they are in the request. ``code`` is the
    text where it may be a SKU or a barcode: the product that has it comes first. ``meaning`` is the text with its
    mistakes mended, for comparing by meaning.
    """

    text: str
    terms: tuple[Term, ...]
    excluded: tuple[Term, ...] = ()
    manner: Manner = "exact"
    did_you_mean: str | None = None
    code: str | None = None

    @property
    def meaning(self) -> str:
        """The text with its mistakes mended."""
        return self.did_you_mean or self.text
