"""Rules that a reader would otherwise have to remember."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "storefront").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@cache
def _calls(path: Path) -> list[tuple[int, str]]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return [(node.lineno, ast.unparse(node.func)) for node in calls]


def _offenders(pattern: str, *, allowed: set[str]) -> list[str]:
    found = []
    for path in MODULES:
        name = path.relative_to(ROOT).as_posix()
        if name not in allowed:
            found += [f"{name}:{line} {call}" for line, call in _calls(path) if re.search(pattern, call)]
    return found


def test_only_the_transaction_commits() -> None:
    assert _offenders(r"(session|current|db)\(?\)?\.commit$", allowed={"storefront/core/db.py"}) == []


def test_only_the_clock_reads_the_time() -> None:
    pattern = r"(datetime|date)\.(now|today|utcnow)$|^time\.time$"
    assert _offenders(pattern, allowed={"storefront/core/clock.py"}) == []


def test_nobody_sleeps_in_product_code() -> None:
    # Polling a server that starts or a value that another process makes, a supervisor's pause, and a service that says
    # it is too busy for a job have nothing to wait on but time.
    allowed = {path.relative_to(ROOT).as_posix() for path in (ROOT / "storefront/core/embedded").glob("*.py")}
    allowed |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "storefront/cli").glob("*.py")}
    allowed |= {"storefront/core/cache_store.py", "storefront/providers/pinecone_client.py"}
    assert _offenders(r"^(time\.)?sleep$", allowed=allowed) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_template_has_no_inline_code(path: Path) -> None:
    if "email" in path.parts:
        pytest.skip("mail readers know no style sheets: mail is styled inline and runs nothing")
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*(\bsrc=|application/ld\+json))", text), "inline script"
    assert not re.search(r"<style\b", text), "inline style sheet"
    assert not re.search(r"\sstyle\s*=", text), "style attribute"
    assert not re.search(r"\son[a-z]+\s*=", text), "event attribute"
    assert not re.search(r"hx-on|js:", text), "evaluated attribute"
    assert "|safe" not in text.replace(" ", ""), "unescaped output"
