"""The Flask extensions, created once and bound to the application in ``storefront.app``."""

from __future__ import annotations

from flask_babel import Babel
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from htmx_flask import Htmx

from storefront.core.db import db


class DecoratedLimits(Limiter):
    """Limits stand on views and are checked there. None is for everything, so nobody looks before each request."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


babel = Babel()
compress = Compress()
htmx = Htmx()
limiter = DecoratedLimits(
    key_func=get_remote_address, in_memory_fallback_enabled=True, strategy="fixed-window"
)
login_manager = LoginManager()
migrate = Migrate()

__all__ = ["babel", "compress", "db", "htmx", "limiter", "login_manager", "migrate"]
