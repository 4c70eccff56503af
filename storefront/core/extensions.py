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

babel = Babel()
compress = Compress()
htmx = Htmx()
limiter = Limiter(key_func=get_remote_address, in_memory_fallback_enabled=True, strategy="fixed-window")
login_manager = LoginManager()
migrate = Migrate()

__all__ = ["babel", "compress", "db", "htmx", "limiter", "login_manager", "migrate"]
