"""Bring the catalogues of all languages up to the texts of code and templates: `make texts`.

A text that is new stands in `storefront/translations/<language>/LC_MESSAGES/messages.po` without a translation
afterwards, one that is gone does not. Nothing is guessed. The head of each file stays as it is.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "storefront" / "translations"
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "N_": None}
_SOURCES = {"storefront": [("**.py", "python")], "templates": [("**.html", "jinja2"), ("**.txt", "jinja2")]}


def texts() -> Catalog:
    """What code and templates say, in English."""
    found = Catalog()
    for folder, methods in _SOURCES.items():
        for _file, _line, message, _comments, context in extract_from_dir(
            ROOT / folder, methods, keywords=KEYWORDS
        ):
            found.add(message, context=context)
    return found


def catalogues() -> list[Path]:
    """The catalogue of each language."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def read(path: Path) -> Catalog:
    """A catalogue as it stands."""
    with path.open("rb") as file:
        return read_po(file)


def bring_up(path: Path, code: Catalog) -> int:
    """Write the catalogue anew with the texts of ``code``; how many of them are not translated."""
    head = path.read_text().partition("\n\n")[0]
    known, current = read(path), Catalog()
    for message in code:
        if message.id:
            old = known.get(message.id)
            current.add(message.id, old.string if old and old.id == message.id else "")
    written = BytesIO()
    write_po(written, current, width=110, sort_output=True, omit_header=True)
    path.write_text(f"{head}\n\n{written.getvalue().decode().strip()}\n")
    return sum(not all(_forms(message.string)) for message in current if message.id)


def _forms(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    code = texts()
    for path in catalogues():
        print(f"  {path.relative_to(ROOT)}: {bring_up(path, code)} of {len(code)} texts are not translated")
