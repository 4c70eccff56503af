"""Each import contract is kept by the code base, and broken by a deliberate violation of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

VIOLATIONS = {
    "Delivery on top, domains in one order, core at the bottom": (
        "storefront/core/clock.py",
        "import storefront.catalog.queries",
    ),
    "Inside a domain: services, queries, models, errors": (
        "storefront/shipping/models.py",
        "import storefront.shipping.queries",
    ),
    "Below http nobody knows HTTP": ("storefront/catalog/errors.py", "import flask"),
    "Deliverers reach data through queries and services only": (
        "storefront/http/formats.py",
        "import storefront.catalog.models",
    ),
    "Areas of the web are independent": (
        "storefront/web/pages/views.py",
        "import storefront.web.cart.views",
    ),
    "One module speaks to the model provider": ("storefront/catalog/errors.py", "import openai"),
    "One module speaks to the vector store": ("storefront/search/vector_column.py", "import httpx2"),
    "One module speaks to the payment provider, and nobody imports its stand-in": (
        "storefront/payments/errors.py",
        "import stripe",
    ),
    "One module sets papers": ("storefront/shipping/errors.py", "import typst"),
    "No cycles between siblings": ("storefront/core/clock.py", "import storefront.core.db"),
}


def _contracts() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in config["tool"]["importlinter"]["contracts"]]


def _lint(folder: Path) -> str:
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    return run.stdout


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What the linter says of the code base, and of a copy with every violation in it."""
    copy = tmp_path_factory.mktemp("violating")
    shutil.copytree(
        ROOT / "storefront", copy / "storefront", ignore=shutil.ignore_patterns("content", "__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, violation in VIOLATIONS.values():
        target = copy / path
        target.write_text(f"{target.read_text()}\n{violation}\n")
    return _lint(ROOT), _lint(copy)


def test_every_contract_has_a_violation_to_prove_it() -> None:
    assert set(_contracts()) == set(VIOLATIONS)


@pytest.mark.parametrize("contract", list(VIOLATIONS))
def test_contract_is_kept_and_bites(linted: tuple[str, str], contract: str) -> None:
    ours, violating = linted
    assert f"{contract} KEPT" in ours
    assert f"{contract} BROKEN" in violating
