"""A server-rendered shop with an assistant that can do what the shopper may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from storefront.core.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from ``settings``, or from the environment when none are given."""
    from storefront.app import build_app

    return build_app(settings)
