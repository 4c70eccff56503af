"""Fill an empty shop with the demo: Larkfell's catalog, pictures, reviews, policies, shipping and taxes.

The products take the way every feed takes, through the catalog import. Running it again changes nothing
that is already there.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.models import User
from storefront.assistant.knowledge import process_source, save_source
from storefront.catalog.models import Brand, Category, Product
from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.journeys.catalog_import import ImportReport, Mapping, PictureFolder, import_catalog
from storefront.journeys.demo.pictures import Art, render_pictures
from storefront.journeys.demo.policies import read_policies
from storefront.providers.object_storage import storage
from storefront.reviews.models import Review
from storefront.search.services import refresh_words
from storefront.shipping.models import ShippingMethod, TaxRate

CONTENT = Path(__file__).parent / "content"
Progress = Callable[[str, int, int], None]
"""Told the step's name, how much of it is done, and how much there is."""

_STANDARD_VAT: dict[str, int | str] = {
    "AT": 20, "BE": 21, "BG": 20, "CY": 19, "CZ": 21, "DE": 19, "DK": 25, "EE": 24, "ES": 21, "FI": "25.5",
    "FR": 20, "GR": 24, "HR": 25, "HU": 27, "IE": 23, "IT": 22, "LT": 21, "LU": 17, "LV": 21, "MT": 18,
    "NL": 21, "PL": 23, "PT": 23, "RO": 21, "SE": 25, "SI": 22, "SK": 23,
}  # fmt: skip
"""Standard rates in per cent, as the European Commission lists them in 2026."""

_SHIPPING = (
    {
        "code": "standard",
        "name": "Standard",
        "description": "Delivered to your door.",
        "countries": ["DE"],
        "price": Decimal("4.90"),
        "free_over": Decimal("75.00"),
        "min_days": 2,
        "max_days": 4,
        "sort_order": 10,
    },
    {
        "code": "standard-eu",
        "name": "Standard",
        "description": "Delivered to your door.",
        "countries": sorted(set(_STANDARD_VAT) - {"DE"}),
        "price": Decimal("9.90"),
        "free_over": None,
        "min_days": 3,
        "max_days": 6,
        "sort_order": 20,
    },
    {
        "code": "express",
        "name": "Express",
        "description": "When you order before 12 noon.",
        "countries": ["DE"],
        "price": Decimal("12.90"),
        "free_over": None,
        "min_days": 1,
        "max_days": 1,
        "sort_order": 30,
    },
    {
        "code": "pickup",
        "name": "Store pick-up",
        "description": "Collect it from our shop in Musterstadt. We write when it is ready.",
        "countries": sorted(_STANDARD_VAT),
        "price": Decimal("0.00"),
        "free_over": None,
        "min_days": 1,
        "max_days": 2,
        "sort_order": 40,
    },
)


def is_empty() -> bool:
    """Whether the shop has no product at all."""
    return not session().scalar(sa.select(sa.exists().where(Product.deleted_at.is_(None))))


def seed_demo_shop(
    progress: Progress = lambda _step, _done, _total: None, content: Path = CONTENT
) -> ImportReport:
    """Seed everything that ``content`` holds; returns the products' import report."""
    with transaction():
        _save_shipping_and_taxes()
        _save_taxonomy(content)
    with tempfile.TemporaryDirectory() as folder:
        feed = _feed_with_pictures(content, Path(folder), progress)
        report = import_catalog(
            feed,
            Mapping.load(content / "mapping.toml"),
            images=PictureFolder(Path(folder), storage()),
            progress=lambda done: progress("Products", done, feed.stat().st_size),
        )
    with transaction():
        _save_reviews(content)
    for source_id in _save_policies(content):
        process_source(source_id)  # the shop answers from them at once, whether or not a worker runs
    refresh_words()  # nor does the search wait for the job to understand what is misspelt
    return report


def _save_policies(content: Path) -> list[uuid.UUID]:
    promises = _home_texts(content)["promises"]
    with transaction():
        return [
            save_source(
                "policy",
                policy.title,
                policy.body,
                url=f"/pages/{policy.slug}",
                metadata={
                    "slug": policy.slug,
                    "summary": policy.summary,
                    "promises": [one for one in promises if one["page"] == policy.slug],
                },
            )
            for policy in read_policies(content / "policies")
        ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _save_shipping_and_taxes() -> None:
    for method in _SHIPPING:
        session().execute(insert(ShippingMethod).values(**method).on_conflict_do_nothing())
    for country, rate in _STANDARD_VAT.items():
        session().execute(
            insert(TaxRate)
            .values(country=country, name="VAT", rate=Decimal(rate), is_inclusive=True)
            .on_conflict_do_nothing()
        )


def _home_texts(content: Path) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((content / "home.json").read_text("utf-8"))
    return texts


def _told_about_categories(content: Path) -> dict[str, dict[str, Any]]:
    """By slug, what the first page tells about a category: it is kept as the category's metadata."""
    texts = _home_texts(content)
    told: dict[str, dict[str, Any]] = {texts["hero"]["category"]: {"hero": texts["hero"]}}
    for story in texts["stories"]:
        told.setdefault(story["category"], {})["story"] = story
    return told


def _save_taxonomy(content: Path) -> None:
    known = {row.slug: row.id for row in session().execute(sa.select(Category.slug, Category.id))}
    told = _told_about_categories(content)
    for row in _lines(content / "categories.jsonl"):
        if row["slug"] in known:
            continue
        known[row["slug"]] = new_id()
        session().execute(
            sa.insert(Category).values(
                id=known[row["slug"]],
                name=row["name"],
                slug=row["slug"],
                parent_id=known[row["parent"]] if row["parent"] else None,
                description=row["description"],
                sort_order=row["sort_order"],
                extra=told.get(row["slug"], {}),
            )
        )
    names = set(session().scalars(sa.select(Brand.name)))
    for row in _lines(content / "brands.jsonl"):
        if row["name"] not in names:
            session().execute(sa.insert(Brand).values(**row))


def _feed_with_pictures(content: Path, folder: Path, progress: Progress) -> Path:
    """The content's products with each one's drawing as its picture."""
    rows = list(_lines(content / "products.jsonl"))
    arts = {row["sku"]: Art.from_json(row["art"]) for row in rows}
    files = render_pictures(
        list(dict.fromkeys(arts.values())), folder, lambda done, total: progress("Pictures", done, total)
    )
    feed = folder / "products.jsonl"
    with feed.open("w", encoding="utf-8") as out:
        for row in rows:
            row["images"] = [files[arts[row["sku"]]]]
            out.write(json.dumps(row) + "\n")
    return feed


def _save_reviews(content: Path) -> None:
    people = {row["key"]: row for row in _lines(content / "reviewers.jsonl")}
    ids = {
        key: session().scalar(sa.select(User.id).where(User.email == row["email"]))
        for key, row in people.items()
    }
    for key, row in people.items():
        if ids[key] is None:
            ids[key] = new_id()
            session().execute(
                sa.insert(User).values(
                    id=ids[key],
                    email=row["email"],
                    first_name=row["first_name"],
                    last_name=row["last_name"],
                    email_verified=True,
                )
            )
    products = {row.sku: row.id for row in session().execute(sa.select(Product.sku, Product.id))}
    reviews = [
        {
            "product_id": products[row["sku"]],
            "user_id": ids[row["author"]],
            "rating": row["rating"],
            "title": row["title"],
            "comment": row["comment"],
            "pros": row["pros"],
            "cons": row["cons"],
            "helpful_count": row["helpful"],
            "is_verified_purchase": True,
            "status": "published",
            "created_at": now() - timedelta(days=row["days_ago"]),
        }
        for row in _lines(content / "reviews.jsonl")
    ]
    if reviews:
        session().execute(insert(Review).values(reviews).on_conflict_do_nothing())
