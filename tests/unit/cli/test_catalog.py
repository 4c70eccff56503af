"""``flask catalog import``: the report, the exit code, and the vectors afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import release
from storefront.providers.embeddings import EmbeddingFailure, Vector
from storefront.search.services import stale_vectors

pytestmark = pytest.mark.usefixtures("app_context")
Import = Callable[..., Any]


class Model:
    """A model in place of the real one: everything means the same, or ``problem`` comes between."""

    name = "test"
    problem: BaseException | None = None

    def embed(self, texts: Sequence[str], seconds: float) -> list[Vector]:
        if self.problem:
            raise self.problem
        return [(1.0,) + (0.0,) * (EMBEDDING_DIMENSIONS - 1)] * len(texts)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    made = Model()
    monkeypatch.setattr("storefront.cli.embeddings.embed_in_this_process", lambda: made)
    return made


@pytest.fixture
def import_(app: Flask, tmp_path: Path, model: Model) -> Import:
    """Runs the command over a feed of two products, one of which may be refused."""

    def run(*arguments: str, price: str = "10") -> Any:
        feed, mapping = tmp_path / "feed.jsonl", tmp_path / "mapping.toml"
        rows = ({"sku": sku, "name": sku, "price": cost} for sku, cost in (("A", "10"), ("B", price)))
        feed.write_text("".join(json.dumps(row) + "\n" for row in rows))
        mapping.write_text('[columns]\nsku = "sku"\nname = "name"\nprice = "price"\n')
        command = ["catalog", "import", str(feed), "--mapping", str(mapping), *arguments]
        return app.test_cli_runner().invoke(args=command)

    return run


def missing() -> int:
    count = stale_vectors()
    release()
    return count


def test_vectors_are_made_at_once(import_: Import) -> None:
    ran = import_()
    assert (ran.exit_code, ran.stdout) == (0, "2 created, 0 updated, 0 unchanged, 0 refused\n")
    assert "2/2" in ran.stderr
    assert "2 vectors made." in ran.stderr
    assert missing() == 0
    again = import_()
    assert again.stdout == "0 created, 0 updated, 2 unchanged, 0 refused\n"
    assert "made" not in again.stderr


def test_vectors_are_left_to_the_jobs_where_that_is_wished(import_: Import) -> None:
    assert import_("--no-vectors").exit_code == 0
    assert missing() == 2


def test_dry_run_makes_none(import_: Import) -> None:
    assert import_("--no-vectors").exit_code == 0
    assert import_("--dry-run").exit_code == 0
    assert missing() == 2


@pytest.mark.parametrize(
    ("problem", "said"), [(KeyboardInterrupt(), "Broken off"), (EmbeddingFailure("timeout"), "(timeout)")]
)
def test_what_comes_between_is_no_failure_of_the_import(
    import_: Import, model: Model, problem: BaseException, said: str
) -> None:
    model.problem = problem
    ran = import_()
    assert ran.exit_code == 0
    assert said in ran.stderr
    assert missing() == 2
    model.problem = None
    import_()
    assert missing() == 0


def test_refused_rows_are_still_the_exit_code(import_: Import) -> None:
    assert import_(price="free").exit_code == 1
    assert missing() == 0
