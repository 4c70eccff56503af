"""Imports against the real database: what a feed says stands in the catalog, and nothing else changes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from storefront.catalog.models import Brand, Category, ImportRun, Product
from storefront.core.db import session, transaction
from storefront.inventory.models import StockMovement
from storefront.journeys.catalog_import import (
    ImportReport,
    ImportRunning,
    Mapping,
    PictureFolder,
    import_catalog,
    running,
)
from storefront.providers.object_storage import FolderStorage
from storefront.search.queries import ranked_products

pytestmark = pytest.mark.usefixtures("app_context")
ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
MAPPING = """
[columns]
sku = "sku"
parent_sku = "parent"
name = "name"
brand = "brand"
category = "category"
price = "price"
stock = "stock"
options = "options"
images = "images"
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return Mapping.load(path)


def feed_of(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    feed = tmp_path / "feed.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return feed


def tent(sku: str = "T-1", **values: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "name": f"Tent {sku}",
        "brand": "Tarnholt",
        "category": "Camp > Tents",
        "price": "99.00",
        "stock": 5,
        **values,
    }


def stored(sku: str) -> Product:
    return session().scalars(sa.select(Product).where(Product.sku == sku)).one()


def test_a_feed_becomes_products_with_their_tree_and_ledger(tmp_path: Path, mapping: Mapping) -> None:
    report = import_catalog(feed_of(tmp_path, tent(colour="Fir"), tent("T-2", brand="TARNHOLT")), mapping)
    assert report.counts() == {"created": 2, "updated": 0, "unchanged": 0, "refused": 0, "warnings": 0}
    product = stored("T-1")
    assert (product.price, product.stock_quantity, product.specifications) == (
        Decimal("99.00"),
        5,
        {"colour": "Fir"},
    )
    assert session().scalars(sa.select(Brand.name)).all() == ["Tarnholt"]
    paths = session().execute(sa.select(Category.name, Category.parent_id.is_(None)).order_by(Category.name))
    assert [tuple(row) for row in paths] == [("Camp", True), ("Tents", False)]
    ledger = session().execute(sa.select(StockMovement.delta, StockMovement.reason)).all()
    assert [tuple(row) for row in ledger] == [(5, "import"), (5, "import")]
    assert [found.sku for found in ranked_products("tent T-2")][:1] == ["T-2"]


def test_a_second_run_changes_only_what_the_feed_changed(tmp_path: Path, mapping: Mapping) -> None:
    import_catalog(feed_of(tmp_path, tent(), tent("T-2")), mapping)
    slug, version = stored("T-1").slug, stored("T-1").version
    session().rollback()
    report = import_catalog(feed_of(tmp_path, tent(name="Renamed", stock=3), tent("T-2")), mapping)
    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    changed = stored("T-1")
    assert (changed.name, changed.slug, changed.version, changed.stock_quantity) == (
        "Renamed",
        slug,
        version + 1,
        3,
    )
    deltas = session().scalars(
        sa.select(StockMovement.delta)
        .where(StockMovement.product_id == changed.id)
        .order_by(StockMovement.id)
    )
    assert deltas.all() == [5, -2]


def test_variants_may_come_before_their_parent_and_inherit_brand_and_category(
    tmp_path: Path, mapping: Mapping
) -> None:
    variant = {
        "sku": "T-1-S",
        "parent": "T-1",
        "name": "Tent S",
        "price": "95.00",
        "options": "Size: S",
        "stock": 2,
    }
    report = import_catalog(feed_of(tmp_path, variant, tent(stock=0)), mapping)
    assert (report.created, report.refused) == (2, 0)
    parent, child = stored("T-1"), stored("T-1-S")
    assert (child.parent_id, child.options) == (parent.id, {"Size": "S"})
    assert (child.brand_id, child.category_id) == (parent.brand_id, parent.category_id)


def test_bad_rows_are_told_with_line_and_reason_and_harm_no_other(tmp_path: Path, mapping: Mapping) -> None:
    feed = feed_of(
        tmp_path, tent(), tent("T-2", price="free"), tent("T-1"), tent("T-4", parent="?", options="Size: S")
    )
    feed.write_text(feed.read_text() + "{broken\n" + json.dumps(tent("T-6")) + "\n")
    report = import_catalog(feed, mapping, errors_folder=tmp_path / "errors")
    assert [(refusal.line, refusal.sku) for refusal in report.refusals] == [
        (2, "T-2"),
        (3, "T-1"),
        (5, ""),
        (4, "T-4"),
    ]
    assert report.refusals[0].reason == "price: cannot be read: 'free'"
    assert report.refusals[3].reason == "its parent '?' is not in the catalog"
    assert set(session().scalars(sa.select(Product.sku))) == {"T-1", "T-6"}
    assert report.error_file is not None
    assert report.error_file.read_text().splitlines()[1] == "2,T-2,refused,price: cannot be read: 'free'"
    run = session().scalars(sa.select(ImportRun)).one()
    assert (run.status, run.counts["created"], run.counts["refused"]) == ("finished", 2, 4)


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ('{"sku": ' + "[" * 100_000, "is no JSON"),
        (json.dumps(tent("T-2", name="Half \ud800 a character")), "holds half a character"),
        (json.dumps(tent("T-2", **{"key \udfff": "1"})), "holds half a character"),
        (json.dumps(tent("T-2", stock="1e999999999")), "stock: is too large"),
        (json.dumps(tent("T-2", price="1e-999999999")), "price: is too large or too small"),
        (json.dumps(tent("T-2")).replace("99.00", "9" * 5_000), "price: "),
    ],
)
def test_hostile_row_costs_itself_alone(tmp_path: Path, mapping: Mapping, hostile: str, reason: str) -> None:
    feed = feed_of(tmp_path, tent())
    feed.write_text(f"{feed.read_text()}{hostile}\n{json.dumps(tent('T-3'))}\n")
    report = import_catalog(feed, mapping, errors_folder=tmp_path / "errors")
    assert (report.created, report.refused) == (2, 1)
    assert report.refusals[0].line == 2
    assert report.refusals[0].reason.startswith(reason)


def test_refusals_hold_no_formula(tmp_path: Path, mapping: Mapping) -> None:
    feed = feed_of(tmp_path, tent('=HYPERLINK("https://x.example")', price="free"), tent("-1", price="free"))
    report = import_catalog(feed, mapping, errors_folder=tmp_path / "errors")
    assert report.error_file is not None
    with report.error_file.open(newline="") as lines:
        skus = [row[1] for row in csv.reader(lines)][1:]
    assert skus == ['\'=HYPERLINK("https://x.example")', "'-1"]


def test_what_only_the_database_can_refuse_costs_one_row_of_the_batch(
    tmp_path: Path, mapping: Mapping
) -> None:
    parent = tent(stock=0)
    twins = [
        {"sku": f"T-1-{n}", "parent": "T-1", "name": "Tent", "price": "9", "options": "Size: S"}
        for n in (1, 2)
    ]
    others = [tent(f"O-{n}") for n in range(5)]
    report = import_catalog(feed_of(tmp_path, parent, *twins, *others), mapping)
    assert (report.created, report.refused) == (7, 1)
    assert "uq_products_options_in_parent" in report.refusals[0].reason


def test_stock_that_is_held_for_orders_cannot_be_imported_away(tmp_path: Path, mapping: Mapping) -> None:
    import_catalog(feed_of(tmp_path, tent()), mapping)
    with transaction() as current:
        current.execute(sa.update(Product).values(reserved_quantity=4))
    report = import_catalog(feed_of(tmp_path, tent(stock=3)), mapping)
    assert report.refusals[0].reason == "the stock 3 is less than the 4 held for orders"
    assert stored("T-1").stock_quantity == 5


def test_a_dry_run_foresees_and_writes_nothing(tmp_path: Path, mapping: Mapping) -> None:
    import_catalog(feed_of(tmp_path, tent()), mapping)
    report = import_catalog(
        feed_of(tmp_path, tent(name="X"), tent("T-2"), tent("T-3", price="")), mapping, is_dry_run=True
    )
    assert (report.created, report.updated, report.refused) == (1, 1, 1)
    assert stored("T-1").name == "Tent T-1"
    assert session().scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 1


def test_a_broken_off_import_is_closed_by_the_next_one(
    tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 2)
    feed = feed_of(tmp_path, *(tent(f"T-{n}") for n in range(5)))

    def break_off(_bytes: int) -> None:
        if session().scalar(sa.select(sa.func.count()).select_from(Product)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_catalog(feed, mapping, progress=break_off)
    session().rollback()
    report = import_catalog(feed, mapping)
    assert (report.created, report.unchanged) == (3, 2)
    statuses = session().scalars(sa.select(ImportRun.status).order_by(ImportRun.created_at))
    assert statuses.all() == ["broken_off", "finished"]


def test_two_imports_do_not_run_at_once(tmp_path: Path, mapping: Mapping) -> None:
    feed = feed_of(tmp_path, tent())

    def start_another(_bytes: int) -> None:
        with pytest.raises(ImportRunning):
            import_catalog(feed, mapping)

    assert import_catalog(feed, mapping, progress=start_another).created == 1


def picture(folder: Path, name: str, size: tuple[int, int] = (800, 400), mode: str = "PNG") -> None:
    folder.mkdir(exist_ok=True)
    Image.new("RGB", size, "teal").save(folder / name, mode)


def with_pictures(tmp_path: Path, mapping: Mapping, *rows: dict[str, Any]) -> ImportReport:
    store = FolderStorage(tmp_path / "media")
    return import_catalog(feed_of(tmp_path, *rows), mapping, images=PictureFolder(tmp_path / "in", store))


def test_pictures_are_stored_as_webp_in_three_sizes(tmp_path: Path, mapping: Mapping) -> None:
    picture(tmp_path / "in", "tent.png")
    report = with_pictures(tmp_path, mapping, tent(images=["tent.png"]), tent("T-2", images=["tent.png"]))
    assert report.refusals == []
    [image] = stored("T-1").images
    assert (image["alt"], image["width"], image["height"]) == ("Tent T-1", 800, 400)
    sizes = {}
    for path in (tmp_path / "media").rglob("*.webp"):
        with Image.open(io.BytesIO(path.read_bytes())) as opened:
            sizes[path.stem.rsplit("-", 1)[1]] = (opened.format, opened.size)
    assert sizes == {
        "small": ("WEBP", (320, 160)),
        "medium": ("WEBP", (720, 360)),
        "large": ("WEBP", (800, 400)),
    }


def test_missing_broken_and_outside_pictures_are_warnings(tmp_path: Path, mapping: Mapping) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.png").write_text("no picture")
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "in" / "sparse.png").touch()
    os.truncate(tmp_path / "in" / "sparse.png", 30_000_001)
    named = ["gone.png", "text.png", "../secret.png", "sparse.png", "n" * 300, "text.png/more"]
    report = with_pictures(tmp_path, mapping, tent(images=named))
    assert (report.created, report.refused) == (1, 0)
    assert [refusal.reason for refusal in report.refusals] == [
        "picture 'gone.png' is not in the folder",
        "picture 'text.png' is no picture that can be read (UnidentifiedImageError)",
        "picture '../secret.png' lies outside the folder",
        "picture 'sparse.png' is larger than 30 MB",
        f"picture {'n' * 300!r} is not in the folder",
        "picture 'text.png/more' is not in the folder",
    ]
    assert stored("T-1").images == []


@pytest.mark.parametrize(
    ("feed", "mapping_name", "images", "rows"),
    [
        ("electronics/products.jsonl.gz", "electronics", None, 300),
        ("homegoods/products.csv", "homegoods", None, 300),
        ("pictures/catalog.json", "outdoor", "pictures/images", 12),
    ],
)
def test_real_feeds_import_with_the_documented_mappings(
    tmp_path: Path, feed: str, mapping_name: str, images: str | None, rows: int
) -> None:
    if not SHARED.exists():
        pytest.skip("the real data are not beside this checkout (../shared/data)")
    source = shortened(SHARED / feed, tmp_path, rows)
    folder = PictureFolder(SHARED / images, FolderStorage(tmp_path / "media")) if images else None
    report = import_catalog(
        source, Mapping.load(ROOT / "docs/import" / f"{mapping_name}.toml"), images=folder
    )
    assert report.refusals == []
    assert report.created == rows
    again = import_catalog(source, Mapping.load(ROOT / "docs/import" / f"{mapping_name}.toml"), images=folder)
    assert (again.created, again.updated, again.unchanged) == (0, 0, rows)


def shortened(source: Path, folder: Path, rows: int) -> Path:
    """The first ``rows`` of a line-based feed; the whole import is measured in ``benchmarks``."""
    if source.suffix == ".json":
        target = folder / source.name
        target.write_text(json.dumps(json.loads(source.read_text())[:rows]))
        return target
    target = folder / source.name.removesuffix(".gz")
    read = gzip.open if source.suffix == ".gz" else open
    with read(source, "rt", encoding="utf-8") as lines, target.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            if number > rows or (number == rows and target.suffix == ".jsonl"):
                break
            out.write(line)
    return target


def test_words_of_the_feed_are_known_to_the_search_at_once(tmp_path: Path, mapping: Mapping) -> None:
    feed = feed_of(tmp_path, tent("A", name="Zephyrine lantern"))
    import_catalog(feed, mapping, is_dry_run=True)
    assert known_words() == set()
    import_catalog(feed, mapping)
    assert known_words() >= {"zephyrine", "lantern"}
    assert [found.sku for found in ranked_products("zephirine")] == ["A"]
    assert [found.sku for found in ranked_products("zephyr lanter")] == ["A"]


def test_words_are_not_counted_where_nothing_has_changed(
    tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    monkeypatch.setattr(running, "refresh_words", lambda: counted.append(1))
    feed = feed_of(tmp_path, tent("A"))
    for _ in range(2):
        import_catalog(feed, mapping)
    assert counted == [1]


def known_words() -> set[str]:
    return set(session().scalars(sa.text("SELECT word FROM search_words")))
