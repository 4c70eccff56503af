"""Papers: whatever letters a name is written with, there is one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import typst

from storefront.providers.typesetting import typeset

DAY = date(2026, 11, 27)


def data(buyer: str) -> dict[str, Any]:
    """The least that the template asks for."""
    return {
        "title": "Invoice 1",
        "heading": "Invoice 1",
        "intro": "",
        "language": "en",
        "shop": "Larkfell",
        "seller": {"name": "Larkfell"},
        "sender": "Larkfell",
        "buyer": [buyer],
        "facts": [["Date", "today"]],
        "columns": [],
        "lines": [],
        "sums": [],
        "notes": [],
        "footer": [["a"], ["b"], ["c"]],
        "rates": {"heading": "By rate", "columns": ["Rate", "Net", "Tax", "Gross"], "rows": []},
        "page": "{page}/{pages}",
    }


def test_a_paper_is_made_to_be_kept_and_the_same_each_time() -> None:
    paper = typeset("document", data("Ida Larsen"), DAY)
    assert b"pdfaid" in paper
    assert typeset("document", data("Ida Larsen"), DAY) == paper


@pytest.mark.parametrize("name", ["山田太郎", "Ida 😀", "Ida\ue000", "\x07"])
def test_letters_that_no_face_of_ours_has_do_not_stop_it(name: str) -> None:
    assert typeset("document", data(name), DAY).startswith(b"%PDF-")


def test_what_is_wrong_with_the_template_is_said() -> None:
    with pytest.raises(typst.TypstError):
        typeset("document", {}, DAY)
