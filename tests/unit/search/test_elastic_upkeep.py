"""The index outside PostgreSQL: made whole behind an alias, kept up by what the read model's triggers note."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from storefront.core.clock import frozen
from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import release, session, transaction
from storefront.core.outbox import OutboxEntry
from storefront.providers.elasticsearch_client import ElasticsearchServer
from storefront.providers.search_server import SearchServerFailure
from storefront.search.elastic import upkeep
from storefront.search.elastic.mapping import index_body
from storefront.search.elastic.upkeep import IndexIncomplete
from tests.elastic_server import ElasticServer
from tests.factories.buying import change_product
from tests.factories.catalog import Made, make_brand, make_category, make_product, make_review, make_variants

pytestmark = pytest.mark.usefixtures("app_context")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def elastic(app_context: object) -> Iterator[ElasticServer]:
    """An empty server; afterwards the read model's changes are noted no more."""
    with ElasticServer() as server:
        yield server
    release()
    upkeep.follow(False)


@pytest.fixture
def client(elastic: ElasticServer) -> ElasticsearchServer:
    return ElasticsearchServer(elastic.url, None, search_seconds=0.5, first_pause=0.01)


def rebuild(client: ElasticsearchServer) -> str:
    return upkeep.rebuild(client, "shop", lambda done, total: None)


def noted() -> list[list[str]]:
    """The products of each entry in the outbox, the oldest entry first."""
    entries = session().scalars(
        sa.select(OutboxEntry).where(OutboxEntry.kind == "search.changed").order_by(OutboxEntry.created_at)
    )
    ids = [entry.payload["product_ids"] for entry in entries]
    release()
    return ids


def write_noted(client: ElasticsearchServer) -> None:
    for ids in noted():
        upkeep.write_changes(client, "shop", [uuid.UUID(one) for one in ids])
    with transaction():
        session().execute(sa.delete(OutboxEntry))


def names(elastic: ElasticServer, alias: str = "shop") -> list[str]:
    index = elastic.behind(alias)
    assert index is not None
    return sorted(one["name"] for one in index.visible.values())


def test_shop_on_postgresql_notes_nothing() -> None:
    make_product("Tent")
    assert noted() == []


def test_rebuild_sends_exactly_this(elastic, client) -> None:
    tent = make_product("Tent")
    with frozen(NOON):
        assert rebuild(client) == "shop-20261124120000000000"
    index = "shop-20261124120000000000"
    said = [(one.method, one.path, one.body) for one in elastic.requests if one.path != "/_bulk"]
    assert said == [
        ("PUT", f"/{index}", index_body()),
        ("GET", "/shop-*/_alias", None),
        ("POST", "/_aliases", {"actions": [{"add": {"index": index, "alias": "shop-next"}}]}),
        ("PUT", f"/{index}/_settings", {"index": {"refresh_interval": None}}),
        ("POST", f"/{index}/_refresh", None),
        ("GET", "/shop-*/_alias", None),
        (
            "POST",
            "/_aliases",
            {
                "actions": [
                    {"remove": {"index": index, "alias": "shop-next", "must_exist": True}},
                    {"add": {"index": index, "alias": "shop"}},
                ]
            },
        ),
    ]
    ((about, document),) = elastic.sent("_bulk")
    version = about["index"].pop("version")
    assert abs(version / 1_000_000 - datetime.now(UTC).timestamp()) < 60
    assert about == {"index": {"_index": "shop-next", "_id": str(tent.id), "version_type": "external_gte"}}
    assert document["product_id"] == str(tent.id)


def test_document_holds_what_is_searched_filtered_counted_and_sorted_by(elastic, client) -> None:
    department = make_category("Camping")
    category = make_category("Tents", department)
    brand = make_brand("Tarnholt")
    made = make_product(
        "Dome tent",
        "250.00",
        0,
        category=category,
        brand=brand,
        sku="DOME",
        barcode="4006381333931",
        tags=["light"],
        specifications={"Season|s": "3", "Poles": ["2", "steel"], "Broken": {"a": 1}},
        short_description="Stands in a storm.",
        description="For two.",
        published_at=NOON,
    )
    make_variants(made, [{"Colour": "Fir"}], sku="DOME-FIR", price="240.00", stock=1)
    make_review(made, 4)
    embed(made, 0.5)
    rebuild(client)
    index = elastic.behind("shop")
    assert index is not None
    assert index.documents[str(made.id)] == {
        "product_id": str(made.id),
        "language": "en",
        "words": {
            "en": {
                "name": "Dome tent",
                "brand": "Tarnholt",
                "category": ["Tents", "Camping"],
                "tags": ["light"],
                "specifications": ["Poles 2 steel", "Season|s 3"],
                "short_description": "Stands in a storm.",
                "description": "For two.",
            }
        },
        "name": "Dome tent",
        "around": ["Tarnholt", "Tents", "Camping", "light"],
        "numbers": ["4006381333931", "DOME", "DOME-FIR"],
        "facets": [
            "brand|Tarnholt|tarnholt",
            f"category||{category.id}",
            f"category||{department.id}",
            "tag||light",
            "option|Colour|Fir",
            "specification|Poles|2",
            "specification|Poles|steel",
            "specification|Season%7Cs|3",
        ],
        "specification_names": ["Poles", "Season|s"],
        "brand_slug": "tarnholt",
        "price": 240.0,
        "rating": 4.0,
        "rating_count": 1,
        "stars": 4,
        "available": True,
        "is_featured": False,
        "popularity": 0.0,
        "sort_name": "dome tent",
        "published_at": "2026-11-24T12:00:00.000+00:00",
        "vector": [0.5] * EMBEDDING_DIMENSIONS,
    }


def embed(made: Made, value: float) -> None:
    vector = "[" + ",".join([str(value)] * EMBEDDING_DIMENSIONS) + "]"
    with transaction():
        session().execute(
            sa.text("UPDATE product_search SET embedding = :vector WHERE product_id = :id"),
            {"vector": vector, "id": made.id},
        )


def test_language_chooses_the_analyser(elastic, client) -> None:
    finnish, greek = make_product("Teltta", language="fi"), make_product("Σκηνή", language="el")
    rebuild(client)
    documents = elastic.behind("shop").documents
    assert list(documents[str(finnish.id)]["words"]) == ["fi"]
    assert list(documents[str(greek.id)]["words"]) == ["other"]


def test_whole_catalog_in_batches_with_progress(elastic, client, monkeypatch) -> None:
    monkeypatch.setattr(upkeep, "_BATCH", 2)
    for number in range(5):
        make_product(f"Tent {number}")
    heard: list[tuple[int, int]] = []
    upkeep.rebuild(client, "shop", lambda done, total: heard.append((done, total)))
    assert heard == [(2, 5), (4, 5), (5, 5)]
    assert names(elastic) == [f"Tent {number}" for number in range(5)]


def test_new_index_takes_the_place_of_the_old_one_at_once(elastic, client) -> None:
    make_product("Tent")
    first = rebuild(client)
    elastic.forget()
    second = rebuild(client)
    assert first != second
    assert set(elastic.indexes) == {second}
    assert elastic.sent("_aliases")[-1]["actions"] == [
        {"remove_index": {"index": first}},
        {"remove": {"index": second, "alias": "shop-next", "must_exist": True}},
        {"add": {"index": second, "alias": "shop"}},
    ]
    assert re.fullmatch(r"shop-\d{20}", second)


def test_another_shop_whose_alias_begins_alike_is_left_alone(elastic, client) -> None:
    upkeep.rebuild(client, "shop-two", lambda done, total: None)
    rebuild(client)
    rebuild(client)
    assert sum(name.startswith("shop-two-") for name in elastic.indexes) == 1
    assert elastic.behind("shop-two") is not None


def test_load_that_was_broken_off_is_swept_by_the_next(elastic, client) -> None:
    make_product("Tent")
    first = rebuild(client)
    client.create("shop-20200101000000000000", index_body())
    client.switch([{"add": {"index": "shop-20200101000000000000", "alias": "shop-next"}}])
    second = rebuild(client)
    assert set(elastic.indexes) == {second}
    assert second != first


@pytest.mark.parametrize("status", [400, 500])
def test_refused_document_keeps_the_old_index(elastic, client, status: int) -> None:
    tent = make_product("Tent")
    first = rebuild(client)
    make_product("Kettle")
    elastic.refuses(str(tent.id), status=status)
    with pytest.raises(IndexIncomplete) as raised:
        rebuild(client)
    assert (raised.value.refused, raised.value.reasons) == (1, (f"{tent.id}: {status} scripted",))
    assert set(elastic.indexes) == {first}
    assert elastic.behind("shop") is elastic.indexes[first]


def test_server_that_fails_in_the_middle_keeps_the_old_index(elastic, client) -> None:
    make_product("Tent")
    first = rebuild(client)
    elastic.fails("_bulk", status=500)
    with pytest.raises(SearchServerFailure, match="server_error"):
        rebuild(client)
    assert set(elastic.indexes) == {first}


def test_change_leaves_in_the_transaction_that_made_it(elastic, client) -> None:
    rebuild(client)
    tent = make_product("Tent", stock=0)
    assert noted() == [[str(tent.id)]]
    with suppress(ZeroDivisionError), transaction():
        session().execute(sa.text("UPDATE products SET name = 'Dome'"))
        raise ZeroDivisionError
    assert noted() == [[str(tent.id)]]


def test_every_kind_of_change_reaches_the_index(elastic, client) -> None:
    brand = make_brand("Tarnholt")
    tent, kettle = make_product("Tent", brand=brand, stock=1), make_product("Kettle")
    rebuild(client)
    index = elastic.behind("shop")
    assert index is not None
    change_product(kettle.id, name="Pot")
    make_product("Lamp", stock=0)
    make_review(tent, 2)
    with transaction():
        session().execute(sa.text("UPDATE brands SET name = 'Fellholt'"))
        session().execute(sa.text("UPDATE product_search SET popularity = 7"))
    write_noted(client)
    assert names(elastic) == ["Lamp", "Pot", "Tent"]
    document = index.documents[str(tent.id)]
    assert (document["around"], document["stars"], document["popularity"]) == (["Fellholt"], 2, 7.0)
    change_product(kettle.id, is_active=False)
    with transaction():
        session().execute(sa.text("DELETE FROM products WHERE name = 'Lamp'"))
    write_noted(client)
    assert names(elastic) == ["Tent"]


def test_content_that_stays_the_same_is_no_change(elastic, client) -> None:
    tent = make_product("Tent")
    rebuild(client)
    with transaction():
        session().execute(sa.text("SELECT refresh_product_search(ARRAY[CAST(:id AS uuid)])"), {"id": tent.id})
    assert noted() == []


def test_many_changes_at_once_are_few_entries(elastic, client) -> None:
    for number in range(7):
        make_product(f"Tent {number}")
    rebuild(client)
    with transaction():
        session().execute(sa.text("UPDATE product_search SET popularity = 1"))
    ((*ids,),) = noted()
    assert len(ids) == 7


def test_what_changes_during_the_load_is_in_the_new_index(elastic, client, monkeypatch) -> None:
    monkeypatch.setattr(upkeep, "_BATCH", 1)
    early, late = sorted((make_product("Tent"), make_product("Kettle")), key=lambda made: made.id)
    gone = make_product("Lamp")
    rebuild(client)

    def meanwhile(done: int, total: int) -> None:
        if done == 1:
            # The load has read the first product and is about to read the others.
            change_product(early.id, name="Changed behind the load")
            change_product(late.id, name="Changed before the load")
            change_product(gone.id, is_active=False)
            write_noted(client)

    upkeep.rebuild(client, "shop", meanwhile)
    assert names(elastic) == ["Changed before the load", "Changed behind the load"]


def test_late_writer_of_an_old_state_does_no_harm(elastic, client) -> None:
    tent = make_product("Tent")
    rebuild(client)
    old = upkeep.documents_of([tent.id])
    release()
    change_product(tent.id, name="Dome")
    write_noted(client)
    client.write(upkeep._changes("shop", old, [tent.id]))
    assert names(elastic) == ["Dome"]


def test_change_that_the_server_refuses_is_tried_again_and_holds_up_nobody(elastic, client) -> None:
    tent, kettle = make_product("Tent"), make_product("Kettle")
    rebuild(client)
    elastic.refuses(str(tent.id), status=400)
    with transaction():
        session().execute(sa.text("UPDATE product_search SET popularity = 3"))
    with pytest.raises(IndexIncomplete):
        write_noted(client)
    documents = elastic.behind("shop").documents
    assert (documents[str(tent.id)]["popularity"], documents[str(kettle.id)]["popularity"]) == (0.0, 3.0)
    write_noted(client)
    assert documents[str(tent.id)]["popularity"] == 3.0


def test_without_an_index_there_is_nothing_to_keep_up(elastic, client) -> None:
    tent = make_product("Tent")
    upkeep.write_changes(client, "shop", [tent.id])
    assert elastic.indexes == {}


def test_comparison_counts_both_sides(elastic, client) -> None:
    tent = make_product("Tent")
    rebuild(client)
    assert upkeep.compare(client, "shop").agrees
    embed(tent, 0.1)
    waiting = upkeep.compare(client, "shop")
    assert (waiting.vectors, waiting.document_vectors, waiting.waiting_changes) == (1, 0, 1)
    assert waiting.agrees
    write_noted(client)
    assert upkeep.compare(client, "shop").agrees
    elastic.behind("shop").visible.clear()
    assert not upkeep.compare(client, "shop").agrees
    rebuild(client)
    release()
    upkeep.follow(False)
    assert not upkeep.compare(client, "shop").agrees
