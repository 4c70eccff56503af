"""The generated catalog into the shop's own tables, in bulk: COPY first, then indexes, then the read model.

The triggers that keep the read model true row by row are off meanwhile; ``rebuild_read_model`` fills it afterwards by
ranges. Broken off in the middle, the instance is of no use: remove its folder and begin anew.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice

import psycopg
import sqlalchemy as sa
from PIL import Image, ImageDraw

from harness.generated import COLOURS, Product, brands, categories, products
from storefront.core.database_roles import DatabaseUrls
from storefront.core.schema import upgrade
from storefront.core.settings import current_settings
from storefront.journeys.catalog_import.pictures import store_picture
from storefront.providers.object_storage import storage
from storefront.search.services import refresh_words
from storefront.search.services.rebuilding import rebuild_read_model

Tell = Callable[[str, int, int], None]
"""Told a step's name, how much of it is done, and how much there is."""

LOADED = ("products", "reviews", "stock_movements")
REVIEWERS = 2_000
_CONNECTIONS = 2
_BATCH = 2_000
_COLUMNS = (
    "id, name, slug, description, short_description, price, category_id, brand_id, sku, stock_quantity, images, tags,"
    " specifications, is_featured, published_at"
)
_PEOPLE = """
INSERT INTO users (id, email, first_name)
SELECT md5('reviewer ' || n)::uuid, 'reviewer' || n || '@example.com', 'Reviewer ' || n
FROM generate_series(0, %s - 1) AS n
"""
# Every fourth product has one to four reviews; whoever wrote them follows from the SKU.
_REVIEWS = """
INSERT INTO reviews (product_id, user_id, rating, title, comment, status, is_verified_purchase)
SELECT id, md5('reviewer ' || (seed + nth) %% %s)::uuid, 5 - (seed >> nth::int & 7) * (seed >> nth::int & 7) / 12,
  'Review ' || nth, left(description, 120), 'published', true
FROM products CROSS JOIN LATERAL (SELECT abs(hashtext(sku)::bigint)) AS chance(seed)
CROSS JOIN LATERAL generate_series(1, seed / 4 %% 4 + 1) AS nth
WHERE seed %% 4 = 0
"""
_LEDGER = """
INSERT INTO stock_movements (product_id, delta, reason)
SELECT id, stock_quantity, 'import' FROM products WHERE stock_quantity > 0
"""
_SECONDARY_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%s::regclass[]) AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conindid <> 0)
ORDER BY pg_relation_size(indrelid) DESC, 1
"""


class NotEmpty(RuntimeError):
    """The shop holds products already."""


def load_catalog(count: int, tell: Tell) -> None:
    """Fill the running application's empty shop with ``count`` products. Raises :class:`NotEmpty`."""
    settings = current_settings()
    assert settings.database_url
    assert settings.database_owner_url
    assert settings.database_shopper_url
    owner = settings.database_owner_url.get_secret_value()
    tell("schema", 0, 1)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgrade(
        DatabaseUrls(
            owner, settings.database_url.get_secret_value(), settings.database_shopper_url.get_secret_value()
        )
    )
    tell("schema", 1, 1)
    with _connected(owner) as connection:
        if connection.execute("SELECT FROM products LIMIT 1").fetchone():
            raise NotEmpty
        _write_taxonomy(connection)
        with _without_triggers(connection), _without_indexes(connection, owner, tell):
            _copy_products(connection, count, tell)
            for place, statement in enumerate((_LEDGER, _REVIEWS)):
                tell("stock ledger, reviews", place, 2)
                connection.execute(statement, (REVIEWERS,) if statement is _REVIEWS else ())
            tell("stock ledger, reviews", 2, 2)
        connection.execute("VACUUM (ANALYZE) products, reviews, stock_movements, brands, categories, users")
    rebuild_read_model(
        owner,
        connections=_CONNECTIONS,
        without_indexes=True,
        tell=lambda step: tell(f"read model: {step.what}", step.done, step.whole),
    )
    _count_words(tell)
    with _connected(owner) as connection:
        connection.execute("VACUUM (ANALYZE) product_search, category_listing, facet_values, search_words")


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        yield connection


def _write_taxonomy(connection: psycopg.Connection) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO brands (id, name, slug) VALUES (%s, %s, %s)",
            [(one.id, one.name, one.slug) for one in brands()],
        )
        cursor.executemany(
            "INSERT INTO categories (id, parent_id, name, slug, sort_order) VALUES (%s, %s, %s, %s, %s)",
            [
                (one.id, one.parent.id if one.parent else None, one.name, one.slug, one.number)
                for one in categories()
            ],
        )
        cursor.execute(_PEOPLE, (REVIEWERS,))


@contextmanager
def _without_triggers(connection: psycopg.Connection) -> Iterator[None]:
    """Only the triggers that people wrote: foreign keys are checked."""
    for table in LOADED:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in LOADED:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@contextmanager
def _without_indexes(connection: psycopg.Connection, owner: str, tell: Tell) -> Iterator[None]:
    """Indexes are built in a fraction of the time that keeping them would take."""
    indexes = connection.execute(_SECONDARY_INDEXES, (list(LOADED),)).fetchall()
    for name, _definition in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield

    def build(definition: str) -> None:
        with _connected(owner) as another:
            another.execute(definition.encode())

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        built = pool.map(build, [definition for _name, definition in indexes])
        for done, _none in enumerate(built, start=1):
            tell("indexes", done, len(indexes))


def _copy_products(connection: psycopg.Connection, count: int, tell: Tell) -> None:
    pictures = _pictures()
    made, done = products(count), 0
    with connection.cursor().copy(f"COPY products ({_COLUMNS}) FROM STDIN") as copy:
        while batch := list(islice(made, _BATCH)):
            copy.write("".join(_line(one, pictures) for one in batch))
            done += len(batch)
            tell("products", done, count)


def _line(product: Product, pictures: dict[str, dict[str, object]]) -> str:
    """A row in COPY's text form. Nothing generated holds a tab, a line break or a backslash."""
    image = json.dumps([{**pictures[product.colour], "alt": product.name}])
    facts = json.dumps({"Colour": product.colour, "Material": product.material, "Size": product.size})
    cells: Sequence[object] = (
        product.id,
        product.name,
        product.slug,
        product.description,
        product.short_description,
        f"{product.cents // 100}.{product.cents % 100:02}",
        product.category.id,
        product.brand.id,
        product.sku,
        product.stock,
        image,
        "{" + ",".join(product.tags) + "}",
        facts,
        "t" if product.is_featured else "f",
        product.published_at.isoformat(),
    )
    return "\t".join(map(str, cells)) + "\n"


def _pictures() -> dict[str, dict[str, object]]:
    """A picture for each colour: what a page shows of it, stored in its three sizes."""
    return {colour: _picture(colour) for colour in COLOURS}


def _picture(colour: str) -> dict[str, object]:
    drawn = Image.new("RGB", (1440, 1080), "#f2efe8")
    ImageDraw.Draw(drawn).rounded_rectangle((360, 180, 1080, 900), radius=120, fill=colour)
    body = io.BytesIO()
    drawn.save(body, "PNG")
    return asdict(store_picture(body.getvalue(), storage()))


def _count_words(tell: Tell) -> None:
    tell("vocabulary", 0, 1)
    refresh_words()
    tell("vocabulary", 1, 1)
