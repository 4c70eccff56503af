"""The read model of lists and searches at a million products: numbered facets, one order, a fixed sample.

- ``facet_values`` gives every countable fact (a brand, a category, an option's value ...) a small number, and
  ``facet_ids`` holds a product's numbers: one index for all filters, one pass for all counts.
- ``standing`` is the recommended order as one number; ``category_listing`` holds each category's products in it, so
  that the first page of the largest category is as cheap as that of the smallest.
- ``product_sample`` holds a fixed sixteenth of the products, whatever they are, in short rows side by side: counts
  beyond ten thousand are estimated on it.
- ``name_vector`` is the part of the words that names, brands and categories hold.

The long columns leave the row (``toast_tuple_target``): a scan over ten thousand matches reads short rows.
It all happens in one transaction: the columns' rewrite locks the table to the end anyway, and a shop whose lists are
half filled shows half of its products. But in batches, without indexes and triggers meanwhile, so that its memory and
time grow with the products and no faster.

``refresh_product_search(ids)`` fills all of it; after a bulk load with the triggers of ``products`` switched off, call
it for ranges of ids.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "17_read_model"
down_revision = "16_search_changes"
branch_labels = None
depends_on = None

# As in storefront.search.queries.price_ranges; a test compares.
PRICE_STEPS = ",".join(
    f"{digits * 10**power / 100:.2f}"
    for power in range(7)
    for digits in (100, 150, 200, 250, 300, 400, 500, 750)
)

GENERATED = {
    "standing": (
        "double precision",
        "available::int * 4 + is_featured::int * 2 + greatest(popularity, 0) / (1 + greatest(popularity, 0))"
        " + rating_average::double precision / 500",
    ),
    "price_step": ("smallint", f"width_bucket(price_min, '{{{PRICE_STEPS}}}'::numeric[])"),
    "name_vector": ("tsvector", "ts_filter(search_vector, '{a,b}')"),
}
# What a list's statements read of every match stays in the row; everything else may leave it.
IN_THE_ROW = ("facet_ids", "name_vector", "name", "slug", "sku", "brand_name", "currency")

# Everything countable about listed products. Long values are no facets.
PRODUCT_FACTS = """
CREATE FUNCTION product_facts(wanted uuid[])
RETURNS TABLE (product_id uuid, kind text, name text, value text, label text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH RECURSIVE listed AS MATERIALIZED (
    SELECT p.id, p.language, p.brand_id, p.category_id, p.tags, p.specifications FROM products AS p
    WHERE p.id = ANY (wanted) AND p.parent_id IS NULL AND p.deleted_at IS NULL AND p.is_active
      AND p.published_at IS NOT NULL
  ), climb AS (
    SELECT c.id AS leaf, c.id, c.parent_id FROM categories AS c
    WHERE c.deleted_at IS NULL AND c.id IN (SELECT category_id FROM listed)
    UNION ALL
    SELECT climb.leaf, c.id, c.parent_id
    FROM climb JOIN categories AS c ON c.id = climb.parent_id AND c.deleted_at IS NULL
  )
  SELECT listed.id, 'language', '', listed.language, '' FROM listed
  UNION ALL
  SELECT listed.id, 'brand', '', brand.slug, brand.name
  FROM listed JOIN brands AS brand ON brand.id = listed.brand_id AND brand.deleted_at IS NULL
  UNION ALL
  SELECT listed.id, 'category', '', climb.id::text, '' FROM listed JOIN climb ON climb.leaf = listed.category_id
  UNION ALL
  SELECT DISTINCT listed.id, 'tag', '', tag, '' FROM listed CROSS JOIN unnest(listed.tags) AS tag
  WHERE length(tag) BETWEEN 1 AND 60
  UNION ALL
  SELECT DISTINCT listed.id, 'option', entry.key, entry.value, ''
  FROM listed
  JOIN products AS v ON v.parent_id = listed.id AND v.deleted_at IS NULL AND v.is_active
  CROSS JOIN LATERAL jsonb_each_text(v.options) AS entry
  WHERE length(entry.value) BETWEEN 1 AND 60 AND length(entry.key) BETWEEN 1 AND 60
  UNION ALL
  SELECT DISTINCT listed.id, 'specification', entry.key, part.value, ''
  FROM listed
  CROSS JOIN LATERAL jsonb_each(
    CASE jsonb_typeof(listed.specifications) WHEN 'object' THEN listed.specifications ELSE '{}' END) AS entry
  CROSS JOIN LATERAL jsonb_array_elements_text(
    CASE jsonb_typeof(entry.value) WHEN 'array' THEN entry.value WHEN 'object' THEN '[]' WHEN 'null' THEN '[]'
    ELSE jsonb_build_array(entry.value) END) AS part(value)
  WHERE length(part.value) BETWEEN 1 AND 60 AND length(entry.key) BETWEEN 1 AND 60
$$
"""

REFRESH_PRODUCT_SEARCH = """
CREATE OR REPLACE FUNCTION refresh_product_search(wanted uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM product_search WHERE product_id = ANY (wanted) ORDER BY product_id FOR NO KEY UPDATE;

  -- The values have their numbers before rows carry them; all writers take them in one order.
  INSERT INTO facet_values (kind, name, value, label)
  SELECT fact.kind, fact.name, fact.value, max(fact.label) FROM product_facts(wanted) AS fact
  WHERE NOT EXISTS (
    SELECT FROM facet_values AS v
    WHERE (v.kind, v.name, v.value) = (fact.kind, fact.name, fact.value) AND v.label = fact.label
  )
  GROUP BY fact.kind, fact.name, fact.value
  ORDER BY fact.kind, fact.name, fact.value
  ON CONFLICT (kind, name, value) DO UPDATE SET label = excluded.label;

  DELETE FROM product_search AS s USING products AS p
  WHERE s.product_id = ANY (wanted) AND p.id = s.product_id
    AND NOT (p.parent_id IS NULL AND p.deleted_at IS NULL AND p.is_active AND p.published_at IS NOT NULL);

  INSERT INTO product_search AS s (
    product_id, language, slug, name, sort_name, sku, search_vector, trigram_text, brand_id, brand_name, brand_slug,
    category_id, category_name, category_path, currency, price_min, price_max, compare_at_price, rating_average,
    rating_count, available, has_variants, is_featured, tags, facets, facet_ids, image, published_at, content_digest
  )
  WITH RECURSIVE listed AS MATERIALIZED (
    SELECT p.* FROM products AS p
    WHERE p.id = ANY (wanted) AND p.parent_id IS NULL AND p.deleted_at IS NULL AND p.is_active
      AND p.published_at IS NOT NULL
  ), climb AS (
    SELECT c.id AS leaf, c.id, c.parent_id, c.name, 0 AS height FROM categories AS c
    WHERE c.deleted_at IS NULL AND c.id IN (SELECT category_id FROM listed)
    UNION ALL
    SELECT climb.leaf, c.id, c.parent_id, c.name, climb.height + 1
    FROM climb JOIN categories AS c ON c.id = climb.parent_id AND c.deleted_at IS NULL
  ), paths AS MATERIALIZED (
    SELECT leaf, array_agg(id ORDER BY height) AS ids, string_agg(name, ' ' ORDER BY height) AS names,
      (array_agg(name ORDER BY height))[1] AS own_name
    FROM climb GROUP BY leaf
  ), variants AS MATERIALIZED (
    SELECT v.parent_id, v.id, v.price, v.compare_at_price, v.sku, v.barcode, v.options, v.images,
      v.stock_quantity - v.reserved_quantity + v.backorder_limit > 0 AS available
    FROM products AS v
    WHERE v.parent_id IN (SELECT id FROM listed) AND v.deleted_at IS NULL AND v.is_active
  ), spans AS MATERIALIZED (
    SELECT parent_id, min(price) AS price_min, max(price) AS price_max,
      (array_agg(compare_at_price ORDER BY price, id))[1] AS compare_at_price, bool_or(available) AS available,
      string_agg(sku, ' ' ORDER BY sku) AS skus, string_agg(barcode, ' ' ORDER BY barcode) AS barcodes,
      (array_agg(images -> 0 ORDER BY price, id) FILTER (WHERE images -> 0 IS NOT NULL))[1] AS image
    FROM variants GROUP BY parent_id
  ), choices AS MATERIALIZED (
    SELECT parent_id, jsonb_object_agg(key, options) AS options, string_agg(words, ' ' ORDER BY key) AS words FROM (
      SELECT parent_id, entry.key, jsonb_agg(DISTINCT entry.value) AS options,
        string_agg(DISTINCT entry.value, ' ') AS words
      FROM variants CROSS JOIN LATERAL jsonb_each_text(variants.options) AS entry GROUP BY parent_id, entry.key
    ) AS grouped GROUP BY parent_id
  ), facts AS MATERIALIZED (
    SELECT id, jsonb_object_agg(key, facts) FILTER (WHERE facts IS NOT NULL) AS facets,
      string_agg(key || ' ' || words, ' ' ORDER BY key) AS words
    FROM (
      SELECT listed.id, entry.key, string_agg(part.value, ' ' ORDER BY part.value) AS words,
        jsonb_agg(DISTINCT part.value) FILTER (
          WHERE length(part.value) BETWEEN 1 AND 60 AND length(entry.key) <= 60) AS facts
      FROM listed CROSS JOIN LATERAL jsonb_each(
        CASE jsonb_typeof(listed.specifications) WHEN 'object' THEN listed.specifications ELSE '{}' END) AS entry
      CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE jsonb_typeof(entry.value) WHEN 'array' THEN entry.value WHEN 'object' THEN '[]' WHEN 'null' THEN '[]'
        ELSE jsonb_build_array(entry.value) END) AS part(value)
      GROUP BY listed.id, entry.key
    ) AS grouped GROUP BY id
  ), ratings AS MATERIALIZED (
    SELECT coalesce(p.parent_id, p.id) AS product_id, round(avg(r.rating), 2) AS average, count(*) AS votes
    FROM reviews AS r JOIN products AS p ON p.id = r.product_id
    WHERE (p.id IN (SELECT id FROM listed) OR p.parent_id IN (SELECT id FROM listed))
      AND r.deleted_at IS NULL AND r.status = 'published'
    GROUP BY 1
  ), numbered AS MATERIALIZED (
    SELECT fact.product_id, array_agg(v.id ORDER BY v.id) AS facet_ids
    FROM product_facts(wanted) AS fact JOIN facet_values AS v USING (kind, name, value) GROUP BY fact.product_id
  ), rows AS (
    SELECT p.id AS product_id, p.language, p.slug, p.name, folded(p.name) AS sort_name, p.sku,
      setweight(to_tsvector(words.config, p.name), 'A')
        || setweight(to_tsvector('shop_simple'::regconfig, numbers.all_of_them), 'A')
        || setweight(to_tsvector(words.config, numbers.all_of_them), 'A')
        || setweight(to_tsvector(words.config, concat_ws(' ', brand.name, array_to_string(p.tags, ' '), paths.names, choices.words)), 'B')
        || setweight(to_tsvector(words.config, left(concat_ws(' ', p.short_description, facts.words), 100000)), 'C')
        || setweight(to_tsvector(words.config, left(coalesce(p.description, ''), 100000)), 'D') AS search_vector,
      folded(left(concat_ws(' ', p.name, brand.name, paths.names, array_to_string(p.tags, ' '), p.sku, spans.skus), 1000))
        AS trigram_text,
      brand.id AS brand_id, brand.name AS brand_name, brand.slug AS brand_slug,
      CASE WHEN paths.leaf IS NOT NULL THEN p.category_id END AS category_id, paths.own_name AS category_name,
      coalesce(paths.ids, '{}') AS category_path, p.currency,
      coalesce(spans.price_min, p.price) AS price_min, coalesce(spans.price_max, p.price) AS price_max,
      CASE WHEN spans.parent_id IS NULL THEN p.compare_at_price ELSE spans.compare_at_price END AS compare_at_price,
      coalesce(ratings.average, 0) AS rating_average, coalesce(ratings.votes, 0) AS rating_count,
      coalesce(spans.available, p.stock_quantity - p.reserved_quantity + p.backorder_limit > 0) AS available,
      spans.parent_id IS NOT NULL AS has_variants, p.is_featured, p.tags,
      jsonb_strip_nulls(jsonb_build_object('options', choices.options, 'specifications', facts.facets)) AS facets,
      coalesce(numbered.facet_ids, '{}') AS facet_ids,
      coalesce(p.images -> 0, spans.image) AS image, p.published_at,
      md5(concat_ws(chr(31), p.language, p.name, brand.name, paths.names, p.short_description, p.description,
        array_to_string(p.tags, ' '), facts.words)) AS content_digest
    FROM listed AS p
    CROSS JOIN LATERAL (SELECT search_configuration(p.language) AS config) AS words
    LEFT JOIN brands AS brand ON brand.id = p.brand_id AND brand.deleted_at IS NULL
    LEFT JOIN paths ON paths.leaf = p.category_id
    LEFT JOIN spans ON spans.parent_id = p.id
    -- In both configurations: a question is stemmed ("JACKET-S" loses its S), a number must still be found.
    CROSS JOIN LATERAL (SELECT concat_ws(' ', p.sku, p.barcode, spans.skus, spans.barcodes) AS all_of_them) AS numbers
    LEFT JOIN choices ON choices.parent_id = p.id
    LEFT JOIN facts ON facts.id = p.id
    LEFT JOIN ratings ON ratings.product_id = p.id
    LEFT JOIN numbered ON numbered.product_id = p.id
  )
  SELECT rows.* FROM rows ORDER BY product_id
  ON CONFLICT (product_id) DO UPDATE SET
    language = excluded.language, slug = excluded.slug, name = excluded.name, sort_name = excluded.sort_name,
    sku = excluded.sku, search_vector = excluded.search_vector, trigram_text = excluded.trigram_text,
    brand_id = excluded.brand_id, brand_name = excluded.brand_name, brand_slug = excluded.brand_slug,
    category_id = excluded.category_id, category_name = excluded.category_name,
    category_path = excluded.category_path, currency = excluded.currency, price_min = excluded.price_min,
    price_max = excluded.price_max, compare_at_price = excluded.compare_at_price,
    rating_average = excluded.rating_average, rating_count = excluded.rating_count, available = excluded.available,
    has_variants = excluded.has_variants, is_featured = excluded.is_featured, tags = excluded.tags,
    facets = excluded.facets, facet_ids = excluded.facet_ids, image = excluded.image, published_at = excluded.published_at,
    content_digest = excluded.content_digest
  WHERE (s.language, s.slug, s.name, s.sku, s.search_vector, s.trigram_text, s.brand_id, s.brand_name, s.brand_slug,
      s.category_id, s.category_name, s.category_path, s.currency, s.price_min, s.price_max, s.compare_at_price,
      s.rating_average, s.rating_count, s.available, s.has_variants, s.is_featured, s.tags, s.facets, s.facet_ids, s.image,
      s.published_at, s.content_digest)
    IS DISTINCT FROM (excluded.language, excluded.slug, excluded.name, excluded.sku, excluded.search_vector,
      excluded.trigram_text, excluded.brand_id, excluded.brand_name, excluded.brand_slug, excluded.category_id,
      excluded.category_name, excluded.category_path, excluded.currency, excluded.price_min, excluded.price_max,
      excluded.compare_at_price, excluded.rating_average, excluded.rating_count, excluded.available,
      excluded.has_variants, excluded.is_featured, excluded.tags, excluded.facets, excluded.facet_ids, excluded.image,
      excluded.published_at, excluded.content_digest);
END
$$
"""

LIST_NEW = """
CREATE FUNCTION list_new_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO category_listing (category_id, standing, product_id)
  SELECT step.id, n.standing, n.product_id FROM new_rows AS n CROSS JOIN unnest(n.category_path) AS step(id);
  RETURN NULL;
END
$$
"""
LIST_CHANGED = """
CREATE FUNCTION list_changed_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM category_listing AS c
  USING (
    SELECT o.product_id, o.standing, unnest(o.category_path) AS category_id
    FROM old_rows AS o JOIN new_rows AS n USING (product_id)
    WHERE (o.category_path, o.standing) IS DISTINCT FROM (n.category_path, n.standing)
  ) AS gone
  WHERE (c.category_id, c.standing, c.product_id) = (gone.category_id, gone.standing, gone.product_id);
  INSERT INTO category_listing (category_id, standing, product_id)
  SELECT unnest(n.category_path), n.standing, n.product_id
  FROM old_rows AS o JOIN new_rows AS n USING (product_id)
  WHERE (o.category_path, o.standing) IS DISTINCT FROM (n.category_path, n.standing);
  RETURN NULL;
END
$$
"""
LIST_GONE = """
CREATE FUNCTION list_gone_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM category_listing AS c
  USING (SELECT o.product_id, o.standing, unnest(o.category_path) AS category_id FROM old_rows AS o) AS gone
  WHERE (c.category_id, c.standing, c.product_id) = (gone.category_id, gone.standing, gone.product_id);
  RETURN NULL;
END
$$
"""
# The last byte of an id is random.
SAMPLE_NEW = """
CREATE FUNCTION sample_new_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO product_sample (product_id, language, standing, facet_ids, price_min, price_step, rating_average, available,
    published_at, name_vector, search_vector)
  SELECT product_id, language, standing, facet_ids, price_min, price_step, rating_average, available,
    published_at, name_vector, search_vector
  FROM new_rows WHERE get_byte(uuid_send(product_id), 15) & 15 = 0;
  RETURN NULL;
END
$$
"""
SAMPLE_CHANGED = """
CREATE FUNCTION sample_changed_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE product_sample AS s SET (language, standing, facet_ids, price_min, price_step, rating_average, available,
      published_at, name_vector, search_vector)
    = (n.language, n.standing, n.facet_ids, n.price_min, n.price_step, n.rating_average, n.available, n.published_at,
      n.name_vector, n.search_vector)
  FROM new_rows AS n
  WHERE s.product_id = n.product_id AND get_byte(uuid_send(n.product_id), 15) & 15 = 0
    AND (s.language, s.standing, s.facet_ids, s.price_min, s.rating_average, s.available, s.published_at,
      s.search_vector)
    IS DISTINCT FROM (n.language, n.standing, n.facet_ids, n.price_min, n.rating_average, n.available, n.published_at,
      n.search_vector);
  RETURN NULL;
END
$$
"""
SAMPLE_GONE = """
CREATE FUNCTION sample_gone_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM product_sample AS s USING old_rows AS o WHERE s.product_id = o.product_id;
  RETURN NULL;
END
$$
"""
FILL_SAMPLE = """
INSERT INTO product_sample (product_id, language, standing, facet_ids, price_min, price_step, rating_average, available,
    published_at, name_vector, search_vector)
SELECT product_id, language, standing, facet_ids, price_min, price_step, rating_average, available,
    published_at, name_vector, search_vector
FROM product_search WHERE get_byte(uuid_send(product_id), 15) & 15 = 0 ON CONFLICT DO NOTHING
"""
LISTING_TRIGGERS = (
    "CREATE TRIGGER list_insert AFTER INSERT ON product_search REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION list_new_products()",
    "CREATE TRIGGER list_update AFTER UPDATE ON product_search REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION list_changed_products()",
    "CREATE TRIGGER list_delete AFTER DELETE ON product_search REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION list_gone_products()",
    "CREATE TRIGGER sample_insert AFTER INSERT ON product_search REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION sample_new_products()",
    "CREATE TRIGGER sample_update AFTER UPDATE ON product_search REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION sample_changed_products()",
    "CREATE TRIGGER sample_delete AFTER DELETE ON product_search REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION sample_gone_products()",
)
LISTING_FUNCTIONS = (
    "list_new_products()",
    "list_changed_products()",
    "list_gone_products()",
    "sample_new_products()",
    "sample_changed_products()",
    "sample_gone_products()",
)

# name: columns, method, condition
INDEXES: dict[str, tuple[str, str, str]] = {
    "facet_ids": ("facet_ids", "gin", ""),
    "name_vector": ("name_vector", "gin", ""),
    "reduced": ("standing, product_id", "btree", "compare_at_price IS NOT NULL"),
    "standing": ("standing, product_id", "btree", ""),
    "published_at": ("published_at, product_id", "btree", ""),
    "rating": ("rating_average, rating_count, product_id", "btree", ""),
}
# What they replace: name, columns, method.
REPLACED: dict[str, tuple[str, str]] = {
    "brand_id": ("brand_id", "btree"),
    "category_id": ("category_id", "btree"),
    "category_path": ("category_path", "gin"),
    "facets": ("facets jsonb_path_ops", "gin"),
    "tags": ("tags", "gin"),
    "popularity": ("popularity DESC, product_id", "btree"),
    "published_at": ("published_at DESC, product_id", "btree"),
    "rating": ("rating_average DESC, rating_count DESC, product_id", "btree"),
}


BATCH = 2_000
"""So many products are refreshed by one statement: what it holds in memory does not grow with the shop."""


def upgrade() -> None:
    _make_tables()
    kept = _take_indexes()
    _add_columns()
    for statement in (
        PRODUCT_FACTS,
        LIST_NEW,
        LIST_CHANGED,
        LIST_GONE,
        SAMPLE_NEW,
        SAMPLE_CHANGED,
        SAMPLE_GONE,
        REFRESH_PRODUCT_SEARCH,
    ):
        op.execute(statement)
    _refresh_all()
    # At once, in order, and before the triggers that keep them.
    op.execute(
        "INSERT INTO category_listing (category_id, standing, product_id)"
        " SELECT step.id, s.standing, s.product_id FROM product_search AS s"
        " CROSS JOIN unnest(s.category_path) AS step(id) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING"
    )
    op.execute(FILL_SAMPLE)
    _make_indexes(kept)
    for statement in LISTING_TRIGGERS:
        op.execute(statement)
    _grant()


def _take_indexes() -> list[str]:
    """Drop the indexes of ``product_search``, which the columns' rewrite and the refresh would keep up row by row (the
    one of the vectors takes a millisecond for each). Returns how those are made that are wanted again."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
            " AND tablename = 'product_search' AND indexname LIKE 'ix\\_%' ORDER BY indexname"
        )
    )
    replaced = {f"ix_product_search_{name}" for name in REPLACED}
    kept = []
    for name, definition in found.all():
        op.drop_index(name, "product_search")
        if name not in replaced:
            kept.append(definition)
    return kept


def _add_columns() -> None:
    """All of them in one statement: each alone would write the whole table anew."""
    op.execute("ALTER TABLE product_search SET (toast_tuple_target = 512)")
    generated = ", ".join(
        f"ADD COLUMN {column} {kind} NOT NULL GENERATED ALWAYS AS ({expression}) STORED"
        for column, (kind, expression) in GENERATED.items()
    )
    op.execute(
        f"ALTER TABLE product_search ADD COLUMN facet_ids integer[] NOT NULL DEFAULT '{{}}'::integer[], {generated}"
    )
    op.execute("ALTER TABLE product_search ALTER COLUMN search_vector SET STORAGE EXTERNAL")
    for column in IN_THE_ROW:
        op.execute(f"ALTER TABLE product_search ALTER COLUMN {column} SET STORAGE MAIN")


def _refresh_all() -> None:
    """Batch after batch, in the order of the key."""
    connection, after = op.get_bind(), None
    while True:
        ids = list(
            connection.scalars(
                sa.text(
                    "SELECT product_id FROM product_search WHERE product_id > :after OR CAST(:after AS uuid) IS NULL"
                    " ORDER BY product_id LIMIT :size"
                ).bindparams(sa.bindparam("after", type_=sa.Uuid())),
                {"after": after, "size": BATCH},
            )
        )
        if not ids:
            return
        connection.execute(sa.text("SELECT refresh_product_search(:ids)"), {"ids": ids})
        after = ids[-1]


def _make_indexes(kept: list[str]) -> None:
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for definition in kept:
        op.execute(definition)
    for name, (columns, method, condition) in INDEXES.items():
        where = f" WHERE {condition}" if condition else ""
        op.execute(
            f"CREATE INDEX ix_product_search_{name} ON product_search USING {method} ({columns}){where}"
        )
    # What was written last lies in a list that every search reads through.
    for name in ("vector", "trigram", "facet_ids", "name_vector"):
        op.execute(f"ALTER INDEX ix_product_search_{name} SET (gin_pending_list_limit = 512)")


def _make_tables() -> None:
    op.create_table(
        "facet_values",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('language', 'brand', 'category', 'tag', 'option', 'specification')",
            name=op.f("ck_facet_values_kind_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facet_values")),
        sa.UniqueConstraint("kind", "name", "value", name=op.f("uq_facet_values_kind_name_value")),
    )
    op.create_table(
        "category_listing",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("standing", sa.Double(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("category_id", "standing", "product_id", name=op.f("pk_category_listing")),
    )
    op.create_table(
        "product_sample",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("standing", sa.Double(), nullable=False),
        sa.Column("facet_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("price_min", sa.Numeric(12, 2), nullable=False),
        sa.Column("price_step", sa.SmallInteger(), nullable=False),
        sa.Column("rating_average", sa.Numeric(3, 2), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("name_vector", postgresql.TSVECTOR(), nullable=False),
        sa.Column("search_vector", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_product_sample")),
    )
    # The rows stay short: what only the index reads lies beside them.
    op.execute("ALTER TABLE product_sample SET (toast_tuple_target = 256)")
    op.execute("ALTER TABLE product_sample ALTER COLUMN search_vector SET STORAGE EXTERNAL")
    for column in ("facet_ids", "name_vector"):
        op.execute(f"ALTER TABLE product_sample ALTER COLUMN {column} SET STORAGE MAIN")
    for column in ("facet_ids", "name_vector", "search_vector"):
        op.execute(
            f"CREATE INDEX ix_product_sample_{column} ON product_sample USING gin ({column}) WITH (fastupdate = off)"
        )


def _grant() -> None:
    names = context.config.attributes["roles"]
    app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("app", "shopper"))
    for table in ("facet_values", "category_listing", "product_sample"):
        op.execute(f"REVOKE ALL ON {table} FROM {app}, {shopper}")
        op.execute(f"GRANT SELECT ON {table} TO {app}, {shopper}")
    for function in (*LISTING_FUNCTIONS, "product_facts(uuid[])"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")


def downgrade() -> None:
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER list_{event} ON product_search")
        op.execute(f"DROP TRIGGER sample_{event} ON product_search")
    before = context.script.get_revision("04_search").module.REFRESH_PRODUCT_SEARCH
    op.execute(before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    for function in (*LISTING_FUNCTIONS, "product_facts(uuid[])"):
        op.execute(f"DROP FUNCTION {function}")
    for name in INDEXES:
        op.drop_index(f"ix_product_search_{name}", "product_search")
    for column in (*reversed(GENERATED), "facet_ids"):
        op.drop_column("product_search", column)
    for name, (columns, method) in REPLACED.items():
        op.execute(f"CREATE INDEX ix_product_search_{name} ON product_search USING {method} ({columns})")
    op.execute("ALTER TABLE product_search RESET (toast_tuple_target)")
    for name in ("vector", "trigram"):
        op.execute(f"ALTER INDEX ix_product_search_{name} RESET (gin_pending_list_limit)")
    for column in ("search_vector", *IN_THE_ROW[2:]):
        op.execute(f"ALTER TABLE product_search ALTER COLUMN {column} SET STORAGE EXTENDED")
    op.drop_table("product_sample")
    op.drop_table("category_listing")
    op.drop_table("facet_values")
