"""Papers from data: Typst as a library, with the shop's faces.

The template decides how a paper looks, the data what it says. They reach it as values, never as markup: nothing that
a shopper types can be a command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Literal

import structlog
import typst

from storefront.core.settings import ROOT

log = structlog.get_logger(__name__)
TEMPLATES = ROOT / "templates" / "papers"
FONTS = ROOT / "static" / "dist" / "fonts"


Standard = Literal["a-3a", "ua-1"]
STANDARDS: tuple[Standard, ...] = ("a-3a", "ua-1")


def typeset(template: str, data: Mapping[str, Any], day: date) -> bytes:
    """The PDF of ``templates/papers/<template>.typ`` with ``data``, as of ``day``: the same data make the same file.

    It is tagged for screen readers (PDF/UA) and made to be kept (PDF/A). Both refuse a letter that no face has, and
    somebody's name may be written with such: then the faces of the machine help, and in the end the paper is made
    without those standards rather than not at all. Takes some 30 ms. Raises ``typst.TypstError``.
    """
    try:
        return _compiled(template, data, day, STANDARDS, own_faces_only=True)
    except typst.TypstError as refusal:
        log.warning("paper_beyond_own_faces", template=template, why=str(refusal)[:200])
    try:
        return _compiled(template, data, day, STANDARDS, own_faces_only=False)
    except typst.TypstError:
        return _compiled(template, data, day, (), own_faces_only=False)


def _compiled(
    template: str, data: Mapping[str, Any], day: date, standards: Sequence[Standard], *, own_faces_only: bool
) -> bytes:
    source: Path = TEMPLATES / f"{template}.typ"
    made: bytes = typst.compile(
        source,
        root=TEMPLATES,
        font_paths=[FONTS],
        ignore_system_fonts=own_faces_only,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=list(standards),
        timestamp=datetime.combine(day, time(12), UTC),
    )
    return made
