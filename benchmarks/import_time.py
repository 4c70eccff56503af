"""How long the three real feeds and the real books take, at the first import and when nothing has changed.

python benchmarks/import_time.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
FLASK = [str(Path(sys.executable).with_name("flask")), "--app", "wsgi"]
FEEDS = (
    ("electronics", "electronics/products.jsonl.gz", None),
    ("homegoods", "homegoods/products.csv", None),
    ("outdoor", "pictures/catalog.json", "pictures/images"),
)


def flask(*arguments: str, environment: dict[str, str]) -> str:
    """Run a command; returns what it printed. Raises CalledProcessError."""
    run = subprocess.run(
        [*FLASK, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.strip().splitlines()[-1] if run.stdout.strip() else ""


def main() -> None:
    """Print the table."""
    if not DATA.exists():
        print("the real feeds are not beside this checkout (../shared/data): nothing measured")
        return
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        environment = {**os.environ, "INSTANCE_DIR": folder}
        flask("db", "upgrade", environment=environment)
        for name, feed, images in FEEDS:
            options = ["--no-vectors", *(["--images", str(DATA / images)] if images else [])]
            mapping = ["--mapping", f"docs/import/{name}.toml"]
            for run in ("first", "again"):
                started = time.monotonic()
                said = flask(
                    "catalog", "import", str(DATA / feed), *mapping, *options, environment=environment
                )
                print(f"{name:12} {run:6} {time.monotonic() - started:6.1f} s   {said}")
        for run in ("first", "again"):
            started = time.monotonic()
            said = flask("orders", "import", str(DATA / "support"), environment=environment)
            print(f"{'books':12} {run:6} {time.monotonic() - started:6.1f} s   {said}")


if __name__ == "__main__":
    main()
