"""The product page: choosing a variant with and without JavaScript, buying, reviews, what engines read."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.accounts import make_user, post, sign_in
from tests.factories.buying import make_shipping
from tests.factories.catalog import Made, make_brand, make_category, make_picture, make_product, make_review

FRAGMENT = {"HX-Request": "true"}
VARIANTS = (("Fir", "M", 0, "139.00"), ("Fir", "L", 4, "149.00"), ("Ember", "M", 20, "60.00"))


@pytest.fixture(autouse=True)
def jacket(app: Flask) -> Made:
    """A jacket: fir in M (sold out) and L, ember in M."""
    with app.app_context():
        make_shipping()
        category = make_category("Jackets", make_category("Clothing"))
        parent = make_product(
            "Brack Jacket",
            "139.00",
            0,
            slug="brack",
            sku="BRACK",
            category=category,
            brand=make_brand("Larkfell"),
            short_description="For daily rain.",
            description="Keeps you dry.\n\nNot for welders.",
            specifications={"Layers": "3", "Fit": "Regular"},
        )
        for colour, size, stock, price in VARIANTS:
            make_product(
                f"Brack {colour} {size}",
                price,
                stock,
                parent_id=parent.id,
                options={"Colour": colour, "Size": size},
                sku=f"BRACK-{colour[:3].upper()}-{size}",
                slug=f"brack-{colour}-{size}".lower(),
                images=[make_picture(f"pictures/{colour.lower()}", f"{colour} jacket")],
            )
        make_product("Wool Jacket", "99.00", category=category)
        return parent


def test_page_shows_everything_within_its_budget(client: FlaskClient, assert_queries) -> None:
    client.get("/p/brack")
    with assert_queries(4):
        page = client.get("/p/brack")
    assert page.status_code == 200
    for part in (
        "<h1>Brack Jacket</h1>",
        "Larkfell",
        "For daily rain.",
        "Keeps you dry.",
        "<dt>Fit</dt><dd>Regular</dd>",
        'href="/c/jackets"',
        "Wool Jacket",
        "Nobody has written about this product yet.",
        "working days",
    ):
        assert part in page.text, part


def test_signed_in_page_costs_one_query_more(client: FlaskClient, app: Flask, assert_queries) -> None:
    with app.app_context():
        user = make_user()
    sign_in(client, user)
    client.get("/p/brack")
    with assert_queries(5):
        assert client.get("/p/brack").status_code == 200


def test_size_is_asked_for_before_buying(client: FlaskClient) -> None:
    page = client.get("/p/brack").text
    assert "Choose: Size" in page
    assert 'action="/cart/lines"' not in page
    assert "From" in page
    assert re.search(r'name="option.Colour" value="Fir" id="[^"]+" checked', page)


def test_choosing_is_a_plain_form_whose_answer_can_be_bought(client: FlaskClient) -> None:
    page = client.get("/p/brack?option.Colour=Fir&option.Size=L").text
    assert "€149.00" in page
    assert "Only 4 left" in page
    assert "Your choice: Fir, L" in page
    assert "BRACK-FIR-L" in page
    assert "pictures/fir" in page
    product_id = re.search(r'name="product_id" value="([^"]+)"', page)
    assert product_id
    added = client.post(
        "/cart/lines",
        data={"product_id": product_id.group(1), "quantity": "2"},
        headers={"Origin": "http://localhost"},
        follow_redirects=True,
    )
    assert "Brack Fir L" in added.text


def test_choosing_with_javascript_swaps_price_stock_and_pictures(client: FlaskClient) -> None:
    response = client.get("/p/brack?option.Colour=Ember&option.Size=M", headers=FRAGMENT)
    assert response.status_code == 200
    assert response.text.lstrip().startswith('<div class="product" id="product">')
    assert "€60.00" in response.text
    assert "In stock" in response.text
    assert "pictures/ember" in response.text
    assert response.headers["HX-Replace-Url"] == "/p/brack?variant=BRACK-EMB-M"
    assert json.loads(response.headers["HX-Trigger-After-Swap"]) == {"announce": "Ember, M: in stock"}


def test_half_a_choice_keeps_its_address_and_says_what_is_missing(client: FlaskClient) -> None:
    response = client.get("/p/brack?option.Colour=Ember", headers=FRAGMENT)
    assert response.headers["HX-Replace-Url"] == "/p/brack?option.Colour=Ember"
    assert json.loads(response.headers["HX-Trigger-After-Swap"]) == {"announce": "Still to choose: Size"}


def test_fragment_of_a_choice_takes_two_queries(client: FlaskClient, assert_queries) -> None:
    client.get("/p/brack")
    with assert_queries(2):
        client.get("/p/brack?option.Colour=Ember", headers=FRAGMENT)


def test_sold_out_variant_cannot_be_bought_and_says_so(client: FlaskClient) -> None:
    page = client.get("/p/brack?variant=BRACK-FIR-M").text
    assert "Sold out" in page
    assert "Another choice may be in stock." in page
    assert 'action="/cart/lines"' not in page


def test_combination_that_does_not_exist_says_so(client: FlaskClient) -> None:
    page = client.get("/p/brack?option.Colour=Ember&option.Size=L").text
    assert "This combination does not exist" in page
    assert 'action="/cart/lines"' not in page


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/p/brack-ember-m", "/p/brack?variant=BRACK-EMB-M"),
        ("/p/BRACK-EMB-M", "/p/brack?variant=BRACK-EMB-M"),
        ("/p/BRACK", "/p/brack"),
    ],
)
def test_variant_and_sku_lead_to_the_product(client: FlaskClient, asked: str, location: str) -> None:
    response = client.get(asked)
    assert (response.status_code, response.location) == (301, location)


@pytest.mark.parametrize("slug", ["nothing", "x" * 3_000, "%00", "'", "..%2f..", "🏕"])
def test_unknown_product_is_not_found(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/p/{slug}").status_code == 404


def test_strange_choices_are_ignored(client: FlaskClient) -> None:
    page = client.get("/p/brack?variant=%00&option.Size=XXXL&option.=1&option.Smell=Pine")
    assert page.status_code == 200
    assert "Choose: Size" in page.text


def test_engines_read_product_offers_and_way(client: FlaskClient, app: Flask, jacket: Made) -> None:
    with app.app_context():
        make_review(jacket, 4)
    page = client.get("/p/brack").text
    product, way = (json.loads(block) for block in re.findall(r'application/ld\+json">(.*?)</script>', page))
    assert (product["@type"], product["name"], product["brand"]["name"]) == (
        "Product",
        "Brack Jacket",
        "Larkfell",
    )
    assert product["offers"] == {
        "@type": "AggregateOffer",
        "lowPrice": "60.00",
        "highPrice": "149.00",
        "offerCount": 3,
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
    }
    assert (product["aggregateRating"]["ratingValue"], product["aggregateRating"]["reviewCount"]) == (
        "4.00",
        1,
    )
    assert [item["name"] for item in way["itemListElement"]] == ["Clothing", "Jackets", "Brack Jacket"]
    assert '<link rel="canonical" href="http://localhost/p/brack">' in page
    assert '<meta name="description" content="For daily rain.">' in page


def test_data_for_engines_cannot_break_out_of_its_block(client: FlaskClient, app: Flask) -> None:
    with app.app_context():
        made = make_product("</script><script>alert(1)</script>", slug="evil")
    page = client.get(f"/p/{made.slug}").text
    assert "<script>alert(1)" not in page


def test_reviews_can_be_filtered_and_paged_as_page_and_fragment(
    client: FlaskClient, app: Flask, jacket: Made
) -> None:
    with app.app_context():
        for number in range(6):
            make_review(jacket, 5, f"Dry day {number}.")
        make_review(jacket, 1, "Wet.")
    page = client.get("/p/brack/reviews?stars=1").text
    assert "<html" in page
    assert "Wet." in page
    assert "Dry day" not in page
    fragment = client.get("/p/brack/reviews?stars=5&page=2", headers=FRAGMENT)
    assert fragment.text.count("Dry day") == 1
    assert "<html" not in fragment.text
    assert json.loads(fragment.headers["HX-Trigger-After-Swap"]) == {"announce": "6 reviews"}
    assert 'href="/p/brack/reviews?stars=5"' in fragment.text
    for strange in ("stars=nine&order=%27&page=-5", "stars=&order=&page=9999999999"):
        assert client.get(f"/p/brack/reviews?{strange}").status_code == 200


def test_guest_is_asked_to_sign_in_before_writing(client: FlaskClient) -> None:
    page = client.get("/p/brack").text
    assert "Sign in to write a review" in page
    assert 'id="review-form"' not in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account/sign-in").text)
    assert token
    sent = client.post(
        "/p/brack/reviews",
        data={"csrf_token": token.group(1), "rating": "5", "comment": "Dry."},
        headers=FRAGMENT,
    )
    assert sent.status_code == 409
    assert "Please sign in first" in sent.text


def test_review_is_taken_in_and_waits(client: FlaskClient, app: Flask) -> None:
    with app.app_context():
        user = make_user()
    sign_in(client, user)
    sent = post(
        client, "/p/brack/reviews", "/p/brack/reviews/write", rating=5, comment="Dry.", pros="hood\npockets"
    )
    assert (sent.status_code, sent.location) == (303, "/p/brack#reviews")
    page = client.get("/p/brack").text
    assert "We read every review before it appears" in page
    assert "We are reading it; it appears here soon." in page
    assert '<p class="review__text">Dry.</p>' not in page


def test_incomplete_review_comes_back_with_what_was_written(client: FlaskClient, app: Flask) -> None:
    with app.app_context():
        user = make_user()
    sign_in(client, user)
    for headers in ({}, FRAGMENT):
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/p/brack/reviews/write").text)
        assert token
        sent = client.post(
            "/p/brack/reviews",
            data={"csrf_token": token.group(1), "comment": "I wrote a lot <b>here</b>."},
            headers=headers,
        )
        assert sent.status_code == 422
        assert "Please choose one to five stars." in sent.text
        assert "I wrote a lot &lt;b&gt;here&lt;/b&gt;." in sent.text
        assert ("<html" in sent.text) is (not headers)


def test_helpful_vote_counts_and_is_taken_back(client: FlaskClient, app: Flask, jacket: Made) -> None:
    with app.app_context():
        user, review_id = make_user(), make_review(jacket, 5)
    sign_in(client, user)
    url = f"/p/brack/reviews/{review_id}/helpful"
    voted = post(client, url, "/p/brack")
    assert (voted.status_code, voted.location) == (303, f"/p/brack/reviews#review-{review_id}")
    page = client.get("/p/brack").text
    assert "1 person found this helpful" in page
    assert 'aria-pressed="true"' in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    fragment = client.post(url, data={"csrf_token": token.group(1)}, headers=FRAGMENT)
    assert f'id="helpful-{review_id}"' in fragment.text
    assert "found this helpful" not in fragment.text


def test_delivery_is_free_from_the_method_s_threshold(client: FlaskClient) -> None:
    assert re.search(r"Standard: [^<]+, free", client.get("/p/brack?variant=BRACK-FIR-L").text)
    cheap = client.get("/p/brack?variant=BRACK-EMB-M").text
    assert "€4.90" in cheap
    assert "(free from €75.00)" in cheap
