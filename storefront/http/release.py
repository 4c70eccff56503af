"""What this version of the shop is called, so that what an older one has kept is not shown by this one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from storefront.core.settings import ROOT, Settings


def release_of(settings: Settings) -> str:
    """A digest of everything that pages are made of besides data: code, templates, browser files, settings."""
    digest = hashlib.blake2b(settings.model_dump_json().encode(), digest_size=8)
    for path in sorted(_sources()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterable[Path]:
    yield from (ROOT / "storefront").rglob("*.py")
    yield from (ROOT / "storefront").rglob("*.mo")
    yield from (ROOT / "templates").rglob("*.html")
    yield from (ROOT / "static" / "dist").glob("manifest.json")
