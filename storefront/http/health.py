"""Is the process alive, and can it serve? For supervisors and load balancers."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from redis import RedisError

from storefront.core.db import release, session
from storefront.core.redis import redis_client

blueprint = Blueprint("health", __name__)


@blueprint.get("/health/live")
def live() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/health/ready")
def ready() -> ResponseReturnValue:
    """PostgreSQL answers. Redis is reported and not needed: the shop sells without it."""
    try:
        session().execute(sa.text("SELECT 1"))
        database = "ok"
    except sa.exc.SQLAlchemyError:
        database = "away"
    finally:
        release()
    try:
        redis_client().ping()
        cache = "ok"
    except RedisError:
        cache = "away"
    return jsonify(database=database, redis=cache), 200 if database == "ok" else 503


def init_app(app: Flask) -> None:
    """Serve ``/health/live`` and ``/health/ready``."""
    app.register_blueprint(blueprint)
