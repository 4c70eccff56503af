"""``flask ops verify`` says whether the books agree, to people and to scripts."""

from __future__ import annotations

import redis
from flask import Flask

from tests.factories.buying import change_product, make_product


def test_agreeing_books_end_with_zero(app: Flask) -> None:
    with app.app_context():
        make_product(stock=5)
    result = app.test_cli_runner().invoke(args=["ops", "verify"])
    assert result.exit_code == 0
    assert "all agree" in result.output


def test_difference_is_named_and_ends_with_one(app: Flask) -> None:
    with app.app_context():
        change_product(make_product(stock=5, sku="KET-1"), stock_quantity=4)
    result = app.test_cli_runner().invoke(args=["ops", "verify"])
    assert result.exit_code == 1
    for text in ("KET-1", "stock", "4", "5", "Differences: 1."):
        assert text in result.output


def test_a_redis_that_drops_what_must_stay_is_warned_of(app: Flask, redis_client: redis.Redis) -> None:
    before = redis_client.config_get("maxmemory-policy")["maxmemory-policy"]
    try:
        redis_client.config_set("maxmemory-policy", "allkeys-lru")
        warned = app.test_cli_runner().invoke(args=["ops", "verify"])
    finally:
        redis_client.config_set("maxmemory-policy", before)
    assert warned.exit_code == 0
    assert "allkeys-lru" in warned.output
    assert "maxmemory-policy" not in app.test_cli_runner().invoke(args=["ops", "verify"]).output
