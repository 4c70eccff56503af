"""Shops filled with the generated catalog, and the bare page's tables beside the shop's own in the same database.

A measurement joins the embedded servers of an instance (:func:`opened`); the web servers that it starts join them too.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from storefront.core import embedded
from storefront.core.database_roles import DatabaseUrls
from storefront.core.schema import is_current
from storefront.core.services import with_services
from storefront.core.settings import Settings
from storefront.core.settings_reading import load_settings

BENCHMARKS = Path(__file__).parents[1]
ROOT = BENCHMARKS.parent


@dataclass(frozen=True, slots=True)
class Instance:
    """A shop with ``products`` generated products. ``database`` is the owner's login in libpq form."""

    folder: Path
    products: int
    settings: Settings
    database: str

    def fetch(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of one statement, as the owner."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(statement.encode(), values).fetchall()


@contextmanager
def opened(folder: Path, products: int) -> Iterator[Instance]:
    """The shop in ``folder``, filled first where it is empty, with its servers running for the length of the block."""
    if not (folder / "postgres").exists():
        fill = [
            sys.executable,
            str(BENCHMARKS / "catalog.py"),
            "--products",
            str(products),
            "--instance",
            str(folder),
        ]
        subprocess.run(fill, check=True, cwd=ROOT)
    settings = with_services(load_settings(instance_dir=folder))
    try:
        assert settings.database_owner_url
        url = sa.make_url(settings.database_owner_url.get_secret_value()).set(drivername="postgresql")
        instance = Instance(folder, products, settings, url.render_as_string(hide_password=False))
        _check(instance)
        yield instance
    finally:
        embedded.leave(folder)


def _check(instance: Instance) -> None:
    """Whether all is there; the bare page's tables are made where they are missing."""
    settings = instance.settings
    assert settings.database_owner_url
    assert settings.database_url
    assert settings.database_shopper_url
    owner, app, shopper = (
        url.get_secret_value()
        for url in (settings.database_owner_url, settings.database_url, settings.database_shopper_url)
    )
    if not is_current(DatabaseUrls(owner, app, shopper)):
        raise SystemExit(f"{instance.folder} has the schema of another version: remove it.")
    ((held,),) = instance.fetch("SELECT count(*) FROM product_search")
    if held != instance.products:
        raise SystemExit(f"{instance.folder} holds {held:,} products, not {instance.products:,}: remove it.")
    ((there,),) = instance.fetch("SELECT to_regclass('bare.cart_line') IS NOT NULL")
    if not there:
        with psycopg.connect(instance.database) as connection:
            connection.execute((BENCHMARKS / "bare" / "schema.sql").read_bytes())
        for table in ("category", "brand", "product", "product_cat"):
            with psycopg.connect(instance.database, autocommit=True) as connection:
                connection.execute(f"VACUUM (ANALYZE) bare.{table}".encode())
