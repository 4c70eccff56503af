"""The cells of a table carry the name of their column: a narrow screen shows each row as a card, a cell a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

_OPENED = re.compile(r"<(tr|td|th)\b")


def with_labels(rows: Markup, columns: Sequence[str | tuple[str, str]]) -> Markup:
    """``rows`` with ``data-label`` on each cell of a named column. A cell over several columns comes last."""
    labels = [one if isinstance(one, str) else one[0] for one in columns]
    place = 0

    def mark(found: re.Match[str]) -> str:
        nonlocal place
        place = 0 if found[1] == "tr" else place + 1
        label = labels[place - 1] if 0 < place <= len(labels) else ""
        return Markup('<{} data-label="{}"').format(found[1], label) if label else found[0]

    return Markup(_OPENED.sub(mark, rows))
