"""The demo shop's content fits together: what is sold, what is said about it, and what the policies promise."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from storefront.journeys.demo.pictures import Art
from storefront.journeys.demo.policies import Policy, read_policies

CONTENT = Path(__file__).parents[3] / "storefront" / "journeys" / "demo" / "content"
COLOUR_FAMILY = {
    "Fir": "green", "Moss": "green", "Slate": "grey", "Ember": "orange", "Ochre": "yellow", "Sand": "beige",
    "Night": "blue", "Glacier": "blue", "Berry": "red", "Charcoal": "black", "Snow": "white",
}  # fmt: skip
FROTH = re.compile(
    r"—|–|!|perfect|ultimate|amazing|unleash|elevate|must-have|stunning|world-class|best-in-class|revolutionary"
    r"|premium|cutting-edge|game.?changer|state of the art|look no further",
    re.IGNORECASE,
)

Row = dict[str, Any]


def lines(name: str) -> list[Row]:
    return [json.loads(line) for line in (CONTENT / name).read_text("utf-8").splitlines()]


PRODUCTS = lines("products.jsonl")
LISTED = [row for row in PRODUCTS if row["parent_sku"] is None]
VARIANTS = [row for row in PRODUCTS if row["parent_sku"] is not None]
CHILDREN: dict[str, list[Row]] = defaultdict(list)
for variant in VARIANTS:
    CHILDREN[variant["parent_sku"]].append(variant)
REVIEWS = lines("reviews.jsonl")
CATEGORIES = lines("categories.jsonl")
PATHS = {
    f"{parent['name']} > {child['name']}"
    for child in CATEGORIES
    for parent in CATEGORIES
    if child["parent"] == parent["slug"]
}
POLICIES: dict[str, Policy] = {policy.slug: policy for policy in read_policies(CONTENT / "policies")}


def price(row: Row) -> Decimal:
    return Decimal(row["price"])


def plain(markdown: str) -> str:
    return " ".join(markdown.split())


def sku_of(row: Row) -> str:
    return str(row["sku"])


# --- categories and brands


def test_the_tree_has_two_levels_and_each_end_of_it_is_filled() -> None:
    tops = [row for row in CATEGORIES if row["parent"] is None]
    assert 8 <= len(tops) <= 12
    assert {row["parent"] for row in CATEGORIES if row["parent"]} == {row["slug"] for row in tops}
    assert len({row["slug"] for row in CATEGORIES}) == len(CATEGORIES)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["slug"]) for row in CATEGORIES)
    assert all(row["description"].endswith(".") and row["sort_order"] > 0 for row in CATEGORIES)
    assert {row["category"] for row in LISTED} == PATHS


def test_each_brand_sells_something_and_each_product_has_a_known_brand() -> None:
    brands = lines("brands.jsonl")
    assert {row["brand"] for row in PRODUCTS} == {row["name"] for row in brands}
    assert 9 <= len(brands) <= 11
    assert all(row["slug"] and row["description"] for row in brands)


# --- products


def test_the_range_is_as_large_as_promised() -> None:
    assert len(LISTED) >= 130
    assert len(CHILDREN) >= 60
    assert 500 <= len(PRODUCTS) <= 900
    assert sum(row["featured"] for row in LISTED) in range(10, 15)
    assert not any(row["featured"] for row in VARIANTS)


def test_skus_and_names_are_unique_and_parents_come_first() -> None:
    assert [sku for sku, count in Counter(map(sku_of, PRODUCTS)).items() if count > 1] == []
    assert [name for name, count in Counter(row["name"] for row in PRODUCTS).items() if count > 1] == []
    assert all(re.fullmatch(r"LF(-[A-Z0-9]+)+", row["sku"]) for row in PRODUCTS)
    assert PRODUCTS[: len(LISTED)] == LISTED
    assert set(CHILDREN) <= set(map(sku_of, LISTED))


def test_prices_are_money_and_leave_a_margin() -> None:
    for row in PRODUCTS:
        amounts = [row["price"], row["cost"], *filter(None, [row["compare_at_price"]])]
        assert all(re.fullmatch(r"\d+\.\d\d", amount) for amount in amounts), row["sku"]
        assert Decimal("0") < Decimal(row["cost"]) < price(row), row["sku"]
        if row["compare_at_price"]:
            assert Decimal(row["compare_at_price"]) > price(row), row["sku"]


@pytest.mark.parametrize("row", LISTED, ids=sku_of)
def test_a_product_is_described_in_full(row: Row) -> None:
    assert 0 < len(row["short_description"]) <= 160
    assert 80 <= len(row["description"].split()) <= 180
    assert len(row["description"].split("\n\n")) >= 2
    assert 4 <= len(row["specifications"]) <= 10
    assert row["weight_grams"] > 0
    assert row["tags"]
    assert FROTH.findall(" ".join([row["name"], row["short_description"], row["description"]])) == []


def test_no_text_is_used_twice() -> None:
    for field in ("description", "short_description"):
        assert len({row[field] for row in LISTED}) == len(LISTED)
    sentences = Counter(
        sentence
        for row in LISTED
        for sentence in re.split(r"(?<=[.:])\s+", row["description"])
        if len(sentence.split()) > 6
    )
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


def test_the_art_can_be_drawn() -> None:
    for row in PRODUCTS:
        art = Art.from_json(row["art"])
        assert art.colour == row["options"].get("Colour", art.colour).lower(), row["sku"]


def test_products_of_one_colour_and_kind_look_different() -> None:
    looks = Counter(Art.from_json(row["art"]) for row in LISTED)
    assert [look for look, count in looks.items() if count > 1] == []


@pytest.mark.parametrize("parent", sorted(CHILDREN))
def test_variants_belong_to_their_parent(parent: str) -> None:
    mother = next(row for row in LISTED if row["sku"] == parent)
    children = CHILDREN[parent]
    options = [tuple(sorted(child["options"].items())) for child in children]
    assert len(set(options)) == len(options) >= 2
    assert len({frozenset(child["options"]) for child in children}) == 1
    assert all(child["options"] for child in children)
    assert mother["options"] == {}
    assert mother["stock"] == 0
    assert price(mother) == min(map(price, children))
    for child in children:
        assert child["sku"].startswith(parent + "-")
        assert {key: child[key] for key in ("category", "brand", "tags", "published_at")} == {
            key: mother[key] for key in ("category", "brand", "tags", "published_at")
        }
        drawn = {key: value for key, value in child["art"].items() if key != "colour"}
        assert drawn == {key: value for key, value in mother["art"].items() if key != "colour"}
        if "Colour" in child["options"]:
            assert child["specifications"]["Colour family"] == COLOUR_FAMILY[child["options"]["Colour"]]


def test_dates_lie_within_the_last_year_and_a_half_before_november_2026() -> None:
    days = [date.fromisoformat(row["published_at"]) for row in PRODUCTS]
    assert date(2025, 5, 1) <= min(days)
    assert max(days) < date(2026, 11, 1)
    assert len(set(days)) > 60


def test_stock_has_its_sold_out_and_scarce_things() -> None:
    stock = [row["stock"] for row in PRODUCTS if row["sku"] not in CHILDREN]
    assert min(stock) == 0
    assert 10 <= stock.count(0) <= len(stock) // 10
    assert sum(1 <= one <= 4 for one in stock) >= 30


@pytest.mark.parametrize("path", sorted(PATHS))
def test_products_of_a_category_share_their_specifications(path: str) -> None:
    """Facets are built from the names: a name that only one product has is no facet."""
    names = [set(row["specifications"]) - {"Colour family"} for row in LISTED if row["category"] == path]
    assert len(set.intersection(*names)) >= 4


def test_the_weight_said_is_the_weight_shipped() -> None:
    checked = 0
    for row in LISTED:
        if said := re.match(r"([\d.]+) kg\b", row["specifications"].get("Weight", "")):
            checked += 1
            assert float(said[1]) * 1000 == pytest.approx(row["weight_grams"], rel=0.05, abs=6), row["sku"]
    assert checked > 150


# --- what the shows of the issue search for


def test_several_tents_can_be_found() -> None:
    tents = [row for row in LISTED if row["category"] == "Tents & Shelter > Tents"]
    assert len(tents) >= 6
    assert all("Tent" in row["name"] for row in tents)
    assert {row["art"]["shape"] for row in tents} == {"dome", "tunnel", "geodesic", "ridge"}


def test_blue_waterproof_jackets_under_150_exist() -> None:
    waterproof = {
        row["sku"]
        for row in LISTED
        if row["category"] == "Clothing > Jackets" and "waterproof" in row["tags"]
    }
    blue = {
        row["parent_sku"]
        for row in VARIANTS
        if row["parent_sku"] in waterproof
        and row["specifications"].get("Colour family") == "blue"
        and price(row) < 150
        and row["stock"] > 0
    }
    assert len(waterproof) >= 4
    assert len(blue) >= 3


def test_there_are_gifts_under_50() -> None:
    assert sum("gift" in row["tags"] and price(row) < 50 for row in LISTED) >= 25


def test_boots_come_in_all_eu_sizes() -> None:
    sizes = {row["options"]["EU size"] for row in VARIANTS if row["category"] == "Footwear > Boots"}
    assert {str(size) for size in range(36, 48)} <= sizes


def test_only_things_without_animal_materials_are_tagged_vegan() -> None:
    animal = re.compile(r"wool|down\b|leather|suede|silk|beeswax|bees wax|nubuck|cowhide", re.IGNORECASE)
    for row in LISTED:
        if "vegan" in row["tags"]:
            facts = row["specifications"]
            assert not animal.search(f"{facts.get('Material', '')} {facts.get('Filling', '')}"), row["sku"]


# --- reviews


def test_reviewers_are_invented_people() -> None:
    people = lines("reviewers.jsonl")
    assert len(people) == 60
    assert len({row["key"] for row in people}) == len({row["email"] for row in people}) == 60
    assert all(re.fullmatch(r"[a-z.]+@example\.(com|org)", row["email"]) for row in people)
    assert all(row["first_name"] and row["last_name"] for row in people)


def test_reviews_are_of_known_products_by_known_people_once_each() -> None:
    assert {row["sku"] for row in REVIEWS} <= set(map(sku_of, LISTED))
    assert {row["author"] for row in REVIEWS} <= {row["key"] for row in lines("reviewers.jsonl")}
    pairs = Counter((row["sku"], row["author"]) for row in REVIEWS)
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_reviews_are_many_uneven_and_not_all_kind() -> None:
    ratings = Counter(row["rating"] for row in REVIEWS)
    per_product = Counter(row["sku"] for row in REVIEWS)
    assert 300 <= len(REVIEWS) <= 420
    assert set(ratings) == {1, 2, 3, 4, 5}
    assert 0.4 < ratings[5] / len(REVIEWS) < 0.6
    assert 0.04 < (ratings[1] + ratings[2]) / len(REVIEWS) < 0.15
    assert max(per_product.values()) >= 8
    assert len(LISTED) - len(per_product) >= 15


def test_a_review_says_something() -> None:
    for row in REVIEWS:
        said = f"{row['sku']}: {row['title']}"
        assert row["title"].strip(), said
        assert row["comment"].strip(), said
        assert row["pros"] or row["cons"], said
        assert 0 <= row["helpful"] <= 40, said
        assert row["days_ago"] > 0, said
        assert row["rating"] > 2 or row["cons"], f"{said} gives no reason for its poor rating"


def test_no_review_is_older_than_its_product() -> None:
    published = {row["sku"]: date.fromisoformat(row["published_at"]) for row in LISTED}
    for row in REVIEWS:
        assert row["days_ago"] < (date(2026, 11, 22) - published[row["sku"]]).days, row["title"]


# --- policies and the first page


def test_all_policies_are_there_with_sections_to_cite() -> None:
    assert set(POLICIES) == {
        "shipping", "returns", "warranty", "privacy", "payment", "imprint", "about", "accessibility", "contact",
    }  # fmt: skip
    for policy in POLICIES.values():
        headings = re.findall(r"^## (.+)$", policy.body, re.MULTILINE)
        assert len(headings) >= 4, policy.slug
        assert len(set(headings)) == len(headings), policy.slug
        assert policy.title
        assert policy.summary.endswith(".")
        assert not re.search(r"^# ", policy.body, re.MULTILINE), "the page writes the title itself"
        assert FROTH.findall(policy.body) == []


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("shipping", "| Standard | Germany | 4.90 EUR, free from 75 EUR | 2 to 4 working days |"),
        ("shipping", "| Standard | Rest of the EU | 9.90 EUR | 3 to 6 working days |"),
        ("shipping", "| Express | Germany only | 12.90 EUR | Next working day |"),
        ("shipping", "Collecting an order from our shop is free"),
        ("returns", "unused items within 30 days"),
        ("returns", "In Germany the return label is free"),
        ("returns", "An order can be cancelled until it is packed"),
        ("returns", "## How to return"),
        ("warranty", "3-year warranty on all gear"),
        ("warranty", "## Repair service"),
        ("payment", "pay by bank transfer within 14 days"),
        ("payment", "payment on delivery is free"),
        ("payment", "Where the checkout offers payment by card"),
        ("payment", "An order can be cancelled until it is packed"),
        ("privacy", "one session cookie, no tracking, mail only for orders"),
        ("imprint", "Larkfell GmbH, Beispielweg 7, 12345 Musterstadt"),
        ("imprint", "invented"),
        ("contact", "Beispielweg 7, 12345 Musterstadt"),
    ],
)
def test_a_policy_says_what_was_decided(slug: str, words: str) -> None:
    assert words in plain(POLICIES[slug].body)


def test_amounts_agree_wherever_they_are_named() -> None:
    """The figures of delivery stand on several pages; none may stray."""
    known = {"4.90", "9.90", "12.90", "75"}
    for slug in ("shipping", "returns", "payment", "contact", "about"):
        assert set(re.findall(r"([\d.]+) EUR", POLICIES[slug].body)) <= known, slug


def test_links_between_the_pages_lead_somewhere() -> None:
    for policy in POLICIES.values():
        for slug, anchor in re.findall(r"\(/pages/([a-z-]+)(?:#([a-z-]+))?\)", policy.body):
            assert slug in POLICIES
            headings = re.findall(r"^## (.+)$", POLICIES[slug].body, re.MULTILINE)
            anchors = {re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") for heading in headings}
            assert not anchor or anchor in anchors, f"{policy.slug} to {slug}#{anchor}"


def test_the_first_page_promises_what_the_policies_say() -> None:
    home = json.loads((CONTENT / "home.json").read_text("utf-8"))
    slugs = {row["slug"] for row in CATEGORIES}
    assert home["hero"]["title"] == "Gear for unhurried days outside"
    assert len(home["stories"]) == 3
    assert {story["category"] for story in [home["hero"], *home["stories"]]} <= slugs
    promises = " ".join(f"{one['title']} {one['text']}" for one in home["promises"])
    assert {one["page"] for one in home["promises"]} == {"shipping", "returns", "warranty", "payment"}
    figures = ("75 EUR", "4.90 EUR", "2 to 4 working days", "30 days", "3-year warranty", "14 days")
    assert [figure for figure in figures if figure not in promises] == []


def test_the_content_stays_small() -> None:
    assert sum(path.stat().st_size for path in CONTENT.rglob("*") if path.is_file()) < 1_500_000


def test_categories_keep_their_order() -> None:
    for parent in {row["parent"] for row in CATEGORIES}:
        order = [row["sort_order"] for row in CATEGORIES if row["parent"] == parent]
        assert all(before < after for before, after in pairwise(order))
