"""Fill the database of the environment with a handful of the demo's products: ``python -m tests.browser.small_shop``.

The content is the demo's own, cut down; it takes the demo's way in, pictures included.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from storefront import create_app
from storefront.journeys.demo.seeding import CONTENT, seed_demo_shop

FAMILIES = frozenset(
    {
        # Tents: enough to search, to narrow down and to choose from.
        "LF-TNT-DRIFT2",
        "LF-TNT-DRIFT3",
        "LF-TNT-WREN1",
        "LF-TNT-LONGHALL4",
        "LF-TNT-LONGHALL6",
        "LF-TNT-KEEP2",
        "LF-TNT-COMMON3",
        # Two choices to make, some of them sold out.
        "LF-SCK-TROD",
        "LF-GTR-GRIT",
        # Simple things; the stove is sold out.
        "LF-STV-SIDEBOARD",
        "LF-STV-PIPIT",
        "LF-MUG-ENAMEL",
        "LF-CUT-SPORK",
        "LF-BOK-KNOTS",
        "LF-BOK-CLOUDS",
        "LF-KNF-LARK",
        "LF-LMP-MOTH",
        "LF-HAT-RIB",
        "LF-NAV-NORTHING",
    }
)


def cut_down(folder: Path) -> Path:
    """The demo's content in ``folder``, with only our families and their reviews."""
    shutil.copytree(CONTENT, folder, dirs_exist_ok=True)
    skus = _keep(folder / "products.jsonl", lambda row: (row["parent_sku"] or row["sku"]) in FAMILIES)
    missing = FAMILIES - skus
    if missing:
        raise SystemExit(f"The demo has no {', '.join(sorted(missing))} any more: choose others.")
    _keep(folder / "reviews.jsonl", lambda row: row["sku"] in skus)
    return folder


def _keep(path: Path, wanted) -> set[str]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    kept = [row for row in rows if wanted(row)]
    path.write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")
    return {row["sku"] for row in kept}


def main() -> None:
    """Seed the shop of the environment."""
    with tempfile.TemporaryDirectory() as folder, create_app().app_context():
        report = seed_demo_shop(content=cut_down(Path(folder)))
    if report.refused:
        raise SystemExit("; ".join(f"{one.sku}: {one.reason}" for one in report.refusals))


if __name__ == "__main__":
    main()
