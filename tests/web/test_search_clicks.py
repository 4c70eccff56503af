"""What was opened from a search's list is noted by where a person comes from."""

from __future__ import annotations

import pytest
import redis
from flask.testing import FlaskClient

from storefront.search.services.log import NOTES

CAME_FROM = {"Referer": "http://localhost/search?q=tent"}


@pytest.mark.parametrize(
    ("path", "noted"), [("/p/tent", 1), ("/p/%00x", 0), ("/p/" + "x" * 201, 0), ("/c/tents", 0)]
)
def test_only_what_may_be_a_product_is_noted(
    client: FlaskClient, redis_client: redis.Redis, path: str, noted: int
) -> None:
    client.get(path, headers=CAME_FROM).close()
    assert redis_client.llen(NOTES) == noted
