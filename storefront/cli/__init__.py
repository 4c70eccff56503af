"""The commands of ``flask``: one module per noun."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the shop's commands to ``app``."""
