"""How a text was understood, for the sentence above a list: what was typed, what was meant, the way to either."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.search.queries import ListingPage
from storefront.web.catalog.addresses import ListAddress


@dataclass(frozen=True, slots=True)
class Understood:
    """A text that was not simply found as it stands.

    ``manner`` is completed, corrected, partial or nothing (no word of it is known). ``meant`` is the text with its
    mistakes mended, ``exactly`` what to search for to have only the words as they were typed; None where nothing was
    mended.
    """

    manner: str
    typed: str
    found: bool
    meant: str | None
    meant_url: str | None
    exactly: str | None
    exactly_url: str | None


def understood(page: ListingPage, address: ListAddress) -> Understood | None:
    """What is to be said about the text of ``page``; None where it was taken as it stands, or in vain."""
    if not page.request.text or (page.manner == "exact" and not page.did_you_mean):
        return None
    typed, meant = page.request.text, page.did_you_mean
    if not page.total and not meant:
        return None
    exactly = _as_typed(typed, meant) if meant else None
    return Understood(
        manner=page.manner,
        typed=typed,
        found=page.total > 0,
        meant=meant,
        meant_url=address.with_text(meant) if meant else None,
        exactly=exactly,
        exactly_url=address.with_text(exactly) if exactly else None,
    )


def _as_typed(typed: str, meant: str) -> str:
    """``typed`` with the words that were mended in quotation marks: those are looked for as they are."""
    pairs = list(zip(typed.split(), meant.split(), strict=False))
    if len(typed.split()) != len(meant.split()):
        return f'"{typed.replace(chr(34), "")}"'
    return " ".join(word if word.lower() == better.lower() else f'"{word}"' for word, better in pairs)
