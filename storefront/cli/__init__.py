"""The commands of ``flask``: one module per noun."""

from __future__ import annotations

from flask import Flask

from storefront.cli.catalog import catalog
from storefront.cli.search import search
from storefront.cli.seed import seed
from storefront.cli.up import up
from storefront.cli.users import users


def init_app(app: Flask) -> None:
    """Add the shop's commands to ``app``."""
    for command in (catalog, search, seed, up, users):
        app.cli.add_command(command)
