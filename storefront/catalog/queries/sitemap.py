"""The addresses that search engines should know, in portions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storefront.catalog.queries.cards import listed, visible
from storefront.core.db import session

PORTION = 20_000
"""Products in one sitemap file; the protocol allows 50,000 addresses and 50 MB."""


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """A product's slug and when it last changed."""

    slug: str
    changed_at: datetime


def sitemap_portions() -> int:
    """How many files the products fill, at least one. One statement."""
    total = session().scalar(sa.select(sa.func.count()).select_from(listed).where(visible())) or 0
    return max(1, -(-total // PORTION))


def sitemap_entries(portion: int) -> list[SitemapEntry]:
    """The listed products of ``portion`` (from 1), in a stable order. One statement."""
    rows = session().execute(
        sa.select(listed.c.slug, listed.c.updated_at)
        .where(visible())
        .order_by(listed.c.product_id)
        .limit(PORTION)
        .offset((portion - 1) * PORTION)
    )
    return [SitemapEntry(row.slug, row.updated_at) for row in rows]
