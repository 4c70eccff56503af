"""No page, in either theme and at either width, has anything that axe finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storefront.core.settings import ROOT
from tests.browser.conftest import Browse
from tests.browser.page_types import ALL, PageType, People
from tests.browser.watching import Watch

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (1440, 390)
# Everything axe knows but its experiments; what is only advice counts as well.
_RUN = """
async (onlyColours) => {
  // A change of theme shows with the next frame, and colours may take a moment to get there.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  const colours = { type: "rule", values: ["color-contrast", "link-in-text-block"] };
  const rules = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
  const found = await axe.run(document, { runOnly: onlyColours ? colours : rules, resultTypes: ["violations"] });
  return found.violations.map((violation) => ({
    rule: violation.id, help: violation.help,
    where: violation.nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`),
  }));
}
"""


@pytest.mark.parametrize("page_type", ALL, ids=lambda page_type: page_type.name)
def test_axe_finds_nothing(page_type: PageType, people: People, browse: Browse, watch: Watch) -> None:
    page = browse(bypass_csp=True, width=WIDTHS[0], state=people.cookies[page_type.who])
    statuses = [page_type.status] if page_type.status != 200 else []
    with watch.expecting(*statuses):
        page.goto(people.path(page_type))
        if page_type.act:
            page_type.act(page)
    page.add_script_tag(path=AXE)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            violations = page.evaluate(_RUN, theme == "dark")
            found += [f"{width} px, {theme}: {line}" for line in _lines(violations)]
    assert not found, "\n".join(found)


def _lines(violations: list[dict[str, Any]]) -> list[str]:
    return [f"{one['rule']} ({one['help']})\n    " + "\n    ".join(one["where"][:3]) for one in violations]


def test_axe_bites(browse: Browse) -> None:
    broken = browse(bypass_csp=True)
    broken.goto("/")
    broken.add_script_tag(path=AXE)
    broken.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/favicon.ico\">')"
    )
    assert "image-alt" in [one["rule"] for one in broken.evaluate(_RUN, False)]


def test_axe_is_the_one_of_the_lock_file() -> None:
    assert Path(AXE).is_file(), "npm ci has not been run"
