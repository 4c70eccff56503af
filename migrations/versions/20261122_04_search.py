"""The listing's read model, kept true by triggers on everything it is made of; the log of searches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects import postgresql

revision = "04_search"
down_revision = "03_catalog"
branch_labels = None
depends_on = None

TABLES = ("product_search", "search_logs")

# One statement for any number of products: their rows are made new, unlisted ones leave. Rows whose content
# did not change are not written, so that an import repeated costs little. Popularity and vectors are the
# jobs' and stay as they are. The rows are locked before anything is read: of two writers who change two
# variants of one parent at once, the second waits here and then sees what the first one did.
REFRESH_PRODUCT_SEARCH = """
CREATE FUNCTION refresh_product_search(wanted uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM product_search WHERE product_id = ANY (wanted) ORDER BY product_id FOR NO KEY UPDATE;

  DELETE FROM product_search AS s USING products AS p
  WHERE s.product_id = ANY (wanted) AND p.id = s.product_id
    AND NOT (p.parent_id IS NULL AND p.deleted_at IS NULL AND p.is_active AND p.published_at IS NOT NULL);

  INSERT INTO product_search AS s (
    product_id, language, slug, name, sort_name, sku, search_vector, trigram_text, brand_id, brand_name, brand_slug,
    category_id, category_name, category_path, currency, price_min, price_max, compare_at_price, rating_average,
    rating_count, available, has_variants, is_featured, tags, facets, image, published_at, content_digest
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
    SELECT parent_id, jsonb_object_agg(key, options) AS options FROM (
      SELECT parent_id, entry.key, jsonb_agg(DISTINCT entry.value) AS options
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
  ), rows AS (
    SELECT p.id AS product_id, p.language, p.slug, p.name, folded(p.name) AS sort_name, p.sku,
      setweight(to_tsvector(words.config, p.name), 'A')
        || setweight(to_tsvector('shop_simple'::regconfig, numbers.all_of_them), 'A')
        || setweight(to_tsvector(words.config, numbers.all_of_them), 'A')
        || setweight(to_tsvector(words.config, concat_ws(' ', brand.name, array_to_string(p.tags, ' '), paths.names)), 'B')
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
    facets = excluded.facets, image = excluded.image, published_at = excluded.published_at,
    content_digest = excluded.content_digest
  WHERE (s.language, s.slug, s.name, s.sku, s.search_vector, s.trigram_text, s.brand_id, s.brand_name, s.brand_slug,
      s.category_id, s.category_name, s.category_path, s.currency, s.price_min, s.price_max, s.compare_at_price,
      s.rating_average, s.rating_count, s.available, s.has_variants, s.is_featured, s.tags, s.facets, s.image,
      s.published_at, s.content_digest)
    IS DISTINCT FROM (excluded.language, excluded.slug, excluded.name, excluded.sku, excluded.search_vector,
      excluded.trigram_text, excluded.brand_id, excluded.brand_name, excluded.brand_slug, excluded.category_id,
      excluded.category_name, excluded.category_path, excluded.currency, excluded.price_min, excluded.price_max,
      excluded.compare_at_price, excluded.rating_average, excluded.rating_count, excluded.available,
      excluded.has_variants, excluded.is_featured, excluded.tags, excluded.facets, excluded.image,
      excluded.published_at, excluded.content_digest);
END
$$
"""

INDEX_NEW_PRODUCTS = """
CREATE FUNCTION index_new_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM refresh_product_search(ARRAY(SELECT DISTINCT coalesce(parent_id, id) FROM new_rows));
  RETURN NULL;
END
$$
"""

# Stock goes up and down all day: only when a product sells out or comes back does its row here change, and
# then only that one column.
INDEX_CHANGED_PRODUCTS = """
CREATE FUNCTION index_changed_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  changed uuid[];
  turned uuid[];
BEGIN
  SELECT array_agg(DISTINCT family.id) INTO changed
  FROM new_rows AS n JOIN old_rows AS o USING (id)
  CROSS JOIN LATERAL (VALUES (coalesce(n.parent_id, n.id)), (coalesce(o.parent_id, o.id))) AS family(id)
  WHERE (n.version, n.name, n.slug, n.price, n.compare_at_price, n.category_id, n.brand_id, n.parent_id, n.options, n.sku,
      n.is_active, n.is_featured, n.published_at, n.deleted_at, n.barcode, n.language, n.currency)
    IS DISTINCT FROM (o.version, o.name, o.slug, o.price, o.compare_at_price, o.category_id, o.brand_id, o.parent_id,
      o.options, o.sku, o.is_active, o.is_featured, o.published_at, o.deleted_at, o.barcode, o.language, o.currency)
    OR (n.description, n.short_description, n.tags, n.specifications, n.images)
    IS DISTINCT FROM (o.description, o.short_description, o.tags, o.specifications, o.images);
  IF changed IS NOT NULL THEN
    PERFORM refresh_product_search(changed);
  END IF;
  SELECT array_agg(DISTINCT coalesce(n.parent_id, n.id)) INTO turned
  FROM new_rows AS n JOIN old_rows AS o USING (id)
  WHERE (n.stock_quantity - n.reserved_quantity + n.backorder_limit > 0)
    <> (o.stock_quantity - o.reserved_quantity + o.backorder_limit > 0);
  IF turned IS NOT NULL THEN
    PERFORM FROM product_search WHERE product_id = ANY (turned) ORDER BY product_id FOR NO KEY UPDATE;
    UPDATE product_search AS s SET available = fresh.available
    FROM (
      SELECT p.id, coalesce(bool_or(v.stock_quantity - v.reserved_quantity + v.backorder_limit > 0)
          FILTER (WHERE v.id IS NOT NULL),
        p.stock_quantity - p.reserved_quantity + p.backorder_limit > 0) AS available
      FROM products AS p
      LEFT JOIN products AS v ON v.parent_id = p.id AND v.deleted_at IS NULL AND v.is_active
      WHERE p.id = ANY (turned) GROUP BY p.id ORDER BY p.id
    ) AS fresh
    WHERE s.product_id = fresh.id AND s.available <> fresh.available;
  END IF;
  RETURN NULL;
END
$$
"""

# A parent's own row leaves by the foreign key; a variant's going changes its parent's.
INDEX_GONE_VARIANTS = """
CREATE FUNCTION index_gone_variants() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM old_rows WHERE parent_id IS NOT NULL) THEN
    PERFORM refresh_product_search(ARRAY(SELECT DISTINCT parent_id FROM old_rows WHERE parent_id IS NOT NULL));
  END IF;
  RETURN NULL;
END
$$
"""

INDEX_BRAND = """
CREATE FUNCTION index_brand() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM refresh_product_search(ARRAY(SELECT id FROM products WHERE brand_id = NEW.id AND deleted_at IS NULL));
  RETURN NULL;
END
$$
"""

INDEX_CATEGORY = """
CREATE FUNCTION index_category() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM refresh_product_search(ARRAY(
    WITH RECURSIVE below AS (
      SELECT NEW.id
      UNION
      SELECT c.id FROM categories AS c JOIN below ON c.parent_id = below.id
    )
    SELECT p.id FROM products AS p JOIN below ON p.category_id = below.id WHERE p.deleted_at IS NULL
  ));
  RETURN NULL;
END
$$
"""

REFRESH_RATINGS = """
CREATE FUNCTION refresh_product_ratings(wanted uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  families uuid[] := ARRAY(SELECT DISTINCT coalesce(parent_id, id) FROM products WHERE id = ANY (wanted));
BEGIN
  PERFORM FROM product_search WHERE product_id = ANY (families) ORDER BY product_id FOR NO KEY UPDATE;
  UPDATE product_search AS s SET rating_average = fresh.average, rating_count = fresh.votes
  FROM (
    SELECT family.id, coalesce(round(avg(r.rating), 2), 0) AS average, count(r.id) AS votes
    FROM unnest(families) AS family(id)
    JOIN products AS p ON p.id = family.id OR p.parent_id = family.id
    LEFT JOIN reviews AS r ON r.product_id = p.id AND r.deleted_at IS NULL AND r.status = 'published'
    GROUP BY family.id
  ) AS fresh
  WHERE s.product_id = fresh.id AND (s.rating_average, s.rating_count) <> (fresh.average, fresh.votes);
END
$$
"""

INDEX_REVIEWS = """
CREATE FUNCTION index_reviews() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM refresh_product_ratings(ARRAY(SELECT DISTINCT product_id FROM new_rows));
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM refresh_product_ratings(ARRAY(SELECT DISTINCT product_id FROM old_rows));
  ELSE
    PERFORM refresh_product_ratings(ARRAY(
      SELECT DISTINCT n.product_id FROM new_rows AS n JOIN old_rows AS o USING (id)
      WHERE (n.rating, n.status, n.deleted_at, n.product_id) IS DISTINCT FROM (o.rating, o.status, o.deleted_at, o.product_id)
      UNION SELECT o.product_id FROM new_rows AS n JOIN old_rows AS o USING (id) WHERE n.product_id <> o.product_id
    ));
  END IF;
  RETURN NULL;
END
$$
"""

# For people at a SQL prompt and for other programs; the shop's own pages rank in storefront.search.
SEARCH_PRODUCTS = """
CREATE FUNCTION search_products(search_query text, limit_count integer DEFAULT 20)
RETURNS TABLE (id uuid, sku text, name text, description text, price numeric, rank real)
LANGUAGE sql STABLE AS $$
  WITH asked AS (
    SELECT websearch_to_tsquery(search_configuration('en'), search_query) AS words, folded(search_query) AS letters
  ), found AS (
    SELECT s.product_id, s.sku, s.name, s.price_min, s.popularity,
      ts_rank('{0.05, 0.2, 0.5, 1.0}'::real[], s.search_vector, asked.words)
        + word_similarity(asked.letters, s.trigram_text) AS rank
    FROM product_search AS s CROSS JOIN asked
    WHERE s.published_at <= now() AND (s.search_vector @@ asked.words OR asked.letters <% s.trigram_text)
    ORDER BY rank DESC, s.popularity DESC, s.product_id
    LIMIT greatest(limit_count, 0)
  )
  SELECT found.product_id, found.sku, found.name, p.description, found.price_min, found.rank::real
  FROM found JOIN products AS p ON p.id = found.product_id
  ORDER BY found.rank DESC, found.popularity DESC, found.product_id
$$
"""

FUNCTIONS = (
    REFRESH_PRODUCT_SEARCH,
    INDEX_NEW_PRODUCTS,
    INDEX_CHANGED_PRODUCTS,
    INDEX_GONE_VARIANTS,
    INDEX_BRAND,
    INDEX_CATEGORY,
    REFRESH_RATINGS,
    INDEX_REVIEWS,
    SEARCH_PRODUCTS,
)
TRIGGERS = (
    "CREATE TRIGGER index_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION index_new_products()",
    "CREATE TRIGGER index_update AFTER UPDATE ON products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION index_changed_products()",
    "CREATE TRIGGER index_delete AFTER DELETE ON products REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION index_gone_variants()",
    "CREATE TRIGGER index_products AFTER UPDATE OF name, slug, deleted_at ON brands FOR EACH ROW"
    " WHEN ((OLD.name, OLD.slug, OLD.deleted_at) IS DISTINCT FROM (NEW.name, NEW.slug, NEW.deleted_at))"
    " EXECUTE FUNCTION index_brand()",
    "CREATE TRIGGER index_products AFTER UPDATE OF name, parent_id, deleted_at ON categories FOR EACH ROW"
    " WHEN ((OLD.name, OLD.parent_id, OLD.deleted_at) IS DISTINCT FROM (NEW.name, NEW.parent_id, NEW.deleted_at))"
    " EXECUTE FUNCTION index_category()",
    "CREATE TRIGGER index_insert AFTER INSERT ON reviews REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION index_reviews()",
    "CREATE TRIGGER index_update AFTER UPDATE ON reviews REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION index_reviews()",
    "CREATE TRIGGER index_delete AFTER DELETE ON reviews REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION index_reviews()",
    "CREATE TRIGGER set_updated_at BEFORE UPDATE ON product_search"
    " FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
)


def upgrade() -> None:
    op.create_table(
        "product_search",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("search_vector", postgresql.TSVECTOR(), nullable=False),
        sa.Column("trigram_text", sa.Text(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("brand_name", sa.Text(), nullable=True),
        sa.Column("brand_slug", sa.Text(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("category_name", sa.Text(), nullable=True),
        sa.Column(
            "category_path",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'::uuid[]"),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_min", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("price_max", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("compare_at_price", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("rating_average", sa.Numeric(precision=3, scale=2), server_default="0", nullable=False),
        sa.Column("rating_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("available", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("has_variants", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_featured", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column(
            "facets",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("image", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("popularity", sa.Double(), server_default="0", nullable=False),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("embedded_digest", sa.Text(), nullable=True),
        sa.Column("embedding", VECTOR(384), nullable=True),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_search_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_product_search")),
    )
    op.create_index("ix_product_search_brand_id", "product_search", ["brand_id"], unique=False)
    op.create_index("ix_product_search_category_id", "product_search", ["category_id"], unique=False)
    op.create_index(
        "ix_product_search_category_path",
        "product_search",
        ["category_path"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_product_search_embedding",
        "product_search",
        ["embedding"],
        unique=False,
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )
    op.create_index(
        "ix_product_search_facets",
        "product_search",
        ["facets"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"facets": "jsonb_path_ops"},
    )
    op.create_index(
        "ix_product_search_popularity",
        "product_search",
        [sa.literal_column("popularity DESC"), "product_id"],
        unique=False,
    )
    op.create_index("ix_product_search_price", "product_search", ["price_min", "product_id"], unique=False)
    op.create_index(
        "ix_product_search_published_at",
        "product_search",
        [sa.literal_column("published_at DESC"), "product_id"],
        unique=False,
    )
    op.create_index(
        "ix_product_search_rating",
        "product_search",
        [sa.literal_column("rating_average DESC"), sa.literal_column("rating_count DESC"), "product_id"],
        unique=False,
    )
    op.create_index("ix_product_search_sku", "product_search", ["sku"], unique=False)
    op.create_index(
        "ix_product_search_sort_name", "product_search", ["sort_name", "product_id"], unique=False
    )
    op.create_index(
        "ix_product_search_tags", "product_search", ["tags"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_product_search_to_embed",
        "product_search",
        ["product_id"],
        unique=False,
        postgresql_where=sa.text("embedded_digest IS DISTINCT FROM content_digest"),
    )
    op.create_index(
        "ix_product_search_trigram",
        "product_search",
        ["trigram_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"trigram_text": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_product_search_vector", "product_search", ["search_vector"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "search_logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("results_count", sa.Integer(), nullable=False),
        sa.Column("search_type", sa.Text(), nullable=False),
        sa.Column("response_time_ms", sa.Integer(), nullable=False),
        sa.Column("clicked_product_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "search_type IN ('text', 'semantic', 'hybrid', 'suggest', 'assistant')",
            name=op.f("ck_search_logs_search_type_known"),
        ),
        sa.CheckConstraint("results_count >= 0", name=op.f("ck_search_logs_results_count_not_negative")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_search_logs_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", "created_at", name=op.f("pk_search_logs")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index("ix_search_logs_created_at", "search_logs", ["created_at"], unique=False)
    op.create_index("ix_search_logs_search_type", "search_logs", ["search_type"], unique=False)
    op.create_index("ix_search_logs_user_id", "search_logs", ["user_id"], unique=False)
    op.execute("CREATE TABLE search_logs_default PARTITION OF search_logs DEFAULT")
    for statement in (*FUNCTIONS, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for table, triggers in (
        ("products", ("index_insert", "index_update", "index_delete")),
        ("reviews", ("index_insert", "index_update", "index_delete")),
        ("brands", ("index_products",)),
        ("categories", ("index_products",)),
    ):
        for trigger in triggers:
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for table in reversed(TABLES):
        op.drop_table(table)
    for function in (
        "search_products(text, integer)",
        "index_reviews()",
        "refresh_product_ratings(uuid[])",
        "index_category()",
        "index_brand()",
        "index_gone_variants()",
        "index_changed_products()",
        "index_new_products()",
        "refresh_product_search(uuid[])",
    ):
        op.execute(f"DROP FUNCTION {function}")
