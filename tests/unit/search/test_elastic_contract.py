"""What the shop expects of Elasticsearch: pages, counts, words, meanings, upkeep.

Runs against the protocol server of ``tests/elastic_server.py``, and against the real thing where
``ELASTICSEARCH_TEST_URL`` names one (``ELASTICSEARCH_TEST_API_KEY`` its key). It makes indexes
``storefront-test-...`` there and removes them.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from storefront.core import clock
from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import release, session, transaction
from storefront.providers.elasticsearch_client import ElasticsearchServer
from storefront.search.elastic import upkeep
from storefront.search.elastic.engine import ElasticsearchEngine
from storefront.search.elastic.mapping import LOADED
from storefront.search.queries import ListingRequest
from storefront.search.queries.engine import EngineAnswer, Holders, SearchEngine
from storefront.search.queries.postgresql import PostgreSQLEngine
from storefront.search.queries.understanding import Question, Term
from tests.elastic_server import ElasticServer
from tests.emptying import Once
from tests.factories.buying import change_product
from tests.factories.catalog import Made, make_brand, make_category, make_product, make_review, make_variants

pytestmark = pytest.mark.usefixtures("app_context")
Vector = tuple[float, ...]


class NoReserve:
    """In place of PostgreSQL: whoever asks it shows that the server has failed."""

    def answer(self, request: object, question: object, vector: object) -> EngineAnswer:
        raise AssertionError("the server did not answer")

    def holders(self, request: object, rest: object, whole: object, facts: object) -> Holders:
        raise AssertionError("the server did not answer")

    def suggest(self, typed: str, limit: int) -> list[uuid.UUID]:
        raise AssertionError("the server did not answer")


@dataclass(frozen=True, slots=True)
class Shop:
    """The engine and the server under it."""

    client: ElasticsearchServer
    engine: ElasticsearchEngine
    alias: str

    def rebuild(self) -> None:
        upkeep.rebuild(self.client, self.alias, lambda done, total: None)

    def ask(
        self, question: Question | None = None, vector: Vector | None = None, **request: object
    ) -> EngineAnswer:
        text = question.text if question else ""
        return self.engine.answer(ListingRequest(text=text, **request).cleaned(), question, vector)  # type: ignore[arg-type]


REAL = os.environ.get("ELASTICSEARCH_TEST_URL", "")


@pytest.fixture(params=["protocol", "elasticsearch"] if REAL else ["protocol"])
def shop(request: pytest.FixtureRequest, app_context: object) -> Iterator[Shop]:
    """An engine over an empty server."""
    alias = f"storefront-test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        is_real = request.param == "elasticsearch"
        url = REAL if is_real else stack.enter_context(ElasticServer()).url
        key = os.environ.get("ELASTICSEARCH_TEST_API_KEY") if is_real else None
        client = ElasticsearchServer(url, key, search_seconds=10)
        yield Shop(client, ElasticsearchEngine(alias, NoReserve(), lambda: client), alias)
        release()
        upkeep.follow(False)
        release()
        for index in client.indexes(f"{alias}-*"):
            client.delete(index)


def names(answer: EngineAnswer) -> list[str]:
    rows = session().execute(
        sa.text("SELECT id, name FROM products WHERE id = ANY (:ids)"),
        {"ids": [hit.product_id for hit in answer.hits]},
    )
    by_id = {row.id: row.name for row in rows}
    release()
    return [by_id[hit.product_id] for hit in answer.hits]


def counts(answer: EngineAnswer, kind: str, name: str = "") -> dict[str, int]:
    return {row.value: row.count for row in answer.counts if (row.kind, row.name) == (kind, name)}


def wanted(*terms: str | Term, excluded: str | None = None, **more: object) -> Question:
    made = tuple(one if isinstance(one, Term) else Term((one,)) for one in terms)
    without = (Term((excluded,)),) if excluded else ()
    return Question(" ".join(one.alternatives[0] for one in made), made, without, **more)  # type: ignore[arg-type]


def vector(*parts: float) -> Vector:
    return (*parts, *[0.0] * (EMBEDDING_DIMENSIONS - len(parts)))


def embed(made: Made, *parts: float) -> None:
    with transaction():
        session().execute(
            sa.text("UPDATE product_search SET embedding = :vector WHERE product_id = :id"),
            {"vector": str(list(vector(*parts))), "id": made.id},
        )


def make_jackets() -> None:
    """Four jackets in one category: two brands, sizes, colours, prices, ratings; one sold out."""
    category = make_category("Jackets")
    fell, moor = make_brand("Larkfell"), make_brand("Thrushmoor")
    rain = make_product(
        "Rain",
        "120.00",
        0,
        category=category,
        brand=fell,
        tags=["waterproof", "light"],
        specifications={"Fit": "R"},
    )
    make_variants(
        rain, [{"Size": "M", "Colour": "Fir"}, {"Size": "L", "Colour": "Fir"}], price="120.00", stock=3
    )
    down = make_product(
        "Down", "250.00", 0, category=category, brand=fell, tags=["warm"], specifications={"Fit": "S"}
    )
    make_variants(down, [{"Size": "M", "Colour": "Ember"}], price="250.00", stock=2)
    wind = make_product(
        "Wind", "80.00", 0, category=category, brand=moor, tags=["light"], specifications={"Fit": "R"}
    )
    make_variants(wind, [{"Size": "S", "Colour": "Fir"}], price="80.00", stock=1)
    make_product(
        "Wool", "60.00", 0, category=category, brand=moor, tags=["warm"], specifications={"Fit": "S"}
    )
    make_review(rain, 5)
    make_review(down, 3)


@pytest.fixture
def jackets(once: Once) -> None:
    """The same jackets for each test."""
    once(make_jackets)


@pytest.mark.usefixtures("jackets")
def test_category_with_all_its_counts(shop: Shop) -> None:
    shop.rebuild()
    page = shop.ask(category_slug="jackets", sort="price_up")
    assert names(page) == ["Wool", "Wind", "Rain", "Down"]
    assert (page.total, page.total_is_exact, page.together) == (4, True, True)
    assert (page.price_least, page.price_most) == (Decimal("60.00"), Decimal("250.00"))
    assert counts(page, "brand") == {"larkfell": 2, "thrushmoor": 2}
    assert {row.label for row in page.counts if row.kind == "brand"} == {"Larkfell", "Thrushmoor"}
    assert sum(counts(page, "category").values()) == 4
    assert counts(page, "tag") == {"light": 2, "warm": 2, "waterproof": 1}
    assert counts(page, "option", "Size") == {"S": 1, "M": 2, "L": 1}
    assert counts(page, "option", "Colour") == {"Fir": 2, "Ember": 1}
    assert counts(page, "specification", "Fit") == {"R": 2, "S": 2}
    assert counts(page, "rating") == {"5": 1, "3": 1, "0": 2}
    assert counts(page, "stock") == {"true": 3, "false": 1}
    assert sum(counts(page, "price").values()) == 4


@pytest.mark.usefixtures("jackets")
def test_facet_counts_its_own_values_without_itself_and_all_others_with_it(shop: Shop) -> None:
    shop.rebuild()
    page = shop.ask(category_slug="jackets", brands=("larkfell",), options={"Size": ("L", "S")})
    assert names(page) == ["Rain"]
    assert page.total == 1
    assert counts(page, "brand") == {"larkfell": 1, "thrushmoor": 1}
    assert counts(page, "option", "Size") == {"M": 2, "L": 1}
    assert counts(page, "option", "Colour") == {"Fir": 1}
    assert counts(page, "stock") == {"true": 1}
    assert counts(page, "tag") == {"waterproof": 1, "light": 1}
    assert counts(page, "specification", "Fit") == {"R": 1}


@pytest.mark.usefixtures("jackets")
@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({"price_min": Decimal("80.00"), "price_max": Decimal("120.00")}, ["Wind", "Rain"]),
        ({"price_max": Decimal("79.99")}, ["Wool"]),
        ({"rating_min": 4}, ["Rain"]),
        ({"in_stock": True}, ["Wind", "Rain", "Down"]),
        ({"tags": ("waterproof", "warm")}, ["Wool", "Rain", "Down"]),
        ({"specifications": {"Fit": ("S",)}}, ["Wool", "Down"]),
        ({"brands": ("nobody",)}, []),
        ({"category_slug": "nowhere"}, []),
    ],
    ids=str,
)
def test_each_choice_narrows(shop: Shop, choice: dict[str, object], found: list[str]) -> None:
    shop.rebuild()
    page = shop.ask(sort="price_up", **{"category_slug": "jackets", **choice})
    assert (names(page), page.total) == (found, len(found))


@pytest.mark.usefixtures("jackets")
def test_prices_span_what_is_found_without_the_price_chosen(shop: Shop) -> None:
    shop.rebuild()
    page = shop.ask(category_slug="jackets", price_max=Decimal("100"), brands=("larkfell",))
    assert (page.total, page.price_least, page.price_most) == (0, Decimal("120.00"), Decimal("250.00"))


@pytest.mark.usefixtures("jackets")
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("relevance", ["Rain", "Down", "Wind", "Wool"]),
        ("price_down", ["Down", "Rain", "Wind", "Wool"]),
        ("rating", ["Rain", "Down"]),
        ("name", ["Down", "Rain", "Wind", "Wool"]),
    ],
)
def test_orders(shop: Shop, sort: str, order: list[str]) -> None:
    shop.rebuild()
    assert names(shop.ask(category_slug="jackets", sort=sort))[: len(order)] == order


def test_names_with_every_operator_are_only_names(shop: Shop) -> None:
    name = 'a|b%7C.*?+[]{}()"\\#@&<>~^$/ä'
    for _ in range(4):
        make_product("Tent", specifications={name: "x|y.*", "Weight": "1"})
    make_product("Tent", specifications={name: "z", "Weight": "2"})
    for _ in range(2):
        make_product("Tent", specifications={name: "z", "Weight": "2"})
    shop.rebuild()
    assert counts(shop.ask(), "specification", name) == {"x|y.*": 4, "z": 3}
    chosen = shop.ask(specifications={name: ("x|y.*",)})
    assert chosen.total == 4
    assert counts(chosen, "specification", name) == {"x|y.*": 4, "z": 3}
    assert counts(chosen, "specification", "Weight") == {"1": 4}


def test_specifications_that_few_have_are_no_facet(shop: Shop) -> None:
    for number in range(8):
        make_product("Tent", specifications={"Number": str(number), "Poles": str(number % 2)})
    shop.rebuild()
    assert {row.name for row in shop.ask().counts if row.kind == "specification"} == {"Poles"}
    chosen = shop.ask(specifications={"Number": ("3",)})
    assert counts(chosen, "specification", "Number") == {str(number): 1 for number in range(8)}


def test_future_products_wait_for_their_day(shop: Shop) -> None:
    make_product("Tent", published_at=clock.now() + timedelta(hours=1))
    shop.rebuild()
    assert shop.ask().total == 0
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert shop.ask().total == 1


def test_words_are_found_in_any_form_in_the_language_of_the_text(shop: Shop) -> None:
    make_product("Hiking boots", description="For the hills.")
    make_product("Gebirgsschuhe für Damen", language="de")
    shop.rebuild()
    assert names(shop.ask(wanted("boot"))) == ["Hiking boots"]
    assert names(shop.ask(wanted("hill", "BOOTS"))) == ["Hiking boots"]
    assert names(shop.ask(wanted("gebirgsschuhe", "fur"))) == ["Gebirgsschuhe für Damen"]
    assert shop.ask(wanted("sandal")).total == 0


def test_says_which_facts_go_with_a_text_as_postgresql_does(shop: Shop) -> None:
    shelf = make_category("Shelf")
    for name, facts in (
        ("Plain cable", {"Product colour": "Black", "Cable length": "2 m"}),
        ("Long cable", {"Product colour": ["Black", "Red"], "Cable length": "5 m"}),
        ("Black cable", {"Cable length": "2 m"}),
        ("Black adapter", {"Product colour": "Black"}),
    ):
        make_product(name, "5.00", category=shelf, specifications=facts)
    shop.rebuild()
    black, red = ("specification", "Product colour", "Black"), ("specification", "Product colour", "Red")
    short = ("specification", "Cable length", "2 m")
    request = ListingRequest(text="black cable").cleaned()
    engines: tuple[SearchEngine, ...] = (shop.engine, PostgreSQLEngine())
    for engine in engines:
        found = engine.holders(request, wanted("cable"), wanted("black", "cable"), [black, red, short])
        assert found.worded == 3
        assert {facts: count for facts, count in found.of.items() if count} == {
            frozenset({black}): 2,
            frozenset({red}): 1,
            frozenset({short}): 2,
            frozenset({black, red}): 1,
            frozenset({black, short}): 1,
        }
        in_dear = replace(request, price_min=Decimal(6))
        assert (
            engine.holders(in_dear, wanted("cable"), wanted("black"), [black]).of.get(frozenset({black}), 0)
            == 0
        )


def test_phrases_exclusions_alternatives_and_half_words(shop: Shop) -> None:
    make_product("Green sleeping bag")
    make_product("Bag for sleeping pads")
    make_product("Notebook computer")
    shop.rebuild()
    assert names(shop.ask(wanted("sleeping bag"))) == ["Green sleeping bag"]
    assert names(shop.ask(wanted("bag", excluded="green"))) == ["Bag for sleeping pads"]
    assert names(shop.ask(wanted("bag", excluded="sleeping bag"))) == ["Bag for sleeping pads"]
    assert names(shop.ask(wanted(Term(("laptop", "notebook"))))) == ["Notebook computer"]
    assert names(shop.ask(wanted(Term(("noteb",), is_prefix=True)))) == ["Notebook computer"]
    assert shop.ask(wanted("noteb")).total == 0


def test_without_something_is_not_held_against_what_says_so(shop: Shop) -> None:
    for name, text in (("Lamp Uno", "with a cable"), ("Lamp Due", "plain"), ("Lamp Tre", "without cable")):
        make_product(name, "20.00", description=text)
    shop.rebuild()
    asked = replace(wanted("lamp"), excluded=(Term(("cable",), unless="without cable"),))
    assert sorted(names(shop.ask(asked))) == ["Lamp Due", "Lamp Tre"]


def test_brand_category_tag_and_specification_words_are_found(shop: Shop) -> None:
    make_product(
        "Dome",
        category=make_category("Tents"),
        brand=make_brand("Tarnholt"),
        tags=["waterproof"],
        specifications={"Poles": "carbon"},
        short_description="Stands upright",
    )
    shop.rebuild()
    for word in ("tent", "tarnholt", "waterproof", "carbon", "upright"):
        assert names(shop.ask(wanted(word))) == ["Dome"], word
    assert names(shop.ask(wanted("tarnholt", "carbon"))) == ["Dome"]


def test_name_weighs_more_than_description(shop: Shop) -> None:
    make_product("Stove", description="Goes with every kettle.")
    make_product("Kettle", description="Goes with every stove.")
    shop.rebuild()
    assert names(shop.ask(wanted("kettle"))) == ["Kettle", "Stove"]
    assert names(shop.ask(wanted("stove"))) == ["Stove", "Kettle"]


def test_number_comes_first_whatever_the_words_find(shop: Shop) -> None:
    for _ in range(3):
        make_product("Lamp 100 100 100", description="100")
    lamp = make_product("Torch", sku="LAMP-100", barcode="4006381333931")
    shop.rebuild()
    assert names(shop.ask(wanted("lamp", "100", code="lamp-100")))[0] == "Torch"
    only = shop.ask(wanted("4006381333931", code="4006381333931"))
    assert [hit.product_id for hit in only.hits] == [lamp.id]


def test_where_no_product_holds_all_words_some_suffice(shop: Shop) -> None:
    make_product("Green tent")
    make_product("Red kettle")
    shop.rebuild()
    page = shop.ask(wanted("green", "tent", "kettle"))
    assert names(page) == ["Green tent", "Red kettle"]
    assert (page.together, page.total) == (False, 2)
    assert shop.ask(wanted("green", "tent")).together


def test_choice_that_leaves_nothing_does_not_loosen_the_words(shop: Shop) -> None:
    make_product("Green tent", "20.00")
    make_product("Red tent", "20.00")
    shop.rebuild()
    page = shop.ask(wanted("green", "tent"), price_min=Decimal("1000"))
    assert (page.total, page.together) == (0, True)


def test_slips_are_forgiven_only_where_the_question_is_not_sure(shop: Shop) -> None:
    make_product("Kettle")
    shop.rebuild()
    assert shop.ask(wanted("kittle")).total == 0
    assert names(shop.ask(wanted("kittle", manner="partial"))) == ["Kettle"]
    assert names(shop.ask(Question("kittle", (), (), "nothing"))) == ["Kettle"]


def test_meaning_adds_what_the_words_miss_and_is_counted(shop: Shop) -> None:
    tent, shelter, kettle = make_product("Tent"), make_product("Shelter"), make_product("Kettle")
    embed(tent, 1.0, 0.1)
    embed(shelter, 1.0, 0.2)
    embed(kettle, 0.0, 1.0)
    shop.rebuild()
    page = shop.ask(wanted("tent"), vector(1.0))
    assert names(page)[:2] == ["Tent", "Shelter"]
    assert page.hits[0].score > page.hits[1].score
    assert page.total == sum(counts(page, "price").values())
    assert names(shop.ask(wanted("tent"))) == ["Tent"]
    assert names(shop.ask(wanted("tent"), vector(1.0), sort="price_up")) == ["Tent"]


def test_in_stock_and_popular_break_ties(shop: Shop) -> None:
    gone, there, liked = (make_product("Tent", stock=stock) for stock in (0, 1, 1))
    with transaction():
        session().execute(
            sa.text("UPDATE product_search SET popularity = 50 WHERE product_id = :id"), {"id": liked.id}
        )
    shop.rebuild()
    page = shop.ask(wanted("tent"))
    assert [hit.product_id for hit in page.hits] == [liked.id, there.id, gone.id]


def test_pages_follow_each_other_without_gaps(shop: Shop) -> None:
    made = {make_product(f"Tent {number}").id for number in range(7)}
    shop.rebuild()
    request = ListingRequest(text="tent", per_page=3)
    pages = [shop.engine.answer(replace(request, page=page), wanted("tent"), None) for page in (1, 2, 3)]
    assert [len(page.hits) for page in pages] == [3, 3, 1]
    assert {hit.product_id for page in pages for hit in page.hits} == made


def test_page_beyond_the_end_is_empty(shop: Shop) -> None:
    make_product("Tent")
    shop.rebuild()
    page = shop.engine.answer(ListingRequest(page=100_000, per_page=24), None, None)
    assert (page.hits, page.total) == ((), 1)


def test_changes_and_removals_arrive(shop: Shop) -> None:
    tent, kettle = make_product("Tent"), make_product("Kettle")
    shop.rebuild()
    change_product(tent.id, name="Dome", price=Decimal("5.00"))
    change_product(kettle.id, is_active=False)
    upkeep.write_changes(shop.client, shop.alias, [tent.id, kettle.id])
    shop.client.settle(shop.alias, LOADED)
    page = shop.ask()
    assert (names(page), page.price_most) == (["Dome"], Decimal("5.00"))


def test_suggestions_for_half_words_and_slips(shop: Shop) -> None:
    kettle = make_product("Steel kettle")
    tent = make_product("Tent", brand=make_brand("Kettering"))
    shop.rebuild()
    assert shop.engine.suggest("kett", 5) == [kettle.id, tent.id]
    assert shop.engine.suggest("kett", 1) == [kettle.id]
    assert shop.engine.suggest("steel ket", 5) == [kettle.id]
    assert shop.engine.suggest("kittle", 5) == [kettle.id]
    assert shop.engine.suggest("zzz", 5) == []


@pytest.mark.parametrize(
    "text",
    ["a" * 200, '"', "AND OR NOT (", "*", "?", "\\", "~2 ^9 name:x", "😀", "'; DROP TABLE products", "שלום"],
)
def test_any_text_gives_an_answer(shop: Shop, text: str) -> None:
    make_product("Tent")
    shop.rebuild()
    page = shop.ask(Question(text, tuple(Term((word,)) for word in text.lower().split()), (), "partial"))
    assert page.total >= 0
    shop.engine.suggest(text, 5)
