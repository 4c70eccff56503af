"""Each text of code and templates is translated into each language, with the same placeholders."""

from __future__ import annotations

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
