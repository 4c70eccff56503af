"""Pages for guests are kept, never somebody's own, and never longer than they are true."""

from __future__ import annotations

import contextvars
import gzip
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import brotli
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from pydantic import HttpUrl, SecretStr
from werkzeug.test import TestResponse

from storefront.catalog.models import Product
from storefront.core.at_hand import SECONDS
from storefront.core.cache import forget
from storefront.core.db import session, transaction
from storefront.http.page_cache import NO_PAGE_SECONDS
from storefront.search.services import write_log
from tests.concurrency.threads import at_once
from tests.factories.accounts import make_user, sign_in
from tests.factories.catalog import Made, make_category, make_product, make_variants
from tests.statements import recorded_statements

Building = Callable[..., Flask]
Asserting = Callable[[int], AbstractContextManager[list[str]]]
FRAGMENT = {"HX-Request": "true"}
EVERYBODY = "public, max-age=0, must-revalidate"


@pytest.fixture
def keeping_app(build_keeping: Building) -> Flask:
    return build_keeping()


@pytest.fixture
def guest(keeping_app: Flask) -> FlaskClient:
    return keeping_app.test_client()


@pytest.fixture
def tents(keeping_app: Flask) -> Made:
    with keeping_app.app_context():
        return make_category("Tents")


@pytest.fixture
def kestrel(keeping_app: Flask, tents: Made) -> Made:
    with keeping_app.app_context():
        return make_product("Kestrel 2", "329.00", category=tents)


def rename(app: Flask, product: Made, name: str) -> None:
    """Behind the shop's back: nothing is forgotten."""
    with app.app_context(), transaction():
        session().get_one(Product, product.id).name = name


def forgotten(app: Flask, *tags: str) -> None:
    """The tags are forgotten, and no process still answers with what it looked at a moment ago."""
    with app.app_context():
        forget(*tags)
    time.sleep(SECONDS + 0.05)


@pytest.mark.parametrize(
    "path", ["/", "/c/tents", "/search", "/search?sort=price_asc", "/p/{}", "/p/{}/reviews"]
)
def test_the_second_guest_costs_no_query(
    guest: FlaskClient, kestrel: Made, assert_queries: Asserting, path: str
) -> None:
    path = path.format(kestrel.slug)
    first = guest.get(path)
    with assert_queries(0):
        second = guest.get(path)
    assert second.data == first.data
    assert (first.status_code, second.status_code) == (200, 200)
    assert {*first.headers.items()} - {*second.headers.items()} == {
        ("X-Request-ID", first.headers["X-Request-ID"])
    }
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_a_kept_page_has_nothing_of_a_person(guest: FlaskClient, kestrel: Made) -> None:
    for _ in range(2):
        page = guest.get(f"/p/{kestrel.slug}")
        assert "Set-Cookie" not in page.headers
        assert "csrf" not in page.text
        assert page.headers["Cache-Control"] == EVERYBODY
        assert "Cookie" not in page.headers["Vary"]
        assert "Content-Security-Policy" in page.headers


def test_another_process_finds_it_in_redis(
    guest: FlaskClient, kestrel: Made, build_keeping: Building, assert_queries: Asserting
) -> None:
    page = guest.get(f"/p/{kestrel.slug}").text
    other = build_keeping().test_client()
    with assert_queries(0):
        assert other.get(f"/p/{kestrel.slug}").text == page


def test_who_has_a_cookie_gets_a_page_of_their_own(guest: FlaskClient, kestrel: Made) -> None:
    path = f"/p/{kestrel.slug}"
    guest.get(path)
    shopper = guest.application.test_client()
    shopper.post("/cart/lines", data={"product_id": str(kestrel.id)}, headers={"Origin": "http://localhost"})
    for _ in range(2):
        page = shopper.get(path)
        assert "csrf_token" in page.text
        assert page.headers["Cache-Control"] == "private, no-cache"
        assert "Cookie" in page.headers["Vary"]
    assert "csrf_token" not in guest.get(path).text


def test_a_signed_in_page_is_never_kept_for_others(guest: FlaskClient, kestrel: Made) -> None:
    person = guest.application.test_client()
    with guest.application.app_context():
        agnes = make_user(first_name="Agnes")
    sign_in(person, agnes)
    assert "Account" in person.get("/").text
    assert 'href="/account/sign-in"' in guest.get("/").text
    assert 'href="/account/sign-in"' not in person.get("/").text


def test_messages_are_shown_once_and_to_one(guest: FlaskClient, kestrel: Made) -> None:
    shopper = guest.application.test_client()
    shopper.get("/account/orders")  # sends to the sign-in with a message
    assert "Please sign in" in shopper.get(f"/p/{kestrel.slug}").text
    assert "Please sign in" not in guest.get(f"/p/{kestrel.slug}").text


def test_page_and_fragment_are_two(guest: FlaskClient, tents: Made) -> None:
    with guest.application.app_context():
        shell = make_product("Shell", category=tents)
        make_variants(shell, [{"Size": "S"}, {"Size": "M"}])
    path = f"/p/{shell.slug}?option.Size=S"
    for _ in range(2):
        assert guest.get(path, headers=FRAGMENT).text.lstrip().startswith('<div class="product"')
        assert guest.get(path).text.startswith("<!doctype html>")
        for whole in ({"HX-History-Restore-Request": "true"}, {"HX-Boosted": "true"}):
            assert guest.get(path, headers=FRAGMENT | whole).text.startswith("<!doctype html>")
    kept = guest.get(path, headers=FRAGMENT)
    assert "HX-Request" in kept.headers["Vary"]
    assert kept.headers["HX-Replace-Url"].startswith(f"/p/{shell.slug}")


def test_marks_of_advertisers_change_nothing_and_are_not_shown(
    guest: FlaskClient, kestrel: Made, assert_queries: Asserting
) -> None:
    page = guest.get("/c/tents?utm_source=letter&fbclid=xyz").text
    assert "letter" not in page
    with assert_queries(0):
        assert guest.get("/c/tents?gclid=1").text == guest.get("/c/tents").text == page


def test_the_order_of_arguments_does_not_matter(
    guest: FlaskClient, kestrel: Made, assert_queries: Asserting
) -> None:
    guest.get("/c/tents?stock=1&sort=price_asc")
    with assert_queries(0):
        guest.get("/c/tents?sort=price_asc&stock=1")


@pytest.mark.parametrize(
    "query",
    [
        "surprise=1",
        "q=tent",
        "brand=" + "x" * 500,
        "&".join(f"tag={n}" for n in range(20)),
        "option.a=" + "%00" * 200,
        "page=41&position=WyJyZWxldmFuY2UiXQ",
    ],
)
def test_addresses_that_nobody_shares_are_not_kept(
    guest: FlaskClient, kestrel: Made, redis_client: redis.Redis, query: str
) -> None:
    page = guest.get(f"/search?{query}")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == EVERYBODY
    assert page.headers["ETag"]
    assert redis_client.keys("cache:entry:page:*") == []


def test_every_search_for_words_is_logged(guest: FlaskClient, kestrel: Made) -> None:
    for _ in range(2):
        guest.get("/search?q=kestrel")
    with guest.application.app_context():
        assert write_log() == {"searches": 2, "clicks": 0}


def test_suggestions_for_the_first_letters_are_kept(
    guest: FlaskClient, kestrel: Made, assert_queries: Asserting
) -> None:
    first = guest.get("/search/suggest?q=kest", headers=FRAGMENT)
    assert first.text.lstrip().startswith('<div id="suggestion-groups"')
    assert first.headers["Cache-Control"] == EVERYBODY
    assert "HX-Request" in first.headers["Vary"]
    assert "Set-Cookie" not in first.headers
    with assert_queries(0):
        again = guest.get("/search/suggest?q=kest", headers=FRAGMENT | {"Accept-Encoding": "br"})
        known = guest.get(
            "/search/suggest?q=kest", headers=FRAGMENT | {"If-None-Match": first.headers["ETag"]}
        )
        visit = guest.get("/search/suggest?q=kest")
    assert brotli.decompress(again.data) == first.data
    assert (known.status_code, known.data) == (304, b"")
    assert (visit.status_code, visit.location) == (302, "/search?q=kest")
    assert "HX-Request" in visit.headers["Vary"]
    rename(guest.application, kestrel, "Merlin 2")
    forgotten(guest.application, "products")
    assert "kestrel" not in guest.get("/search/suggest?q=kest", headers=FRAGMENT).text.lower().replace(
        "“kest”", ""
    ).replace("/p/kestrel", "")


def test_suggestions_for_whole_sentences_are_made_each_time(
    guest: FlaskClient, kestrel: Made, redis_client: redis.Redis
) -> None:
    page = guest.get("/search/suggest?q=kestrel+two+person+tent", headers=FRAGMENT)
    assert page.status_code == 200
    assert page.headers["ETag"]
    assert redis_client.keys("cache:entry:page:*") == []


def test_who_has_a_cookie_gets_suggestions_of_their_own(guest: FlaskClient, kestrel: Made) -> None:
    person = guest.application.test_client()
    with guest.application.app_context():
        agnes = make_user()
    sign_in(person, agnes)
    page = person.get("/search/suggest?q=kest", headers=FRAGMENT)
    assert page.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "accepted", ["", "gzip", "br", "gzip, deflate, br, zstd", "br;q=0, gzip", "identity", "*"]
)
def test_every_encoding_is_the_same_page(guest: FlaskClient, kestrel: Made, accepted: str) -> None:
    plain = guest.get("/c/tents").data
    for _ in range(2):
        answer = guest.get("/c/tents", headers={"Accept-Encoding": accepted})
        encoding = answer.headers.get("Content-Encoding", "")
        unpack = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}[encoding]
        assert unpack(answer.data) == plain
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert (encoding == "") == (accepted in ("", "identity"))
    assert accepted != "br;q=0, gzip" or encoding == "gzip"


@pytest.mark.parametrize("path", ["/", "/c/tents", "/p/{}", "/search?q=kestrel", "/search"])
def test_an_unchanged_page_is_not_sent_again(guest: FlaskClient, kestrel: Made, path: str) -> None:
    path = path.format(kestrel.slug)
    page = guest.get(path, headers={"Accept-Encoding": "br"})
    etag = page.headers["ETag"]
    assert etag.startswith('W/"')
    for condition in (etag, f'"other", {etag}', etag.removeprefix("W/")):
        answer = guest.get(path, headers={"If-None-Match": condition})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == EVERYBODY
        assert "Content-Encoding" not in answer.headers
        assert "X-Request-ID" in answer.headers
    assert guest.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_a_signed_in_person_never_gets_a_guests_304(guest: FlaskClient, kestrel: Made) -> None:
    etag = guest.get("/").headers["ETag"]
    person = guest.application.test_client()
    with guest.application.app_context():
        agnes = make_user()
    sign_in(person, agnes)
    assert person.get("/", headers={"If-None-Match": etag}).status_code == 200


def test_what_changed_is_seen_after_forgetting(guest: FlaskClient, kestrel: Made) -> None:
    path = f"/p/{kestrel.slug}"
    etag = guest.get(path).headers["ETag"]
    rename(guest.application, kestrel, "Kestrel 3")
    assert "Kestrel 2" in guest.get(path).text
    forgotten(guest.application, f"product:{kestrel.id}")
    page = guest.get(path, headers={"If-None-Match": etag})
    assert page.status_code == 200
    assert "Kestrel 3" in page.text


def test_a_lists_page_is_forgotten_by_its_category(guest: FlaskClient, kestrel: Made, tents: Made) -> None:
    guest.get("/c/tents")
    rename(guest.application, kestrel, "Kestrel 3")
    forgotten(guest.application, "category:another", f"product:{kestrel.id}")
    assert "Kestrel 2" in guest.get("/c/tents").text
    forgotten(guest.application, f"category:{tents.id}")
    assert "Kestrel 3" in guest.get("/c/tents").text


def test_many_guests_at_once_make_it_once(keeping_app: Flask, kestrel: Made) -> None:
    with recorded_statements() as alone:
        keeping_app.test_client().get("/c/tents?sort=name")
    forgotten(keeping_app, "catalog")
    with recorded_statements() as seen:
        pages = at_once(keeping_app, [lambda: _other_guest(keeping_app, "/c/tents").text] * 30)
    assert len(set(map(str, pages))) == 1
    assert len(seen) <= len(alone)


def _other_guest(app: Flask, path: str) -> TestResponse:
    """In a context of its own: what is kept for the length of a request must not reach the next."""
    return contextvars.Context().run(app.test_client().get, path)


@pytest.mark.parametrize(("path", "status"), [("/p/none", 404), ("/c/none", 404), ("/c/x/tents", 301)])
def test_other_answers_are_not_kept_and_nobody_waits_for_one(
    guest: FlaskClient, kestrel: Made, redis_client: redis.Redis, path: str, status: int
) -> None:
    for _ in range(2):
        assert guest.get(path).status_code == status
    (name,) = redis_client.keys("cache:entry:page:*")  # type: ignore[misc]
    assert 0 < redis_client.ttl(name) <= 2 * NO_PAGE_SECONDS  # type: ignore[operator]
    started = time.perf_counter()
    app = guest.application
    answers = at_once(app, [lambda: _other_guest(app, path).status_code] * 10)
    assert answers == [status] * 10
    assert time.perf_counter() - started < 1.0


def test_what_is_not_read_from_the_page_has_no_part_in_it(guest: FlaskClient, kestrel: Made) -> None:
    headers = {
        "Accept-Language": "fr",
        "Referer": "https://letter.example.com/a",
        "X-Forwarded-Host": "evil.example.com",
        "Cookie": "other=1",
        "HX-Current-URL": "https://evil.example.com/",
        "Range": "bytes=0-10",
    }
    first = guest.get("/c/tents", headers=headers)
    assert "evil" not in first.text
    assert guest.get("/c/tents").data == first.data


def test_each_host_has_its_pages_where_the_shop_does_not_know_its_own(
    guest: FlaskClient, kestrel: Made
) -> None:
    guest.get("/c/tents", headers={"Host": "evil.example.com"})
    assert "evil" not in guest.get("/c/tents").text


def test_under_a_public_address_the_host_has_no_part_in_it(
    build_keeping: Building, kestrel: Made, assert_queries: Asserting
) -> None:
    shop = build_keeping(public_url=HttpUrl("https://shop.example.com")).test_client()
    page = shop.get("/c/tents", headers={"Host": "evil.example.com"})
    assert "evil" not in page.text
    with assert_queries(0):
        secure = shop.get("/c/tents", base_url="https://shop.example.com")
    assert secure.data == page.data
    assert secure.headers.getlist("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
    assert "Strict-Transport-Security" not in shop.get("/c/tents").headers


def test_another_version_of_the_shop_keeps_pages_of_its_own(
    guest: FlaskClient, kestrel: Made, build_keeping: Building
) -> None:
    guest.get("/")
    assert "Skylark" in build_keeping(shop_name="Skylark").test_client().get("/").text


def test_redis_away_every_page_is_made(build_keeping: Building, kestrel: Made) -> None:
    lonely = build_keeping(redis_url=SecretStr("unix:///nonexistent/redis.sock")).test_client()
    for _ in range(3):
        page = lonely.get("/c/tents")
        assert page.status_code == 200
        assert page.headers["ETag"]
    assert "Kestrel 2" in page.text
    rename(lonely.application, kestrel, "Kestrel 3")
    assert "Kestrel 3" in lonely.get("/c/tents").text


def test_a_kept_page_has_its_line_in_the_log(
    guest: FlaskClient, kestrel: Made, caplog: pytest.LogCaptureFixture
) -> None:
    guest.get("/c/tents")
    with caplog.at_level("INFO"):
        number = guest.get("/c/tents").headers["X-Request-ID"]
    (line,) = caplog.messages
    assert f"'request_id': '{number}'" in line
    assert "'path': '/c/tents', 'status': 200" in line
