"""What lists are read from besides the rows themselves: numbered facts, the categories' lists, order and sample."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import psycopg

from storefront.core import schema
from storefront.core.database_roles import DatabaseUrls
from storefront.search.models import AVAILABLE_FROM, PRICE_STEPS
from tests.migrations import rows
from tests.migrations.conftest import Logins, connect

LISTS_AS_ROWS_SAY = """
SELECT step.id, s.standing, s.product_id, coalesce(v.id, 0), s.price_step, trunc(s.rating_average)::smallint
FROM product_search AS s CROSS JOIN unnest(s.category_path) AS step(id)
LEFT JOIN facet_values AS v ON (v.kind, v.name, v.value) = ('brand', '', s.brand_slug)
"""


def facts(connection: psycopg.Connection, product: uuid.UUID) -> set[tuple[str, str, str]]:
    """What the numbers of a product stand for, as (kind, name, value)."""
    found = connection.execute(
        "SELECT v.kind, v.name, v.value FROM product_search AS s JOIN facet_values AS v ON v.id = ANY (s.facet_ids)"
        " WHERE s.product_id = %s",
        (product,),
    )
    return set(found)


def listed(connection: psycopg.Connection, category: uuid.UUID) -> list[uuid.UUID]:
    found = connection.execute(
        "SELECT product_id FROM category_listing WHERE category_id = %s ORDER BY standing DESC, product_id DESC",
        (category,),
    )
    return [product for (product,) in found]


def lists_are_true(connection: psycopg.Connection) -> bool:
    kept = set(
        connection.execute(
            "SELECT category_id, standing, product_id, brand_number, price_step, stars FROM category_listing"
        )
    )
    return kept == set(connection.execute(LISTS_AS_ROWS_SAY))


def test_every_countable_fact_has_a_number(logins: Logins) -> None:
    app = logins.app
    brand = rows.insert(app, "brands", name="Höfer", slug="hoefer")
    top = rows.category(app)
    leaf = rows.category(app, parent_id=top)
    parent = rows.product(
        app,
        brand_id=brand,
        category_id=leaf,
        tags=["new", "x" * 61],
        specifications={"Season": "3", "Colours": ["green", "grey"], "Waterproof": True, "Note": None},
    )
    for size in ("S", "M"):
        rows.product(app, parent_id=parent, options={"Size": size}, published_at=None)
    assert facts(app, parent) == {
        ("language", "", "en"),
        ("brand", "", "hoefer"),
        ("category", "", str(leaf)),
        ("category", "", str(top)),
        ("tag", "", "new"),
        ("option", "Size", "S"),
        ("option", "Size", "M"),
        ("specification", "Season", "3"),
        ("specification", "Colours", "green"),
        ("specification", "Colours", "grey"),
        ("specification", "Waterproof", "true"),
    }


def test_a_number_stays_when_its_label_changes(logins: Logins) -> None:
    app = logins.app
    brand = rows.insert(app, "brands", name="Before", slug="maker")
    product = rows.product(app, brand_id=brand)
    number = "SELECT id, label FROM facet_values WHERE kind = 'brand' AND value = 'maker'"
    before = app.execute(number).fetchone()
    app.execute("UPDATE brands SET name = 'After' WHERE id = %s", (brand,))
    after = app.execute(number).fetchone()
    assert before is not None
    assert after == (before[0], "After")
    assert facts(app, product) == {("language", "", "en"), ("brand", "", "maker")}


def test_a_category_lists_what_lies_in_it_and_below_in_the_recommended_order(logins: Logins) -> None:
    app = logins.app
    top = rows.category(app)
    leaf = rows.category(app, parent_id=top)
    plain = rows.product(app, category_id=top, stock_quantity=1)
    sold_out = rows.product(app, category_id=leaf, stock_quantity=0, is_featured=True)
    featured = rows.product(app, category_id=leaf, stock_quantity=1, is_featured=True)
    assert listed(app, top) == [featured, plain, sold_out]
    assert listed(app, leaf) == [featured, sold_out]


def test_what_is_available_stands_above_everything_else(logins: Logins) -> None:
    app = logins.app
    sold_out = rows.product(app, stock_quantity=0, is_featured=True)
    plain = rows.product(app, stock_quantity=1)
    logins.owner.execute(
        "UPDATE product_search SET popularity = 1e12, rating_average = 5 WHERE product_id = %s", (sold_out,)
    )
    standing = dict(app.execute("SELECT product_id, standing FROM product_search"))
    assert standing[sold_out] < AVAILABLE_FROM <= standing[plain]


def test_the_lists_follow_every_change(logins: Logins) -> None:
    app = logins.app
    top, other = rows.category(app), rows.category(app)
    leaf = rows.category(app, parent_id=top)
    brand = rows.insert(app, "brands", name="Maker", slug="maker")
    product = rows.product(app, category_id=leaf, stock_quantity=1)
    rows.product(app, category_id=leaf)
    for statement in (
        "UPDATE products SET price = 987 WHERE id = %(product)s",
        "UPDATE products SET brand_id = %(brand)s WHERE id = %(product)s",
        "UPDATE brands SET slug = 'called-anew' WHERE id = %(brand)s",
        "UPDATE products SET stock_quantity = 0 WHERE id = %(product)s",
        "UPDATE product_search SET popularity = 7 WHERE product_id = %(product)s",
        "UPDATE products SET category_id = %(other)s WHERE id = %(product)s",
        "UPDATE categories SET parent_id = %(other)s WHERE id = %(leaf)s",
        "UPDATE products SET is_active = false WHERE id = %(product)s",
        "UPDATE products SET is_active = true WHERE id = %(product)s",
        "UPDATE products SET category_id = NULL WHERE id = %(product)s",
        "DELETE FROM products WHERE id = %(product)s",
    ):
        app.execute(statement, {"product": product, "other": other, "leaf": leaf, "brand": brand})
        assert lists_are_true(app), statement
    assert len(listed(app, other)) == 1
    logins.owner.execute("UPDATE product_search SET rating_average = 4.5")
    assert lists_are_true(app)


def test_the_sample_is_a_sixteenth_of_all_products(logins: Logins) -> None:
    logins.app.execute(
        "INSERT INTO products (name, slug, sku, price, published_at)"
        " SELECT 'Bulk ' || n, 'bulk-' || n, 'B-' || n, n, now() FROM generate_series(1, 4000) AS n"
    )
    row = logins.app.execute("SELECT count(*) FROM product_sample").fetchone()
    assert row is not None
    assert 170 < row[0] < 330  # 250 are expected; five standard deviations are 77


def test_price_steps_are_the_same_in_the_database_and_in_the_program(logins: Logins) -> None:
    product = rows.product(logins.app, price="1.99")
    for place, step in enumerate(PRICE_STEPS, start=1):
        logins.app.execute("UPDATE products SET price = %s WHERE id = %s", (step, product))
        found = logins.app.execute("SELECT price_step FROM product_search WHERE product_id = %s", (product,))
        assert found.fetchone() == (place,)


def test_the_migration_fills_it_for_more_products_than_a_batch(
    fresh_database: Callable[[], DatabaseUrls],
) -> None:
    urls = fresh_database()
    schema.upgrade(urls, "16_search_changes")
    count = 2_003  # one batch of two thousand, and three
    with connect(urls.owner) as owner:
        group = rows.category(owner)
        owner.execute(
            "INSERT INTO products (name, slug, sku, price, category_id, specifications, published_at)"
            " SELECT 'Kettle/Stove', 'thing-' || n, 'T-' || n, 10, %s, '{\"Colour\": \"red\"}', now()"
            " FROM generate_series(1, %s) AS n",
            (group, count),
        )
        owner.commit()
    schema.upgrade(urls, "17_read_model")
    with connect(urls.owner) as owner:
        red = "SELECT id FROM facet_values WHERE (kind, name, value) = ('specification', 'Colour', 'red')"
        held = f"SELECT count(*) FROM product_search WHERE facet_ids @> ARRAY({red})"  # noqa: S608
        assert owner.execute(held).fetchone() == (count,)
        assert len(listed(owner, group)) == count
        assert owner.execute(
            "SELECT count(*) FROM product_search AS s FULL JOIN product_sample AS o USING (product_id)"
            " WHERE (s.facet_ids, s.standing) IS DISTINCT FROM (o.facet_ids, o.standing)"
            " AND (o.product_id IS NOT NULL OR get_byte(uuid_send(s.product_id), 15) & 15 = 0)"
        ).fetchone() == (0,)
    schema.upgrade(urls, "64_listing_facets")
    with connect(urls.owner) as owner:
        assert lists_are_true(owner)
        held = "SELECT count(*) FROM product_search WHERE name_vector @@ 'stove'"
        assert owner.execute(held).fetchone() == (count,)
    schema.downgrade(urls, "61_no_sku_index")
    with connect(urls.owner) as owner:
        assert owner.execute(held).fetchone() == (0,)
        assert len(listed(owner, group)) == count
