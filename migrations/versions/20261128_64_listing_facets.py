"""The lists of categories know each product's brand, step of price and stars, inside their one index.

Two brands of a department of a million products, in stock: a page of it was found by looking at a thousand products one
by one, in another table. Now the index itself passes over what is not wanted.

The lists are made anew at once: in a shop with a million products that sells meanwhile, categories and whoever sells a
product's last unit wait for about twenty seconds.
"""

from __future__ import annotations

from alembic import context, op

revision = "64_listing_facets"
down_revision = "63_words_apart"
branch_labels = None
depends_on = None

LIST_NEW = """
CREATE OR REPLACE FUNCTION list_new_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO category_listing (category_id, standing, product_id, brand_number, price_step, stars)
  SELECT unnest(n.category_path), n.standing, n.product_id, coalesce((
      SELECT v.id FROM facet_values AS v WHERE (v.kind, v.name, v.value) = ('brand', '', n.brand_slug)
    ), 0), n.price_step, trunc(n.rating_average) FROM new_rows AS n;
  RETURN NULL;
END
$$
"""
LIST_CHANGED = """
CREATE OR REPLACE FUNCTION list_changed_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM category_listing AS c
  USING (
    SELECT o.product_id, o.standing, unnest(o.category_path) AS category_id
    FROM old_rows AS o JOIN new_rows AS n USING (product_id)
    WHERE (o.category_path, o.standing, o.brand_slug, o.price_step, trunc(o.rating_average))
      IS DISTINCT FROM (n.category_path, n.standing, n.brand_slug, n.price_step, trunc(n.rating_average))
  ) AS gone
  WHERE (c.category_id, c.standing, c.product_id) = (gone.category_id, gone.standing, gone.product_id);
  INSERT INTO category_listing (category_id, standing, product_id, brand_number, price_step, stars)
  SELECT unnest(n.category_path), n.standing, n.product_id, coalesce((
      SELECT v.id FROM facet_values AS v WHERE (v.kind, v.name, v.value) = ('brand', '', n.brand_slug)
    ), 0), n.price_step, trunc(n.rating_average)
  FROM old_rows AS o JOIN new_rows AS n USING (product_id)
  WHERE (o.category_path, o.standing, o.brand_slug, o.price_step, trunc(o.rating_average))
      IS DISTINCT FROM (n.category_path, n.standing, n.brand_slug, n.price_step, trunc(n.rating_average));
  RETURN NULL;
END
$$
"""
_FILL = """
INSERT INTO category_listing (category_id, standing, product_id, brand_number, price_step, stars)
SELECT step.id, s.standing, s.product_id, coalesce(v.id, 0), s.price_step, trunc(s.rating_average)
FROM product_search AS s CROSS JOIN unnest(s.category_path) AS step(id)
LEFT JOIN facet_values AS v ON (v.kind, v.name, v.value) = ('brand', '', s.brand_slug)
ORDER BY 1, 2, 3
"""
_KEY = "pk_category_listing PRIMARY KEY (category_id, standing, product_id)"


def upgrade() -> None:
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    op.execute("LOCK TABLE product_search IN SHARE ROW EXCLUSIVE MODE")
    op.execute("TRUNCATE category_listing")
    op.execute(
        "ALTER TABLE category_listing DROP CONSTRAINT pk_category_listing,"
        " ADD COLUMN brand_number integer NOT NULL, ADD COLUMN price_step smallint NOT NULL,"
        " ADD COLUMN stars smallint NOT NULL"
    )
    op.execute(_FILL)
    op.execute(
        f"ALTER TABLE category_listing ADD CONSTRAINT {_KEY} INCLUDE (brand_number, price_step, stars)"
    )
    op.execute(LIST_NEW)
    op.execute(LIST_CHANGED)


def downgrade() -> None:
    read_model = context.script.get_revision("17_read_model").module
    for function in (read_model.LIST_NEW, read_model.LIST_CHANGED):
        op.execute(function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute(
        "ALTER TABLE category_listing DROP CONSTRAINT pk_category_listing, DROP COLUMN brand_number,"
        " DROP COLUMN price_step, DROP COLUMN stars"
    )
    op.execute(f"ALTER TABLE category_listing ADD CONSTRAINT {_KEY}")
