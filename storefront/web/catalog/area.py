"""The area's blueprint; its views are in the modules beside this one."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("catalog", __name__)
