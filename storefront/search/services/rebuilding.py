"""Making the read model anew: after products were loaded past the triggers, or when it is not to be trusted.

It goes by ranges of products, each in a transaction of its own, on several connections of the owner's login. While
products are few, or shoppers are in, the indexes stay. A million new rows are quicker written without them: then
they are dropped first and built from the models afterwards, which also mends an attempt that was broken off.
What triggers make of its rows (the lists of categories, the sample) is compared with them, and mended.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, DropIndex

from storefront.search.errors import RebuildRunning
from storefront.search.models import ProductSample, ProductSearch

RANGE_PRODUCTS = 2_000
_INDEX_MEMORY = "256MB"
# Any number, as long as it is always this one: two rebuilds would drop each other's indexes.
_REBUILDING = 7_301_620_004
_DROPPED = (ProductSearch, ProductSample)
_MENDED = (
    """
    DELETE FROM category_listing AS c WHERE NOT EXISTS (
      SELECT FROM product_search AS s
      LEFT JOIN facet_values AS v ON (v.kind, v.name, v.value) = ('brand', '', s.brand_slug)
      WHERE s.product_id = c.product_id AND s.standing = c.standing AND c.category_id = ANY (s.category_path)
        AND (coalesce(v.id, 0), s.price_step, trunc(s.rating_average)) = (c.brand_number, c.price_step, c.stars)
    )
    """,
    """
    INSERT INTO category_listing (category_id, standing, product_id, brand_number, price_step, stars)
    SELECT step.id, s.standing, s.product_id, coalesce(v.id, 0), s.price_step, trunc(s.rating_average)
    FROM product_search AS s CROSS JOIN unnest(s.category_path) AS step(id)
    LEFT JOIN facet_values AS v ON (v.kind, v.name, v.value) = ('brand', '', s.brand_slug)
    ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
    """,
    """
    DELETE FROM product_sample AS o WHERE NOT EXISTS (
      SELECT FROM product_search AS s
      WHERE s.product_id = o.product_id
        AND (s.language, s.standing, s.facet_ids, s.price_min, s.rating_average) = (
          o.language, o.standing, o.facet_ids, o.price_min, o.rating_average)
        AND (s.available, s.published_at, s.price_step) = (o.available, o.published_at, o.price_step)
        AND (s.name_vector, s.search_vector) = (o.name_vector, o.search_vector)
    )
    """,
    """
    INSERT INTO product_sample (product_id, language, standing, facet_ids, price_min, price_step, rating_average,
      available, published_at, name_vector, search_vector)
    SELECT product_id, language, standing, facet_ids, price_min, price_step, rating_average,
      available, published_at, name_vector, search_vector
    FROM product_search WHERE get_byte(uuid_send(product_id), 15) & 15 = 0 ON CONFLICT DO NOTHING
    """,
)
"""Which products are in the sample is what the triggers say: one in sixteen, by the last byte of its id."""

_LISTS_ARE_EMPTY = "SELECT NOT EXISTS (SELECT FROM category_listing)"
_WITHOUT_KEY = "ALTER TABLE category_listing DROP CONSTRAINT pk_category_listing"
_WITH_KEY = (
    "ALTER TABLE category_listing ADD CONSTRAINT pk_category_listing"
    " PRIMARY KEY (category_id, standing, product_id) INCLUDE (brand_number, price_step, stars)"
)


@dataclass(frozen=True, slots=True)
class RebuildStep:
    """How far it is: ``done`` of ``whole`` products or indexes."""

    what: str
    done: int
    whole: int


Tell = Callable[[RebuildStep], object]


def rebuild_read_model(
    owner_url: str,
    *,
    connections: int = 2,
    without_indexes: bool = False,
    tell: Tell = lambda _step: None,
) -> int:
    """Write every listed product's row of ``product_search`` anew; returns how many products were looked at.

    ``without_indexes`` drops the indexes meanwhile: quicker for very many rows, but lists and searches are slow
    or fail until it is done. With indexes, whoever sells something out or edits a product waits while the lists are
    mended: seconds for each 100,000 products. Raises :class:`RebuildRunning`, and whatever the database refuses.
    """
    engine = sa.create_engine(owner_url, pool_size=connections + 1, isolation_level="AUTOCOMMIT")
    try:
        with alone_at_the_indexes(engine), ThreadPoolExecutor(connections) as pool:
            if without_indexes:
                _drop_indexes(engine)
            else:
                _mend_lists(engine, tell)  # triggers go on with them: they must be right to begin with
            looked_at = _refresh_all(engine, pool, connections, tell, lists_later=without_indexes)
            if without_indexes:
                _mend_lists(engine, tell)
            _build_indexes(engine, pool, tell)
            with engine.connect() as connection:
                connection.exec_driver_sql(
                    "VACUUM (ANALYZE) product_search, category_listing, product_sample"
                )
        return looked_at
    finally:
        engine.dispose()


@contextmanager
def alone_at_the_indexes(engine: sa.Engine) -> Iterator[None]:
    """Nobody else drops or builds the read model's indexes meanwhile. Raises :class:`RebuildRunning`."""
    with engine.connect() as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_REBUILDING))):
            raise RebuildRunning
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_REBUILDING)))


def _refresh_all(
    engine: sa.Engine, pool: ThreadPoolExecutor, connections: int, tell: Tell, *, lists_later: bool
) -> int:
    """Range after range, never more of them at hand than connections can take on."""
    with engine.connect() as connection:
        whole = connection.scalar(sa.text("SELECT count(*) FROM products WHERE parent_id IS NULL")) or 0
        done, running = 0, set[Future[int]]()
        for ids in _ranges(connection):
            running.add(pool.submit(_refresh, engine, ids, lists_later))
            if len(running) > connections:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                done += sum(one.result() for one in finished)
                tell(RebuildStep("products", done, whole))
        done += sum(one.result() for one in running)
        tell(RebuildStep("products", done, max(done, whole)))
    return done


def _ranges(connection: sa.Connection) -> Iterator[list[uuid.UUID]]:
    """All products that are not variants, deleted ones included: their rows must go."""
    statement = sa.text(
        "SELECT id FROM products WHERE parent_id IS NULL AND id > :after ORDER BY id LIMIT :size"
    )
    after = uuid.UUID(int=0)
    while True:
        ids = list(connection.scalars(statement, {"after": after, "size": RANGE_PRODUCTS}))
        if not ids:
            return
        yield ids
        after = ids[-1]


def _refresh(engine: sa.Engine, ids: list[uuid.UUID], lists_later: bool) -> int:
    with (
        engine.connect() as connection,
        connection.execution_options(isolation_level="READ COMMITTED").begin(),
    ):
        if lists_later:
            connection.exec_driver_sql("SET LOCAL storefront.rebuilding = 'on'")
        connection.execute(sa.text("SELECT refresh_product_search(:ids)"), {"ids": ids})
    return len(ids)


def _mend_lists(engine: sa.Engine, tell: Tell) -> None:
    """Lists of categories and the sample hold what the rows say. Nobody writes rows meanwhile.

    Lists that are empty get their key's index afterwards: a third of the time.
    """
    tell(RebuildStep("lists", 0, 1))
    with (
        engine.connect() as connection,
        connection.execution_options(isolation_level="READ COMMITTED").begin(),
    ):
        connection.exec_driver_sql("LOCK TABLE product_search IN SHARE ROW EXCLUSIVE MODE")
        are_empty = connection.exec_driver_sql(_LISTS_ARE_EMPTY).scalar_one()
        if are_empty:
            connection.exec_driver_sql(_WITHOUT_KEY)
        for statement in _MENDED:
            connection.exec_driver_sql(statement)
        if are_empty:
            connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{_INDEX_MEMORY}'")
            connection.exec_driver_sql(_WITH_KEY)
    tell(RebuildStep("lists", 1, 1))


def _indexes() -> list[sa.Index]:
    tables = [cast(sa.Table, model.__table__) for model in _DROPPED]
    return sorted((one for table in tables for one in table.indexes), key=lambda index: str(index.name))


def _drop_indexes(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        for index in _indexes():
            connection.execute(DropIndex(index, if_exists=True))


def _build_indexes(engine: sa.Engine, pool: ThreadPoolExecutor, tell: Tell) -> None:
    """Build those that are missing, several at a time."""
    with engine.connect() as connection:
        look = sa.inspect(connection)
        there = {one["name"] for model in _DROPPED for one in look.get_indexes(str(model.__tablename__))}
    missing = [index for index in _indexes() if index.name not in there]
    for done, _built in enumerate(_as_finished(pool, engine, missing), start=1):
        tell(RebuildStep("indexes", done, len(missing)))


def _as_finished(pool: ThreadPoolExecutor, engine: sa.Engine, indexes: Iterable[sa.Index]) -> Iterator[Any]:
    running = {pool.submit(_build, engine, index) for index in indexes}
    while running:
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        for one in finished:
            yield one.result()


def _build(engine: sa.Engine, index: sa.Index) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET maintenance_work_mem = '{_INDEX_MEMORY}'")
        connection.execute(CreateIndex(index, if_not_exists=True))
