"""Addresses with scheme and host, for search engines and programs."""

from __future__ import annotations

from flask import request

from storefront.core.settings import current_settings


def absolute_url(path: str) -> str:
    """``path`` (beginning with a slash) as a whole address: under PUBLIC_URL where it is set, else as asked."""
    settings = current_settings()
    base = settings.base_url() if settings.public_url else request.host_url.rstrip("/")
    return base + path
