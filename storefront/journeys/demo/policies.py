"""Policy pages as Markdown files with three lines of front matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Policy:
    """One page: its slug, title, a summary in one sentence, its Markdown."""

    slug: str
    title: str
    summary: str
    body: str


def read_policies(folder: Path) -> Iterator[Policy]:
    """The pages of ``folder``, by file name. Raises ValueError where the front matter is incomplete."""
    for path in sorted(folder.glob("*.md")):
        try:
            _nothing, head, body = path.read_text("utf-8").split("---\n", 2)
            facts = dict(line.split(": ", 1) for line in head.strip().splitlines())
            yield Policy(facts["slug"], facts["title"], facts["summary"], body.strip())
        except (ValueError, KeyError) as error:
            raise ValueError(f"{path.name}: front matter needs slug, title and summary") from error
