"""Staff pages, one module per noun."""

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

__all__ = ["blueprint"]
