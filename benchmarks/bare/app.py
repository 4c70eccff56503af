"""The bare page: what Flask costs at least. ONE statement a page, a pool of connections, a template, nothing else.

Reads the schema ``bare`` (``schema.sql``) of the database that ``BARE_DATABASE`` names (libpq form). Each page takes
``rows``: so many filter options more, to be as heavy as the page it is compared with. What every page of a shop shows
(categories, brands) is read once per process.
"""

from __future__ import annotations

import os
import string
from functools import cache
from typing import Any, NamedTuple

from flask import Flask, Response, make_response, redirect, render_template, request
from psycopg_pool import ConnectionPool
from werkzeug.wrappers import Response as BaseResponse


class Option(NamedTuple):
    """A filter's value and how many products have it."""

    label: str
    count: int


app = Flask(__name__)
app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

_LIST = """SELECT p.id, p.name, p.slug, p.price, p.stock, b.name AS brand
FROM bare.product AS p JOIN bare.brand AS b ON b.id = p.brand"""
_NEWEST = " ORDER BY p.id DESC LIMIT 24"
_CATEGORY = _LIST + " JOIN bare.product_cat AS c ON c.id = p.id WHERE c.cat = %s"
_PRODUCT = """SELECT p.id, p.name, p.slug, p.price, p.stock, b.name AS brand, p.descr, c.name AS category
FROM bare.product AS p JOIN bare.brand AS b ON b.id = p.brand JOIN bare.category AS c ON c.id = p.cat WHERE p.id = %s"""
_SEARCH = """WITH m AS MATERIALIZED (
  SELECT id, brand, cats[3] AS top, ts_rank(tsv, q) AS r
  FROM bare.product, websearch_to_tsquery('simple', %s) AS q WHERE tsv @@ q
), page AS (
  SELECT p.id, p.name, p.slug, p.price, p.stock, b.name AS brand
  FROM (SELECT id, r FROM m ORDER BY r DESC, id LIMIT 24) AS x
  JOIN bare.product AS p USING (id) JOIN bare.brand AS b ON b.id = p.brand ORDER BY x.r DESC, p.id
)
SELECT (SELECT json_agg(page) FROM page), (SELECT count(*) FROM m),
  (SELECT json_agg(f) FROM (SELECT brand AS key, count(*) AS n FROM m GROUP BY 1 ORDER BY 2 DESC LIMIT 20) AS f),
  (SELECT json_agg(f) FROM (SELECT top AS key, count(*) AS n FROM m GROUP BY 1 ORDER BY 2 DESC) AS f)"""
_SUGGEST = """SELECT p.id, p.name, p.slug, p.price FROM bare.product AS p
WHERE tsv @@ to_tsquery('simple', %s) ORDER BY p.id DESC LIMIT 6"""
_ADD = """WITH made AS (INSERT INTO bare.cart DEFAULT VALUES RETURNING id)
INSERT INTO bare.cart_line SELECT id, %s, 1 FROM made RETURNING cart"""


@cache
def pool() -> ConnectionPool[Any]:
    """This process's connections, opened after the fork."""
    options: dict[str, Any] = {"autocommit": True, "prepare_threshold": 1}
    return ConnectionPool(os.environ["BARE_DATABASE"], min_size=1, max_size=8, kwargs=options, open=True)


def fetch(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    with pool().connection() as connection:
        return connection.execute(statement.encode(), values).fetchall()


@cache
def categories() -> dict[int, str]:
    """The names of the departments and what lies below them, in the tree's order."""
    return dict(
        fetch(
            "SELECT id, name FROM bare.category WHERE left(name, 5) <> 'Range' ORDER BY parent IS NOT NULL, id"
        )
    )


@cache
def brands() -> dict[int, str]:
    """The names of the brands."""
    return dict(fetch("SELECT id, name FROM bare.brand ORDER BY id"))


@cache
def filler(rows: int) -> list[Option]:
    """Filter options that cost a page what they cost anybody, besides counting them."""
    words = [first + second for first in string.ascii_lowercase for second in string.ascii_lowercase]
    return [Option(f"value {words[place % len(words)]}", 10 * place) for place in range(rows)]


def page(template: str, title: str, **context: Any) -> str:
    """A page with the header that every page has."""
    rows = request.args.get("rows", 0, type=int)
    return render_template(template, title=title, categories=categories(), filler=filler(rows), **context)


@app.get("/list")
def everything() -> str:
    """The newest products."""
    return page("list.html", "All products", products=fetch(_LIST + _NEWEST))


@app.get("/cat/<int:number>")
def category(number: int) -> str:
    """A category's newest products; of some brands and in stock, where that is asked for."""
    chosen = [int(one) for one in request.args.getlist("brand")]
    if chosen:
        narrowed = " AND p.brand = ANY (%s) AND p.stock > 0"
        return page("list.html", "Category", products=fetch(_CATEGORY + narrowed + _NEWEST, number, chosen))
    return page("list.html", "Category", products=fetch(_CATEGORY + _NEWEST, number))


@app.get("/p/<int:number>")
def product(number: int) -> str:
    """One product."""
    found = fetch(_PRODUCT, number)[0]
    return page("product.html", found[1], product=found)


@app.get("/search")
def search() -> str:
    """The best products for a text, their number, and two facets with counts."""
    found, total, by_brand, by_category = fetch(_SEARCH, request.args.get("q", ""))[0]
    facets = [
        ("Brand", [Option(brands()[one["key"]], one["n"]) for one in by_brand or ()]),
        ("Category", [Option(categories()[one["key"]], one["n"]) for one in by_category or ()]),
    ]
    products = [tuple(one.values()) for one in found or ()]
    return page("list.html", f"{total} results", products=products, facets=facets)


@app.get("/suggest")
def suggest() -> str:
    """The newest products with a word that begins like this."""
    found = fetch(_SUGGEST, request.args.get("q", "") + ":*")
    rows = request.args.get("rows", 0, type=int)
    return render_template("suggestions.html", products=found, filler=filler(rows))


@app.post("/add/<int:number>")
def add(number: int) -> BaseResponse:
    """A new cart with one line: one statement, one commit."""
    (cart,) = fetch(_ADD, number)[0]
    response = redirect("/cart", 303)
    response.set_cookie("cart", str(cart), httponly=True)
    return response


@cache
def _kept(rows: int) -> bytes:
    return page("list.html", "All products", products=fetch(_LIST + _NEWEST)).encode()


@app.get("/kept")
def kept() -> Response:
    """The list out of the process's memory: the most that a cache inside of Flask can give."""
    return make_response(_kept(request.args.get("rows", 0, type=int)))
