"""The catalog: brands, the category tree, products with variants, reviews; their rules as triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "03_catalog"
down_revision = "02_accounts"
branch_labels = None
depends_on = None

TABLES = ("brands", "categories", "products", "reviews", "review_votes")
TIMESTAMPED = ("brands", "categories", "products", "reviews")

# Two moves at once could close a circle that neither sees: they take turns.
REFUSE_CATEGORY_CYCLE = """
CREATE FUNCTION refuse_category_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('categories.tree'));
  IF EXISTS (
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM categories WHERE id = NEW.parent_id
      UNION
      SELECT c.id, c.parent_id FROM categories AS c JOIN above ON c.id = above.parent_id
    )
    SELECT FROM above WHERE id = NEW.id
  ) THEN
    RAISE EXCEPTION 'category % cannot lie under itself', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_categories_no_cycle', TABLE = 'categories';
  END IF;
  RETURN NULL;
END
$$
"""

# The parent's row is locked against change, so that two halves of a three-storey family cannot meet.
CHECK_VARIANT = """
CREATE FUNCTION check_variant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  grandparent uuid;
BEGIN
  SELECT parent_id INTO grandparent FROM products WHERE id = NEW.parent_id FOR SHARE;
  IF grandparent IS NOT NULL THEN
    RAISE EXCEPTION 'a variant (%) has no variants', NEW.parent_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_products_variant_levels', TABLE = 'products';
  END IF;
  IF EXISTS (SELECT FROM products WHERE parent_id = NEW.id) THEN
    RAISE EXCEPTION 'product % has variants and cannot become one', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_products_variant_levels', TABLE = 'products';
  END IF;
  RETURN NULL;
END
$$
"""

# The edit guard: raised when content changes, unless the writer raised it. A sale names none of these columns.
RAISE_PRODUCT_VERSION = """
CREATE FUNCTION raise_product_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  same products := NEW;
BEGIN
  same.stock_quantity := OLD.stock_quantity;
  same.reserved_quantity := OLD.reserved_quantity;
  same.updated_at := OLD.updated_at;
  same.updated_by := OLD.updated_by;
  IF NEW.version = OLD.version AND same IS DISTINCT FROM OLD THEN
    NEW.version := OLD.version + 1;
  END IF;
  RETURN NEW;
END
$$
"""
CONTENT_COLUMNS = (
    "name, slug, description, short_description, language, price, compare_at_price, cost, currency, category_id,"
    " brand_id, parent_id, options, sku, barcode, backorder_limit, low_stock_threshold, weight, dimensions, images,"
    " tags, specifications, metadata, is_active, is_featured, published_at, deleted_at"
)

COUNT_HELPFUL = """
CREATE FUNCTION count_helpful_votes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE reviews SET helpful_count = helpful_count + 1 WHERE id = NEW.review_id;
  ELSE
    UPDATE reviews SET helpful_count = greatest(helpful_count - 1, 0) WHERE id = OLD.review_id;
  END IF;
  RETURN NULL;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "brands",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("logo_url", sa.Text(), nullable=True),
        sa.Column("website_url", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
    )
    op.create_index("ix_brands_metadata", "brands", ["metadata"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_brands_name_living",
        "brands",
        [sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_brands_slug_living",
        "brands",
        ["slug"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("sort_order", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("id <> parent_id", name=op.f("ck_categories_no_self_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
    )
    op.create_index(
        "ix_categories_full_text",
        "categories",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, (name || ' '::text) || COALESCE(description, ''::text))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_categories_is_active",
        "categories",
        ["is_active"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_categories_metadata", "categories", ["metadata"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_categories_parent_id",
        "categories",
        ["parent_id", "sort_order"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_categories_slug_living",
        "categories",
        ["slug"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("short_description", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("compare_at_price", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("cost", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("stock_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reserved_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("backorder_limit", sa.Integer(), server_default="0", nullable=False),
        sa.Column("low_stock_threshold", sa.Integer(), server_default="10", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("weight", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column(
            "dimensions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "images",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column(
            "specifications",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_featured", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(parent_id IS NULL) = (options = '{}'::jsonb)",
            name=op.f("ck_products_options_belong_to_variants"),
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_products_currency_is_iso")),
        sa.CheckConstraint("backorder_limit >= 0", name=op.f("ck_products_backorder_limit_not_negative")),
        sa.CheckConstraint(
            "compare_at_price IS NULL OR compare_at_price > price",
            name=op.f("ck_products_compare_at_above_price"),
        ),
        sa.CheckConstraint("cost IS NULL OR cost >= 0", name=op.f("ck_products_cost_not_negative")),
        sa.CheckConstraint("id <> parent_id", name=op.f("ck_products_no_self_parent")),
        sa.CheckConstraint(
            "low_stock_threshold >= 0", name=op.f("ck_products_low_stock_threshold_not_negative")
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_products_price_not_negative")),
        sa.CheckConstraint(
            "reserved_quantity <= stock_quantity + backorder_limit",
            name=op.f("ck_products_reserved_within_stock"),
        ),
        sa.CheckConstraint("reserved_quantity >= 0", name=op.f("ck_products_reserved_not_negative")),
        sa.CheckConstraint("stock_quantity >= 0", name=op.f("ck_products_stock_not_negative")),
        sa.CheckConstraint("weight IS NULL OR weight >= 0", name=op.f("ck_products_weight_not_negative")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_products_brand_id")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_products_category_id")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_products_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["products.id"], name=op.f("fk_products_parent_id")),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], name=op.f("fk_products_updated_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    op.create_index(
        "ix_products_barcode",
        "products",
        ["barcode"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_products_brand_id",
        "products",
        ["brand_id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_products_category_id",
        "products",
        ["category_id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_products_created_at",
        "products",
        [sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_products_is_featured",
        "products",
        ["is_featured"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND is_active"),
    )
    op.create_index("ix_products_metadata", "products", ["metadata"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_products_parent_id",
        "products",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_products_price",
        "products",
        ["price"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND is_active"),
    )
    op.create_index(
        "ix_products_specifications",
        "products",
        ["specifications"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"specifications": "jsonb_path_ops"},
    )
    op.create_index("ix_products_tags", "products", ["tags"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_products_options_in_parent",
        "products",
        ["parent_id", "options"],
        unique=True,
        postgresql_where=sa.text("parent_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "uq_products_sku_living",
        "products",
        ["sku"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_products_slug_living",
        "products",
        ["slug"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column(
            "pros", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column(
            "cons", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("is_verified_purchase", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("helpful_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "images",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'published', 'rejected')", name=op.f("ck_reviews_status_known")
        ),
        sa.CheckConstraint("helpful_count >= 0", name=op.f("ck_reviews_helpful_count_not_negative")),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_reviews_rating_in_range")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_reviews_product_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_reviews_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_metadata", "reviews", ["metadata"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_reviews_product_id_created_at",
        "reviews",
        ["product_id", sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_reviews_product_id", "reviews", ["product_id"], unique=False)
    op.create_index("ix_reviews_user_id", "reviews", ["user_id"], unique=False)
    op.create_index(
        "ix_reviews_rating",
        "reviews",
        ["rating"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_reviews_status_created_at",
        "reviews",
        ["status", sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_reviews_user_product_living",
        "reviews",
        ["user_id", "product_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "review_votes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_votes_review_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_review_votes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_votes")),
        sa.UniqueConstraint("review_id", "user_id", name=op.f("uq_review_votes_review_id_user_id")),
    )
    op.create_index("ix_review_votes_user_id", "review_votes", ["user_id"], unique=False)
    # Room on the page for the next version of a row: a sale stays a heap-only update.
    op.execute("ALTER TABLE products SET (fillfactor = 85)")
    for table in TIMESTAMPED:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )
    for function in (REFUSE_CATEGORY_CYCLE, CHECK_VARIANT, RAISE_PRODUCT_VERSION, COUNT_HELPFUL):
        op.execute(function)
    op.execute(
        "CREATE TRIGGER refuse_cycle AFTER INSERT OR UPDATE OF parent_id ON categories"
        " FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION refuse_category_cycle()"
    )
    op.execute(
        "CREATE TRIGGER check_variant AFTER INSERT OR UPDATE OF parent_id ON products"
        " FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION check_variant()"
    )
    op.execute(
        f"CREATE TRIGGER raise_version BEFORE UPDATE OF {CONTENT_COLUMNS} ON products"
        " FOR EACH ROW EXECUTE FUNCTION raise_product_version()"
    )
    op.execute(
        "CREATE TRIGGER count_helpful AFTER INSERT OR DELETE ON review_votes"
        " FOR EACH ROW EXECUTE FUNCTION count_helpful_votes()"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for function in (
        "count_helpful_votes",
        "raise_product_version",
        "check_variant",
        "refuse_category_cycle",
    ):
        op.execute(f"DROP FUNCTION {function}()")
