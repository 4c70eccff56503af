"""The listing's read model is true after every write, whichever table it came from."""

from __future__ import annotations

import uuid
from threading import Thread
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.migrations import rows
from tests.migrations.conftest import Logins


def entry(connection: psycopg.Connection, product_id: uuid.UUID, columns: str) -> Any:
    """The product's row in the read model, or None when it is not listed."""
    statement = f"SELECT {columns} FROM product_search WHERE product_id = %s"  # noqa: S608
    return connection.execute(statement, (product_id,)).fetchone()


def finds(connection: psycopg.Connection, words: str) -> set[uuid.UUID]:
    found = connection.execute(
        "SELECT product_id FROM product_search WHERE search_vector @@ websearch_to_tsquery('shop_english', %s)",
        (words,),
    )
    return {product_id for (product_id,) in found}


def test_a_product_is_listed_from_publication_to_removal(logins: Logins) -> None:
    app = logins.app
    product = rows.product(app, published_at=None)
    assert entry(app, product, "sku") is None
    for statement, listed in (
        ("UPDATE products SET published_at = now() WHERE id = %s", True),
        ("UPDATE products SET is_active = false WHERE id = %s", False),
        ("UPDATE products SET is_active = true WHERE id = %s", True),
        ("UPDATE products SET deleted_at = now() WHERE id = %s", False),
        ("UPDATE products SET deleted_at = NULL WHERE id = %s", True),
        ("DELETE FROM products WHERE id = %s", False),
    ):
        app.execute(statement, (product,))
        assert (entry(app, product, "sku") is not None) is listed, statement


def test_the_row_says_everything_a_listing_needs(logins: Logins) -> None:
    app = logins.app
    brand = rows.insert(app, "brands", name="Höfer", slug="hoefer")
    top = rows.category(app, name="Outdoor")
    leaf = rows.category(app, name="Tents", parent_id=top)
    image = {"key": "tent.webp", "alt": "A tent", "width": 10, "height": 10}
    product = rows.product(
        app,
        name="Älpler Tent",
        brand_id=brand,
        category_id=leaf,
        price="199.00",
        compare_at_price="249.00",
        stock_quantity=1,
        tags=["family", "new"],
        images=Jsonb([image]),
        specifications={
            "Weight": 2.5,
            "Waterproof": True,
            "Colours": ["green", "grey"],
            "Note": None,
            "Long": "x" * 61,
        },
        is_featured=True,
    )
    found = entry(
        app,
        product,
        "name, sort_name, brand_name, brand_slug, category_id, category_name, category_path, price_min::text,"
        " price_max::text, compare_at_price::text, available, has_variants, is_featured, tags, facets, image,"
        " rating_average::text, rating_count, embedding IS NULL, embedded_digest IS DISTINCT FROM content_digest",
    )
    assert found == (
        "Älpler Tent",
        "alpler tent",
        "Höfer",
        "hoefer",
        leaf,
        "Tents",
        [leaf, top],
        "199.00",
        "199.00",
        "249.00",
        True,
        False,
        True,
        ["family", "new"],
        {"specifications": {"Weight": ["2.5"], "Waterproof": ["true"], "Colours": ["green", "grey"]}},
        image,
        "0.00",
        0,
        True,
        True,
    )


def test_words_are_found_by_weight_without_accents_in_their_language(logins: Logins) -> None:
    app = logins.app
    in_name = rows.product(app, name="Running lamp", sku="LAMP-1", barcode="4006381333931")
    in_description = rows.product(app, name="Hat", description="Goes with every lamp.")
    german = rows.product(app, name="Zelte für Familien", language="de")
    assert finds(app, "lamps") == {in_name, in_description}
    ranked = app.execute(
        "SELECT product_id FROM product_search, to_tsquery('shop_english', 'lamp') AS q"
        " WHERE search_vector @@ q ORDER BY ts_rank(search_vector, q) DESC"
    ).fetchall()
    assert ranked == [(in_name,), (in_description,)]
    assert finds(app, "4006381333931") == {in_name}
    assert finds(app, "lamp-1") == {in_name}
    by_german = app.execute(
        "SELECT product_id FROM product_search WHERE search_vector @@ to_tsquery('shop_german', 'fur & Zelt')"
        " OR search_vector @@ to_tsquery('shop_german', 'Zelt')"
    ).fetchall()
    assert by_german == [(german,)]


def test_variants_make_up_their_parents_row(logins: Logins) -> None:
    app = logins.app
    parent = rows.product(app, name="Jacket", price="50.00", stock_quantity=9)
    small = rows.product(
        app, parent_id=parent, options={"Size": "S"}, price="90.00", compare_at_price="120.00", sku="JACKET-S"
    )
    large = rows.product(app, parent_id=parent, options={"Size": "L", "Colour": "Red"}, price="110.00")
    columns = "price_min::text, price_max::text, compare_at_price::text, available, has_variants, facets"
    assert entry(app, small, "sku") is None
    assert entry(app, parent, columns) == (
        "90.00",
        "110.00",
        "120.00",
        False,
        True,
        {"options": {"Size": ["L", "S"], "Colour": ["Red"]}},
    )
    assert finds(app, "jacket-s") == {parent}
    app.execute("UPDATE products SET stock_quantity = 1 WHERE id = %s", (large,))
    assert entry(app, parent, "available") == (True,)
    app.execute("UPDATE products SET is_active = false WHERE id = %s", (large,))
    assert entry(app, parent, columns)[:4] == ("90.00", "90.00", "120.00", False)
    app.execute("DELETE FROM products WHERE parent_id = %s", (parent,))
    assert entry(app, parent, columns) == ("50.00", "50.00", None, True, False, {})


@pytest.mark.parametrize(
    ("stock", "reserved", "backorders", "available"),
    [(1, 0, 0, True), (1, 1, 0, False), (0, 0, 1, True), (0, 1, 1, False), (0, 0, 0, False)],
)
def test_availability_counts_reservations_and_backorders(
    logins: Logins, stock: int, reserved: int, backorders: int, available: bool
) -> None:
    product = rows.product(logins.app, stock_quantity=5)
    logins.app.execute(
        "UPDATE products SET stock_quantity = %s, reserved_quantity = %s, backorder_limit = %s WHERE id = %s",
        (stock, reserved, backorders, product),
    )
    assert entry(logins.app, product, "available") == (available,)


def test_a_sale_that_leaves_stock_does_not_touch_the_row(logins: Logins) -> None:
    product = rows.product(logins.app, stock_quantity=5)
    before = entry(logins.app, product, "xmin::text, ctid::text")
    logins.app.execute(
        "UPDATE products SET stock_quantity = 1, reserved_quantity = 0 WHERE id = %s", (product,)
    )
    assert entry(logins.app, product, "xmin::text, ctid::text") == before
    logins.app.execute("UPDATE products SET reserved_quantity = 1 WHERE id = %s", (product,))
    assert entry(logins.app, product, "available, xmin::text")[0] is False


def test_an_unchanged_product_costs_no_new_row(logins: Logins) -> None:
    product = rows.product(logins.app)
    before = entry(logins.app, product, "xmin::text, ctid::text")
    logins.app.execute("UPDATE products SET name = name, price = price WHERE id = %s", (product,))
    logins.app.execute("SELECT refresh_product_search(ARRAY[%s]::uuid[])", (product,))
    assert entry(logins.app, product, "xmin::text, ctid::text") == before


def test_brands_and_categories_carry_over(logins: Logins) -> None:
    app = logins.app
    brand = rows.insert(app, "brands", name="Ash", slug="ash")
    top, other = rows.category(app, name="Outdoor"), rows.category(app, name="Winter")
    middle = rows.category(app, name="Camp", parent_id=top)
    leaf = rows.category(app, name="Tents", parent_id=middle)
    product = rows.product(app, name="Thing", brand_id=brand, category_id=leaf)
    app.execute("UPDATE brands SET name = 'Oakwood' WHERE id = %s", (brand,))
    assert finds(app, "oakwood") == {product}
    assert finds(app, "ash") == set()
    app.execute("UPDATE categories SET parent_id = %s WHERE id = %s", (other, middle))
    assert entry(app, product, "category_path") == ([leaf, middle, other],)
    assert finds(app, "winter") == {product}
    app.execute("UPDATE categories SET deleted_at = now() WHERE id = %s", (other,))
    assert entry(app, product, "category_path") == ([leaf, middle],)
    app.execute("UPDATE categories SET deleted_at = NULL WHERE id = %s", (other,))
    assert entry(app, product, "category_path") == ([leaf, middle, other],)
    app.execute("UPDATE brands SET deleted_at = now() WHERE id = %s", (brand,))
    assert entry(app, product, "brand_id, brand_name") == (None, None)


def test_published_reviews_make_the_rating(logins: Logins) -> None:
    app = logins.app
    parent = rows.product(app)
    variant = rows.product(app, parent_id=parent, options={"Size": "S"})
    columns = "rating_average::text, rating_count"

    def review(product: uuid.UUID, rating: int, status: str) -> uuid.UUID:
        return rows.insert(
            app, "reviews", product_id=product, user_id=rows.user(app), rating=rating, status=status
        )

    first = review(parent, 5, "published")
    review(variant, 2, "published")
    waiting = review(parent, 1, "pending")
    assert entry(app, parent, columns) == ("3.50", 2)
    app.execute("UPDATE reviews SET status = 'published' WHERE id = %s", (waiting,))
    assert entry(app, parent, columns) == ("2.67", 3)
    app.execute("SELECT soft_delete('reviews', %s)", (waiting,))
    app.execute("DELETE FROM reviews WHERE id = %s", (first,))
    assert entry(app, parent, columns) == ("2.00", 1)
    app.execute("SELECT refresh_product_search(ARRAY[%s]::uuid[])", (parent,))
    assert entry(app, parent, columns) == ("2.00", 1)


@pytest.mark.concurrency
@pytest.mark.parametrize(
    ("change", "columns", "before", "after"),
    [
        ("UPDATE products SET stock_quantity = 0 WHERE id = %s", "available", (True,), (False,)),
        ("UPDATE products SET price = 77 WHERE id = %s", "price_min::text", ("10.00",), ("77.00",)),
        ("UPDATE reviews SET rating = 1 WHERE product_id = %s", "rating_average::text", ("5.00",), ("1.00",)),
    ],
)
def test_two_writers_at_once_both_count(
    logins: Logins, change: str, columns: str, before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    parent = rows.product(logins.app)
    variants = [
        rows.product(logins.app, parent_id=parent, options={"Size": size}, stock_quantity=1) for size in "SL"
    ]
    for variant in variants:
        person = rows.user(logins.app)
        rows.insert(logins.app, "reviews", product_id=variant, user_id=person, rating=5, status="published")
    assert entry(logins.app, parent, columns) == before
    rival = Thread(target=logins.owner.execute, args=(change, (variants[1],)))
    with logins.app.transaction():
        logins.app.execute(change, (variants[0],))
        rival.start()
        rival.join(timeout=0.5)
        assert rival.is_alive(), "the second writer must wait for the first"
    rival.join(timeout=5)
    assert entry(logins.app, parent, columns) == after


def test_what_jobs_filled_survives_a_change_and_is_known_to_be_old(logins: Logins) -> None:
    app = logins.app
    product = rows.product(app, name="Old name")
    vector = "[" + ",".join(["0.1"] * 384) + "]"
    app.execute(
        "UPDATE product_search SET popularity = 7, embedding = %s::vector, embedded_digest = content_digest"
        " WHERE product_id = %s",
        (vector, product),
    )
    stale = "popularity, embedding IS NOT NULL, embedded_digest IS DISTINCT FROM content_digest"
    app.execute("UPDATE products SET price = 11 WHERE id = %s", (product,))
    assert entry(app, product, stale) == (7.0, True, False)
    app.execute("UPDATE products SET name = 'New name' WHERE id = %s", (product,))
    assert entry(app, product, stale) == (7.0, True, True)


def test_odd_specifications_do_no_harm(logins: Logins) -> None:
    for specifications in (
        Jsonb([1, 2]),
        Jsonb("text"),
        Jsonb({"a": {"b": 1}, "c": [], "d": ""}),
        Jsonb({"e": [{"f": 1}]}),
    ):
        product = rows.product(logins.app, specifications=specifications)
        assert entry(logins.app, product, "sku") is not None


def test_one_statement_for_many_products_is_enough(logins: Logins) -> None:
    logins.app.execute(
        "INSERT INTO products (name, slug, sku, price, published_at)"
        " SELECT 'Bulk ' || n, 'bulk-' || n, 'B-' || n, n, now() FROM generate_series(1, 2000) AS n"
    )
    assert logins.app.execute("SELECT count(*), max(price_min)::int FROM product_search").fetchone() == (
        2000,
        2000,
    )
    logins.app.execute("UPDATE products SET price = price + 1")
    assert logins.app.execute("SELECT min(price_min)::int FROM product_search").fetchone() == (2,)


def test_search_products_ranks_and_forgives(logins: Logins) -> None:
    app = logins.app
    tent = rows.product(app, name="Ridge Tent", sku="TENT", description="For two.", price="199.00")
    rows.product(app, name="Tent peg", sku="PEG")
    rows.product(app, name="Lantern", sku="LAMP")
    rows.product(app, name="Tent of tomorrow", sku="SOON", published_at="2100-01-01T00:00:00Z")
    found = app.execute(
        "SELECT id, sku, description, price::text FROM search_products('ridge tent')"
    ).fetchall()
    assert found[0] == (tent, "TENT", "For two.", "199.00")
    assert {sku for _id, sku, *_rest in found} <= {"TENT", "PEG"}
    assert app.execute("SELECT sku FROM search_products('lanterm')").fetchall() == [("LAMP",)]
    assert app.execute("SELECT count(*) FROM search_products('tent', 1)").fetchone() == (1,)
    assert app.execute("SELECT count(*) FROM search_products('')").fetchone() == (0,)


def test_passages_are_found_by_their_words(logins: Logins) -> None:
    source = rows.insert(
        logins.app, "training_sources", source_type="policy", title="Returns", content="…", content_hash="h"
    )
    rows.insert(
        logins.app,
        "training_chunks",
        source_id=source,
        chunk_index=0,
        heading="Returning goods",
        content="You have thirty days.",
    )
    found = logins.app.execute(
        "SELECT content FROM training_chunks"
        " WHERE search_vector @@ websearch_to_tsquery('shop_english', 'returned day')"
    ).fetchall()
    assert found == [("You have thirty days.",)]
