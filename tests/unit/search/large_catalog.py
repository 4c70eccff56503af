"""A hundred thousand products written in seconds: rows as the triggers would write them, past the triggers.

Twenty categories of two levels, fifty brands, names of made-up words (few of them common), three colours, some ratings,
every tenth sold out. The numbers of facts are those of ``facet_values``.
"""

from __future__ import annotations

import psycopg

PRODUCTS = 100_000
COMMON, RARE = "lantern", "zephyrium"
"""In every fifth name, and in forty."""

_DEAR = 8_000
OF_MOST_BRANDS = (PRODUCTS - _DEAR) // 50
"""Each of the fifty makes so many, and the first one the dearest 8,000 besides."""

_MADE = """
SET session_replication_role = replica;

INSERT INTO brands (id, name, slug)
SELECT md5('brand ' || n)::uuid, 'Maker ' || n, 'maker-' || n FROM generate_series(0, 49) AS n;

INSERT INTO categories (id, parent_id, name, slug)
SELECT md5('category ' || n)::uuid, CASE WHEN n >= 4 THEN md5('category ' || n % 4)::uuid END, 'Shelf ' || n,
  'shelf-' || n FROM generate_series(0, 19) AS n;

INSERT INTO facet_values (kind, name, value, label)
SELECT 'language', '', 'en', ''
UNION ALL SELECT 'brand', '', slug, name FROM brands
UNION ALL SELECT 'category', '', id::text, '' FROM categories
UNION ALL SELECT 'specification', 'Colour', colour, '' FROM unnest(ARRAY['red', 'green', 'blue']) AS colour;

CREATE TEMPORARY TABLE made AS
-- The first brand makes the dearest: what is cheap first has all of it at its far end.
SELECT n, md5('product ' || n)::uuid AS id, 4 + n % 16 AS shelf,
  CASE WHEN n > :products - :dear THEN 0 ELSE n % 50 END AS brand,
  (ARRAY['red', 'green', 'blue'])[1 + n % 3] AS colour,
  CASE WHEN n > :products - :dear THEN 900 ELSE 5 END + (n * 7919 % 40000) / 100.0 AS price,
  n % 10 <> 0 AS available,
  initcap(concat_ws(' ', CASE WHEN n % 5 = 0 THEN ':common' END, CASE WHEN n % 2500 = 0 THEN ':rare' END,
    'kind' || (n * 31 % 200), 'word' || translate((n * 17 % 3000)::text, '0123456789', 'abcdefghij'))) AS name
FROM generate_series(1, :products) AS n;

INSERT INTO products (id, name, slug, price, category_id, brand_id, sku, stock_quantity, published_at)
SELECT id, name, 'product-' || n, price, md5('category ' || shelf)::uuid, md5('brand ' || brand)::uuid, 'S-' || n,
  available::int * 9, now() - interval '1 day' - n * interval '1 second' FROM made;

INSERT INTO product_search (product_id, language, slug, name, sort_name, sku, search_vector, trigram_text, brand_id,
  brand_name, brand_slug, category_id, category_name, category_path, currency, price_min, price_max, rating_average,
  rating_count, available, facets, facet_ids, popularity, published_at, content_digest, embedded_digest)
SELECT made.id, 'en', 'product-' || n, made.name, lower(made.name), 'S-' || n,
  setweight(to_tsvector('english', made.name), 'A')
    || setweight(to_tsvector('english', concat_ws(' ', 'Maker', brand, 'Shelf', shelf)), 'B'),
  lower(made.name), md5('brand ' || brand)::uuid, 'Maker ' || brand, 'maker-' || brand,
  md5('category ' || shelf)::uuid, 'Shelf ' || shelf,
  ARRAY[md5('category ' || shelf)::uuid, md5('category ' || shelf % 4)::uuid], 'EUR', price, price, n % 6 * 0.9, n % 6,
  available, jsonb_build_object('specifications', jsonb_build_object('Colour', jsonb_build_array(colour))),
  ARRAY[spoken.id, maker.id, leaf.id, above.id, coloured.id], n % 977,
  now() - interval '1 day' - n * interval '1 second',
  md5(made.name), md5(made.name)
FROM made
JOIN facet_values AS spoken ON spoken.kind = 'language'
JOIN facet_values AS maker ON (maker.kind, maker.value) = ('brand', 'maker-' || brand)
JOIN facet_values AS leaf ON (leaf.kind, leaf.value) = ('category', md5('category ' || shelf)::uuid::text)
JOIN facet_values AS above ON (above.kind, above.value) = ('category', md5('category ' || shelf % 4)::uuid::text)
JOIN facet_values AS coloured ON (coloured.kind, coloured.value) = ('specification', colour);

INSERT INTO product_sample (product_id, language, standing, facet_ids, price_min, price_step, rating_average, available,
  published_at, name_vector, search_vector)
SELECT product_id, language, standing, facet_ids, price_min, price_step, rating_average, available, published_at,
  name_vector, search_vector
FROM product_search WHERE get_byte(uuid_send(product_id), 15) & 15 = 0;

INSERT INTO category_listing (category_id, standing, product_id, brand_number, price_step, stars)
SELECT unnest(category_path), standing, product_id, v.id, price_step, trunc(rating_average)
FROM product_search JOIN facet_values AS v ON (v.kind, v.name, v.value) = ('brand', '', brand_slug);

INSERT INTO search_words (word, stem, holders, text_holders)
SELECT word, min(stem), count(*), 0 FROM (
  SELECT word, (tsvector_to_array(to_tsvector('english', word)))[1] AS stem
  FROM product_search, regexp_split_to_table(trigram_text, ' ') AS word
) AS words WHERE stem IS NOT NULL GROUP BY word;

-- The vocabulary of such a shop is larger than these names are.
INSERT INTO search_words (word, stem, holders, text_holders)
SELECT 'q' || translate(md5(n::text), '0123456789', 'ghijklmnop'), md5(n::text), 0, 1
FROM generate_series(1, 30000) AS n;

SET session_replication_role = DEFAULT;
"""


_INDEXES = """
SELECT pg_get_indexdef(indexrelid), format('DROP INDEX %s', indexrelid::regclass) FROM pg_index
WHERE indrelid = ANY ('{products,product_search,category_listing,search_words}'::regclass[]) AND NOT indisprimary
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


def write_catalog(admin_url: str) -> None:
    """Fill the migrated, empty database at a superuser's ``admin_url``. Indexes are built when the rows are there."""
    made = (
        _MADE.replace(":products", str(PRODUCTS))
        .replace(":dear", str(_DEAR))
        .replace(":common", COMMON)
        .replace(":rare", RARE)
    )
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        indexes = connection.execute(_INDEXES).fetchall()
        for _, drop in indexes:
            connection.execute(drop.encode())
        connection.execute(made.encode())
        for make, _ in indexes:
            connection.execute(make.encode())
        connection.execute("ANALYZE")
