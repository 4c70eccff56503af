"""pgvector's index while very many vectors are loaded: writing into it costs more than building it afterwards.

The owner's login drops and builds it, ``CONCURRENTLY``: the shop goes on selling, and while there is no index nobody
is compared by meaning. Whatever ends a load, the index is built; an attempt that was killed is mended by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from contextlib import contextmanager
from typing import cast

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from storefront.core.db import release, session
from storefront.search.models import ProductSearch
from storefront.search.services.embedding import listed_products
from storefront.search.services.rebuilding import RebuildStep, Tell, alone_at_the_indexes

WORTH_DROPPING = 50_000
"""So many vectors at least, and a quarter of all, before the index is dropped for them."""

_NAME = "ix_product_search_embedding"
_ASK_SECONDS = 0.5
_BYTES_A_VECTOR = 2_200
_LEAST_MEMORY, _MOST_MEMORY = 256_000_000, 1_000_000_000
_IS_THERE = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)").bindparams(
    name=_NAME
)
_BUILT = sa.text(
    "SELECT blocks_done, blocks_total FROM pg_stat_progress_create_index"
    " WHERE relid = 'product_search'::regclass AND blocks_total > 0"
)


def is_worth_dropping(missing: int) -> bool:
    """Whether so many missing vectors are loaded faster without the index. One statement, for very many only."""
    return missing >= WORTH_DROPPING and missing * 4 >= listed_products()


def vector_index_is_there() -> bool:
    """Whether the index is there and whole."""
    return session().scalar(_IS_THERE) is True


@contextmanager
def without_vector_index(owner_url: str, tell: Tell) -> Iterator[None]:
    """Run the block without the index, and build it afterwards; see :func:`build_vector_index`."""
    with _owner(owner_url) as engine:
        _drop(engine)
        try:
            yield
        finally:
            _build(engine, tell)
            with engine.connect() as connection:
                connection.exec_driver_sql("VACUUM (ANALYZE) product_search")


def build_vector_index(owner_url: str, tell: Tell) -> None:
    """Build the index where it is missing or half built; ``tell`` hears of the table's blocks.

    Raises :class:`RebuildRunning`, and whatever the database refuses.
    """
    with _owner(owner_url) as engine:
        _build(engine, tell)


def count_vectors_anew(owner_url: str) -> None:
    """Tell the planner how many rows have a vector: as long as it believes in none, it passes over the index."""
    release()
    engine = sa.create_engine(owner_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE product_search (embedding)")
    finally:
        engine.dispose()


@contextmanager
def _owner(owner_url: str) -> Iterator[sa.Engine]:
    release()  # building concurrently waits for every open transaction, ours too
    engine = sa.create_engine(owner_url, pool_size=3, isolation_level="AUTOCOMMIT")
    try:
        with alone_at_the_indexes(engine):
            yield engine
    finally:
        engine.dispose()


def _index() -> sa.Index:
    table = cast(sa.Table, ProductSearch.__table__)
    return next(index for index in table.indexes if index.name == _NAME)


def _drop(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {_NAME}")


def _build(engine: sa.Engine, tell: Tell) -> None:
    release()
    with engine.connect() as connection:
        if connection.scalar(_IS_THERE) is True:
            return
    _drop(engine)  # what is there is half built
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(_create, engine)
        with engine.connect() as connection:
            while not _done_within(building.result, _ASK_SECONDS):
                step = connection.execute(_BUILT).first()
                if step:
                    tell(RebuildStep("index", step.blocks_done, step.blocks_total))


def _done_within(result: Callable[[float], object], seconds: float) -> bool:
    try:
        result(seconds)
    except TimeoutError:
        return False
    return True


def _create(engine: sa.Engine) -> None:
    statement = str(CreateIndex(_index()).compile(engine))
    concurrently = statement.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1)
    with engine.connect() as connection:
        vectors = connection.scalar(sa.text("SELECT count(embedding) FROM product_search")) or 0
        memory = min(max(_LEAST_MEMORY, vectors * _BYTES_A_VECTOR), _MOST_MEMORY) // 1_000
        connection.exec_driver_sql(f"SET maintenance_work_mem = '{memory}kB'")
        connection.exec_driver_sql(concurrently)
