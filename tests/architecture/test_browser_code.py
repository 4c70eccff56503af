"""Weights and settings of the browser code. Figures are bytes after gzip, as ``build.mjs`` leaves them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "static" / "dist"
MANIFEST: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
FIRST_VISIT = (
    "app.css",
    "app.js",
    "theme.js",
    "display.woff2",
    "icons.svg",
    "star.svg",
    "chevron.svg",
    "favicon.svg",
)


def _sent(name: str) -> int:
    packed = DIST / f"{MANIFEST[name]}.gz"
    return (packed if packed.exists() else DIST / MANIFEST[name]).stat().st_size


def test_the_style_sheet_is_small() -> None:
    assert _sent("app.css") <= 16_000


def test_our_own_script_is_small() -> None:
    htmx = (ROOT / "node_modules/htmx.org/dist/htmx.min.js.gz").stat().st_size
    assert _sent("app.js") - htmx <= 6_000


def test_the_display_face_is_one_small_file() -> None:
    assert _sent("display.woff2") <= 20_000
    assert [name for name in MANIFEST if name.endswith(".woff2")] == ["display.woff2"]


def test_a_first_visit_leaves_room_for_the_page() -> None:
    assert sum(_sent(name) for name in FIRST_VISIT) <= 54_300


def test_what_only_the_talk_needs_is_not_in_every_page() -> None:
    script = (DIST / MANIFEST["app.js"]).read_text()
    assert "EventSource" not in script.replace("sse:EventSource", "")
    assert "chat-log" not in (DIST / MANIFEST["app.css"]).read_text()


@pytest.mark.parametrize("name", [name for name in MANIFEST if name.endswith((".css", ".js"))])
def test_no_built_file_loads_from_elsewhere(name: str) -> None:
    text = (DIST / MANIFEST[name]).read_text()
    assert not re.search(r"url\(\s*[\"']?(https?:)?//", text)
    assert not re.search(r"import\s*\(?\s*[\"']https?:", text)


def test_htmx_is_set_for_a_strict_policy() -> None:
    head = (ROOT / "templates/_head.html").read_text()
    config = json.loads(re.search(r"name=\"htmx-config\" content='([^']+)'", head)[1])  # type: ignore[index]
    assert config["allowEval"] is False
    assert config["includeIndicatorStyles"] is False
    assert config["selfRequestsOnly"] is True
    assert config["historyCacheSize"] == 0
    assert config["refreshOnHistoryMiss"] is True
    swapped = [rule for rule in config["responseHandling"] if rule["swap"]]
    assert any(re.fullmatch(rule["code"], "422") for rule in swapped)
    assert not any(re.fullmatch(rule["code"], "500") for rule in swapped)


def test_every_package_is_pinned_and_hashed() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    package = json.loads((ROOT / "package.json").read_text())
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
    locked = [entry for path, entry in lock.items() if path]
    assert locked
    assert all(entry["integrity"].startswith("sha512-") for entry in locked)


def test_every_icon_a_template_asks_for_exists() -> None:
    names = {path.stem for path in (ROOT / "static/icons").glob("*.svg")}
    asked = {
        name
        for path in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"\bicon\(\"([a-z-]+)\"", path.read_text())
    }
    assert asked
    assert asked <= names


def test_every_class_of_a_template_is_styled_or_used() -> None:
    sheets = "".join(path.read_text() for path in (ROOT / "static/css").rglob("*.css"))
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", sheets))
    # Names that only mark a place, for scripts, tests or readers of the page.
    known |= {
        "choices", "chat-widget", "empty__title", "field--check", "pagination__gap", "policy", "product-card__price",
        "product__gallery", "suggestions__group", "account__main", "policy__text",
        "with-aside__main", "cart-page", "cart-undo", "checkout", "checkout__billing", "checkout__billing-fields",
    }  # fmt: skip
    unknown: dict[str, set[str]] = {}
    for path in (ROOT / "templates").rglob("*.html"):
        if "email" in path.parts:
            continue
        text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.S)
        for value in re.findall(r'\bclass="([^"]*)"', text):
            for name in re.sub(r"{%.*?%}|{{.*?}}", " \0 ", value).split():
                if (
                    re.fullmatch(r"[a-zA-Z][\w-]*[a-zA-Z0-9]", name)
                    and name not in known
                    and not name.startswith("page-")
                ):
                    unknown.setdefault(name, set()).add(path.relative_to(ROOT / "templates").as_posix())
    assert unknown == {}
