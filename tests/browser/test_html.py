"""The HTML of every type of page is valid, as the server sends it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from storefront.core.settings import ROOT
from tests.browser.page_types import ALL, People
from tests.browser.shop import Shop

VALIDATOR = ROOT / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"


def _validated(folder: Path) -> list[dict[str, Any]]:
    """What the validator says about the files of ``folder``."""
    command = ["node", VALIDATOR, "--config", ROOT / ".htmlvalidate.json", "--formatter", "json"]
    answer = folder.with_suffix(".json")
    # Into a file: the validator does not wait until a pipe has taken all of it.
    with answer.open("w") as said:
        run = subprocess.run(
            [*command, *sorted(folder.glob("*.html"))], cwd=ROOT, stdout=said, stderr=subprocess.PIPE
        )
    if not answer.stat().st_size:
        pytest.fail(f"the validator did not run: {run.stderr.decode()}", pytrace=False)
    found: list[dict[str, Any]] = json.loads(answer.read_text())
    return found


def _lines(found: list[dict[str, Any]]) -> list[str]:
    return [
        f"{Path(page['filePath']).stem}:{one['line']}:{one['column']} {one['ruleId']}: {one['message']}"
        for page in found
        for one in page["messages"]
    ]


def test_every_page_is_valid_html(chromium: Browser, shop: Shop, people: People, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for who, cookies in people.cookies.items():
        context = chromium.new_context(base_url=shop.url, storage_state=cookies)
        for page_type in ALL:
            if page_type.who == who and page_type.act is None:
                answer = context.request.get(people.path(page_type))
                assert answer.status == page_type.status, page_type
                (pages / f"{page_type.name}.html").write_bytes(answer.body())
        context.close()
    found = _lines(_validated(pages))
    assert not found, "\n".join(found)


def test_the_validator_bites(tmp_path: Path) -> None:
    (tmp_path / "broken.html").write_text(
        "<!doctype html><html lang=en><title>x</title><p><div id=a id=a></div></p>"
    )
    assert _lines(_validated(tmp_path)) != []
