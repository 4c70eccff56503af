"""``flask search``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.providers.embedding_choice import EXTENSION
from storefront.search.queries import ranked_products
from tests.factories.catalog import make_product

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def _model_of_its_own(app: Flask) -> Iterator[None]:
    """The command takes the model into its process; the tests after these are of another one."""
    yield
    app.extensions.pop(EXTENSION, None)


@pytest.fixture(autouse=True)
def tents(app_context: object) -> None:
    make_product("Drift Tent", "289.00", sku="DRIFT")
    make_product("Wren Tent", "239.00", sku="WREN")
    make_product("Stove", "60.00", sku="STOVE", description="Not inside a tent – please.")


def test_json_holds_the_page_s_ranking(app: Flask) -> None:
    printed = app.test_cli_runner().invoke(args=["search", "tent", "--limit", "2", "--json"])
    assert printed.exit_code == 0
    rows = json.loads(printed.output)
    assert [list(row) for row in rows] == [["sku", "name", "score"]] * 2
    assert [row["sku"] for row in rows] == [one.sku for one in ranked_products("tent", 2)]


def test_table_is_for_people(app: Flask) -> None:
    printed = app.test_cli_runner().invoke(args=["search", "stove"]).output
    assert "STOVE" in printed
    assert "60.00 EUR" in printed


def test_nothing_found_is_said_and_is_no_error(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["search", "xylophone"]).output == "Nothing found.\n"
    assert json.loads(runner.invoke(args=["search", "xylophone", "--json"]).output) == []
    assert runner.invoke(args=["search", "tent", "--limit", "0"]).exit_code == 2


def test_a_file_holds_whatever_people_type(app: Flask, tmp_path: Path) -> None:
    lines = [b"tent", b"\xff\xfe \x00 \xed\xa0\x80", b"", b"-" * 10_000, b"tent " * 2_000, b"& | ! <-> :* ('"]
    file = tmp_path / "queries.txt"
    file.write_bytes(b"\n".join(lines))
    printed = app.test_cli_runner().invoke(args=["search", "--queries", str(file), "--json"])
    assert printed.exit_code == 0
    answers = [json.loads(line) for line in printed.output.splitlines()]
    assert [answer["query"][:4] for answer in answers] == [
        "tent",
        "\ufffd\ufffd \x00",
        "----",
        "tent",
        "& | ",
    ]
    assert [len(answer["products"]) for answer in answers] == [3, 0, 0, 3, 0]
