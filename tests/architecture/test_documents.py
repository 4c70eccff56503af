"""The documents list what exists: settings, dependencies, commands."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from storefront.core.settings import Settings

ROOT = Path(__file__).parents[2]


def _first_column(path: str) -> set[str]:
    rows = re.findall(r"^\| `([^`]+)`", (ROOT / path).read_text(), re.MULTILINE)
    return set(rows)


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert _first_column("docs/settings.md") == {name.upper() for name in Settings.model_fields}


def test_every_dependency_is_documented_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["dependencies"] + [
        item for extra in project["optional-dependencies"].values() for item in extra
    ]
    expected = {re.split(r"[\[<>=;~! ]", item)[0] for item in named}
    npm = json.loads((ROOT / "package.json").read_text())
    expected |= set(npm.get("dependencies", {})) | set(npm.get("devDependencies", {}))
    assert _first_column("docs/dependencies.md") == expected


def test_locked_requirements_name_no_registry() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "http://" not in text
        assert "https://" not in text
        assert "--hash=sha256:" in text
    assert "resolved" not in (ROOT / "package-lock.json").read_text()
