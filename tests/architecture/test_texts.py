"""Each text of code and templates is translated into each language, with the same placeholders."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from scripts import texts

HOW = "`make texts` brings the catalogue up to the code; CONTRIBUTING.md says how to go on"
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}|</?[a-z][^>]*>")


@pytest.fixture(scope="module")
def code() -> Catalog:
    return texts.texts()


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def written(catalogue: Catalog) -> dict[str | tuple[str, ...], Message]:
    return {message.id: message for message in catalogue if message.id}


@pytest.mark.parametrize("path", texts.catalogues(), ids=lambda path: path.parts[-3])
def test_every_text_is_translated(code: Catalog, path: Path) -> None:
    catalogue = texts.read(path)
    translated, needed = written(catalogue), written(code)
    assert len(needed) > 1_000
    assert sorted(map(forms, needed.keys() - translated.keys())) == [], HOW
    assert sorted(map(forms, translated.keys() - needed.keys())) == [], HOW
    for key, message in translated.items():
        strings = forms(message.string)
        assert not message.fuzzy, key
        assert len(strings) == (1 if isinstance(key, str) else catalogue.num_plurals), key
        assert all(string.strip() for string in strings), key
        allowed = [Counter(_PLACEHOLDER.findall(form)) for form in forms(key)]
        for string in strings:
            assert Counter(_PLACEHOLDER.findall(string)) in allowed, (key, string)
            assert string[0].isspace() == forms(key)[0][0].isspace(), key


class _AtImport(ast.NodeVisitor):
    """Finds texts that are worded when a module is loaded: nobody's language is known then."""

    def __init__(self) -> None:
        self.found: list[int] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """What a function words is worded when it is called."""

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """As a function."""

    def visit_Call(self, node: ast.Call) -> None:
        """A call in a module's or a class's own body."""
        if isinstance(node.func, ast.Name) and node.func.id in ("_", "gettext", "ngettext"):
            self.found.append(node.lineno)
        self.generic_visit(node)


def test_no_text_is_worded_before_somebody_asks() -> None:
    worded = {}
    for path in (texts.ROOT / "storefront").rglob("*.py"):
        source = path.read_text()
        if (
            "storefront.core.texts import gettext" in source
            or "storefront.core.texts import ngettext" in source
        ):
            finder = _AtImport()
            finder.visit(ast.parse(source))
            worded[path.name] = finder.found
    assert len(worded) > 50
    assert {name: lines for name, lines in worded.items() if lines} == {}, (
        "_l of CONTRIBUTING.md is for these"
    )
