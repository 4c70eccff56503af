-- What the bare pages read: the shop's own products, copied into tables that are made for one query a page.
-- Run as the owner of the shop's schema, after the catalog is loaded.
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;
SET search_path = bare, public;
SET maintenance_work_mem = '256MB';

CREATE TABLE category (id int PRIMARY KEY, key uuid NOT NULL UNIQUE, parent int, name text NOT NULL);
INSERT INTO category
WITH numbered AS (SELECT row_number() OVER (ORDER BY sort_order, slug)::int AS number, * FROM public.categories)
SELECT n.number, n.id, above.number, n.name FROM numbered AS n LEFT JOIN numbered AS above ON above.id = n.parent_id;

CREATE TABLE brand (id int PRIMARY KEY, key uuid NOT NULL UNIQUE, name text NOT NULL);
INSERT INTO brand SELECT row_number() OVER (ORDER BY slug)::int, id, name FROM public.brands;

CREATE TABLE product (
  id int PRIMARY KEY, name text NOT NULL, slug text NOT NULL, descr text NOT NULL, cat int NOT NULL, brand int NOT NULL,
  price int NOT NULL, stock int NOT NULL, cats int[] NOT NULL,
  tsv tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', name), 'A') || setweight(to_tsvector('simple', descr), 'B')) STORED
);
INSERT INTO product (id, name, slug, descr, cat, brand, price, stock, cats)
SELECT row_number() OVER (ORDER BY p.id), p.name, p.slug, p.description, c.id, b.id, (100 * p.price)::int,
  p.stock_quantity, ARRAY[c.id, c.parent, above.parent]
FROM public.products AS p JOIN category AS c ON c.key = p.category_id JOIN category AS above ON above.id = c.parent
JOIN brand AS b ON b.key = p.brand_id ORDER BY p.id;
CREATE INDEX product_tsv ON product USING gin (tsv);
CREATE INDEX product_brand ON product (brand);

-- One row for each product and each category of its path: a category's page is one range of this index.
CREATE TABLE product_cat AS SELECT unnest(cats) AS cat, id FROM product;
CREATE UNIQUE INDEX ON product_cat (cat, id);

CREATE TABLE cart (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), created timestamptz DEFAULT now());
CREATE TABLE cart_line (
  cart uuid REFERENCES cart ON DELETE CASCADE, product int REFERENCES product, qty int NOT NULL, PRIMARY KEY (cart, product)
);
