"""Papers from data: Typst as a library, with the shop's faces.

The template decides how a paper looks, the data what it says. They reach it as values, never as markup: nothing that
a shopper types can be a command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import typst

from storefront.core.settings import ROOT

TEMPLATES = ROOT / "templates" / "papers"
FONTS = ROOT / "static" / "dist" / "fonts"


def typeset(template: str, data: Mapping[str, Any], day: date) -> bytes:
    """The PDF of ``templates/papers/<template>.typ`` with ``data``, as of ``day``: the same data make the same file.

    It is tagged for screen readers (PDF/UA) and made to be kept (PDF/A). Takes some 30 ms.
    """
    source: Path = TEMPLATES / f"{template}.typ"
    made: bytes = typst.compile(
        source,
        root=TEMPLATES,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["a-3a", "ua-1"],
        timestamp=datetime.combine(day, time(12), UTC),
    )
    return made
