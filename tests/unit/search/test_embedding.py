"""Products' vectors: made in batches outside of transactions, by jobs and by commands; search without them."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import release, session
from storefront.core.redis import redis_client
from storefront.core.settings import Settings, current_settings
from storefront.jobs import embeddings as embeddings_job
from storefront.jobs.embeddings import make_vectors, remove_vectors
from storefront.providers import embedding_choice
from storefront.providers.embedder import EmbedderClient
from storefront.providers.embeddings import EmbeddingFailure, Vector
from storefront.providers.pinecone_client import PineconeStore
from storefront.search.log_models import SearchLog
from storefront.search.queries import ListingRequest, neighbours, ranked_products, search_listing
from storefront.search.queries.meaning import meaning_of
from storefront.search.services import (
    embedding,
    fill_vectors,
    forget_vectors,
    purge_vectors,
    stale_vectors,
    vector_index,
    write_log,
)
from storefront.search.services.vector_index import vector_index_is_there
from storefront.search.vector_column import VectorColumn
from tests.factories.buying import change_product
from tests.factories.catalog import Made, make_category, make_product
from tests.logs import logged_by
from tests.pinecone_server import KEY, PineconeServer

pytestmark = pytest.mark.usefixtures("app_context")
Meanwhile = Callable[[Sequence[str]], object]


class Letters:
    """A model in place of the real one: a text means its letters. ``meanwhile`` is called while it works."""

    def __init__(self, meanwhile: Meanwhile = lambda _texts: None) -> None:
        # Query vectors are kept in the process by the model's name.
        self.name = f"letters-{uuid.uuid4()}"
        self.meanwhile = meanwhile
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str], seconds: float) -> list[Vector]:
        assert not session().in_transaction()
        self.asked.append(list(texts))
        self.meanwhile(texts)
        return [letters(text) for text in texts]


def letters(text: str) -> Vector:
    counts = [0.0] * EMBEDDING_DIMENSIONS
    for letter in text.lower():
        counts[ord(letter) % EMBEDDING_DIMENSIONS] += 1.0
    length = sum(count * count for count in counts) ** 0.5 or 1.0
    return tuple(count / length for count in counts)


def fails(_texts: Sequence[str]) -> None:
    raise EmbeddingFailure("unreachable")


@pytest.fixture(autouse=True)
def _as_before(app: Flask, settings: Settings) -> Iterator[None]:
    kept = {name: app.extensions.get(name) for name in ("embedding_model", neighbours.EXTENSION)}
    yield
    app.extensions["settings"] = settings
    for name, value in kept.items():
        app.extensions.pop(name, None)
        if value is not None:
            app.extensions[name] = value


def use(app: Flask, model: object) -> None:
    app.extensions[embedding_choice.EXTENSION] = model


@pytest.fixture
def pinecone(app: Flask) -> Iterator[PineconeServer]:
    """The shop's vectors are kept in an index outside."""
    with PineconeServer() as server:
        store = PineconeStore(server.url, KEY, "shop", seconds=0.3, first_pause=0.01)
        app.extensions[neighbours.EXTENSION] = lambda: store
        yield server
        store.close()


def row(made: Made) -> Any:
    found = session().execute(
        sa.text(
            "SELECT embedding IS NOT NULL AS has_vector, embedded_digest = content_digest AS is_done"
            " FROM product_search WHERE product_id = :id"
        ),
        {"id": made.id},
    )
    state = tuple(found.one())
    release()
    return state


def test_batches_of_like_length_with_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_BATCH", 4)
    monkeypatch.setattr(embedding, "_READ_AT_ONCE", 8)
    products = [make_product("Tent " + "x" * (number % 5)) for number in range(11)]
    assert stale_vectors() == 11
    model, told = Letters(), list[int]()
    assert fill_vectors(model, told.append) == 11
    assert told == [4, 8, 11]
    assert [len(texts) for texts in model.asked] == [4, 4, 3]
    first_read = [len(text) for texts in model.asked[:2] for text in texts]
    assert first_read == sorted(first_read)
    assert stale_vectors() == 0
    assert {row(made) for made in products} == {(True, True)}
    assert fill_vectors(model) == 0
    assert len(model.asked) == 3


def test_changed_content_is_embedded_again_and_found_by_the_old_vector_meanwhile() -> None:
    tent = make_product("Tent")
    fill_vectors(Letters())
    change_product(tent.id, name="Stove")
    assert row(tent) == (True, False)
    model = Letters()
    assert fill_vectors(model) == 1
    assert model.asked[0][0].endswith("Stove")
    assert row(tent) == (True, True)


def test_what_does_not_change_the_content_asks_for_no_vector() -> None:
    tent = make_product("Tent")
    fill_vectors(Letters())
    change_product(tent.id, price=12)
    assert stale_vectors() == 0


def test_content_that_changes_meanwhile_is_not_marked_as_done() -> None:
    tent = make_product("Tent")
    fill_vectors(Letters(lambda _texts: change_product(tent.id, name="Stove")))
    assert row(tent) == (False, None)
    fill_vectors(Letters())
    assert row(tent) == (True, True)


def test_seconds_are_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_BATCH", 1)
    for _ in range(5):
        make_product("Tent")
    assert fill_vectors(Letters(lambda _texts: time.sleep(0.1)), seconds=0.15) == 2
    assert stale_vectors() == 3


def test_failure_in_the_middle_keeps_what_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_BATCH", 2)
    for number in range(4):
        make_product("Tent " + "x" * number)
    model = Letters(lambda texts: fails(texts) if len(model.asked) > 1 else None)
    with pytest.raises(EmbeddingFailure):
        fill_vectors(model)
    assert stale_vectors() == 2


def test_another_model_makes_all_anew() -> None:
    tent = make_product("Tent")
    fill_vectors(Letters())
    forget_vectors()
    assert row(tent)[0]
    assert stale_vectors() == 1


def test_job_makes_what_is_missing(app: Flask) -> None:
    tent = make_product("Tent")
    use(app, Letters())
    assert make_vectors() == 1
    assert row(tent) == (True, True)
    assert make_vectors() == 0


def test_who_is_at_it_already_is_not_joined(app: Flask) -> None:
    make_product("Tent")
    meanwhile = list[int]()
    model = Letters(lambda _texts: meanwhile.append(make_vectors()))
    use(app, model)
    assert make_vectors() == 1
    assert (meanwhile, len(model.asked)) == ([0], 1)
    make_product("Stove")
    assert make_vectors() == 1


def test_job_leaves_a_model_that_is_away_to_the_next_turn(app: Flask) -> None:
    make_product("Tent")
    use(app, Letters(fails))
    with logged_by(embeddings_job) as logs:
        assert make_vectors() == 0
    assert [one["event"] for one in logs] == ["vectors_not_made"]
    use(app, None)
    app.extensions["settings"] = current_settings().model_copy(update={"embeddings_backend": "off"})
    app.extensions.pop("embedding_model")
    assert make_vectors() == 0
    assert stale_vectors() == 1


def found(text: str) -> list[str]:
    names = [one.name for one in ranked_products(text)]
    release()
    return names


def test_a_search_in_which_meaning_took_part_says_so_and_is_logged_so(
    app: Flask, client: FlaskClient
) -> None:
    make_product("Tent for two")
    use(app, Letters())
    client.get("/search?q=tent")  # the product has no vector yet
    assert fill_vectors(Letters()) == 1
    assert search_listing(ListingRequest(text="two tent")).by_meaning
    assert not search_listing(ListingRequest(sort="newest")).by_meaning
    release()
    client.get("/search?q=two+tents")
    write_log()
    logged = session().execute(
        sa.select(SearchLog.query, SearchLog.search_type).order_by(SearchLog.created_at)
    )
    assert [tuple(one) for one in logged] == [("tent", "text"), ("two tents", "hybrid")]
    release()


def test_search_compares_words_while_vectors_are_missing(app: Flask) -> None:
    make_product("Tent for two")
    use(app, Letters())
    assert found("tent") == ["Tent for two"]
    assert found("tnet orf owt") == []
    fill_vectors(Letters())
    assert stale_vectors() == 0
    assert found("tnet orf owt") == ["Tent for two"]  # what was answered without vectors is forgotten


def test_search_compares_words_while_the_embedder_is_away(app: Flask) -> None:
    make_product("Tent")
    fill_vectors(Letters())
    use(app, Letters(fails))
    assert found("tent") == ["Tent"]
    app.extensions["settings"] = current_settings().model_copy(update={"embeddings_backend": "off"})
    app.extensions.pop("embedding_model")
    assert meaning_of("tent") is None
    assert found("tent") == ["Tent"]


def test_page_waits_no_longer_than_its_setting(app: Flask, client: Any, tmp_path: Any) -> None:
    make_product("Tent")
    address = str(tmp_path / "silent.sock")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(address)
        silent.listen()
        use(app, EmbedderClient(address))
        client.get("/search?q=stove")  # templates are compiled
        begun = time.monotonic()
        silenced = meaning_of(f"tent {uuid.uuid4()}")
        assert silenced is None
        assert time.monotonic() - begun < current_settings().search_vector_timeout_ms / 1_000 + 0.5
        answer = client.get("/search?q=tent")
    assert answer.status_code == 200
    assert "Tent" in answer.text


def test_text_s_vector_is_asked_for_once(app: Flask) -> None:
    model = Letters()
    use(app, model)
    assert meaning_of("Tent") == meaning_of("tent") == letters("tent")
    assert len(model.asked) == 1
    assert meaning_of("") is None


# A store outside of the database.


def test_vectors_go_outside_and_the_bookkeeping_stays(app: Flask, pinecone: PineconeServer) -> None:
    tent = make_product("Tent", category=make_category("Shelter"))
    assert fill_vectors(Letters()) == 1
    assert row(tent) == (False, True)
    (kept,) = pinecone.namespaces["shop"].items()
    assert kept[0] == str(tent.id)
    assert kept[1] == pytest.approx(letters("Shelter. Tent"), abs=1e-6)
    assert fill_vectors(Letters()) == 0


def test_what_was_kept_inside_goes_when_another_store_takes_over(app: Flask, pinecone) -> None:
    tent = make_product("Tent")
    outside = app.extensions.pop(neighbours.EXTENSION)
    app.extensions[neighbours.EXTENSION] = VectorColumn
    fill_vectors(Letters())
    app.extensions[neighbours.EXTENSION] = outside
    forget_vectors()
    fill_vectors(Letters())
    assert row(tent) == (False, True)


def test_content_that_changes_meanwhile_is_written_again(pinecone: PineconeServer) -> None:
    tent = make_product("Tent")
    fill_vectors(Letters(lambda _texts: change_product(tent.id, name="Stove")))
    assert row(tent) == (False, None)
    fill_vectors(Letters())
    assert pinecone.namespaces["shop"][str(tent.id)] == pytest.approx(letters("Stove"), abs=1e-6)


def test_store_that_refuses_leaves_the_rest_to_the_next_turn(app: Flask, pinecone: PineconeServer) -> None:
    make_product("Tent")
    use(app, Letters())
    pinecone.fails("/vectors/upsert", status=401)
    assert make_vectors() == 0
    assert stale_vectors() == 1
    assert make_vectors() == 0  # a rest first
    redis_client().delete("jobs:make-vectors")
    assert make_vectors() == 1


def test_search_goes_on_with_words_where_the_store_fails(app: Flask, pinecone: PineconeServer) -> None:
    make_product("Tent")
    use(app, Letters())
    fill_vectors(Letters())
    pinecone.fails("/query", status=500)
    assert found("tent") == ["Tent"]
    assert len(pinecone.sent("/query")) == 1


def test_near_ones_are_found_if_the_database_lists_them(app: Flask, pinecone: PineconeServer) -> None:
    make_product("Tent")
    use(app, Letters())
    fill_vectors(Letters())
    pinecone.namespaces["shop"][str(uuid.uuid4())] = list(letters("tnet"))
    assert found("tnetts") == ["Tent"]


def test_products_that_are_gone_are_removed_by_a_job(app: Flask, pinecone: PineconeServer) -> None:
    tent, stove = make_product("Tent"), make_product("Stove")
    fill_vectors(Letters())
    change_product(stove.id, is_active=False)
    assert remove_vectors() == 1
    assert list(pinecone.namespaces["shop"]) == [str(tent.id)]
    change_product(stove.id, is_active=True)
    assert fill_vectors(Letters()) == 1
    assert set(pinecone.namespaces["shop"]) == {str(tent.id), str(stove.id)}
    pinecone.fails("/vectors/list", status=403)
    assert remove_vectors() == 0


def test_product_listed_between_look_and_deletion_gets_its_vector_again(
    pinecone: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stove = make_product("Stove")
    fill_vectors(Letters())
    change_product(stove.id, is_active=False)
    store = neighbours.vector_store()
    forget = store.forget

    def listed_before(product_ids: Sequence[uuid.UUID]) -> None:
        change_product(stove.id, is_active=True)
        fill_vectors(Letters())
        forget(product_ids)

    monkeypatch.setattr(store, "forget", listed_before)
    assert purge_vectors() == 1
    assert stale_vectors() == 1


def test_database_s_own_vectors_need_no_purge() -> None:
    make_product("Tent")
    fill_vectors(Letters())
    assert purge_vectors() == 0


# The command, and very many vectors.


@pytest.fixture
def commanded(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs ``flask embeddings`` with the small model."""
    model = Letters()
    monkeypatch.setattr("storefront.cli.embeddings.embed_in_this_process", lambda: model)

    def run(*arguments: str) -> Any:
        return app.test_cli_runner().invoke(args=["embeddings", *arguments])

    return run


def test_command_makes_what_is_missing_with_progress(commanded) -> None:
    for _ in range(3):
        make_product("Tent")
    ran = commanded()
    assert (ran.exit_code, ran.stdout) == (0, "3 vectors made.\n")
    assert "Vectors" in ran.stderr
    assert "3/3" in ran.stderr
    assert commanded().stdout == "0 vectors made.\n"
    assert commanded("--again").stdout == "3 vectors made.\n"


def test_command_says_why_it_fails(app: Flask, commanded, pinecone: PineconeServer) -> None:
    make_product("Tent")
    pinecone.fails("/vectors/upsert", status=401)
    ran = commanded()
    assert ran.exit_code == 1
    assert "not_authorised" in ran.stderr
    assert KEY not in ran.stderr


def test_very_many_are_loaded_without_the_index_and_it_is_built_afterwards(
    commanded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "WORTH_DROPPING", 3)
    seen: list[bool] = []
    filling = fill_vectors

    def fill(*arguments: Any) -> int:
        seen.append(vector_index_is_there())
        assert neighbours.nearest_products(letters("tent"), 5) == []
        release()
        return filling(*arguments)

    monkeypatch.setattr("storefront.cli.embeddings.fill_vectors", fill)
    for _ in range(4):
        make_product("Tent")
    assert vector_index_is_there()
    release()
    assert commanded().stdout == "4 vectors made.\n"
    assert seen == [False]
    assert vector_index_is_there()
    assert len(neighbours.nearest_products(letters("tent"), 5)) == 4


def test_all_anew_is_such_a_load_too(commanded, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        make_product("Tent")
    commanded()
    monkeypatch.setattr(vector_index, "WORTH_DROPPING", 3)
    monkeypatch.setattr(embedding, "_READ_AT_ONCE", 3)
    forgotten: list[bool] = []
    forgetting = forget_vectors

    def forget() -> None:
        forgetting()
        forgotten.append(vector_index_is_there())

    monkeypatch.setattr("storefront.cli.embeddings.forget_vectors", forget)
    assert commanded("--again").stdout == "4 vectors made.\n"
    assert forgotten == [False]
    assert vector_index_is_there()


@pytest.mark.parametrize("problem", [KeyboardInterrupt, EmbeddingFailure("timeout")])
def test_whatever_ends_a_load_the_index_is_built(
    commanded, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    monkeypatch.setattr(vector_index, "WORTH_DROPPING", 1)

    def breaks(*_arguments: object) -> int:
        raise problem

    monkeypatch.setattr("storefront.cli.embeddings.fill_vectors", breaks)
    make_product("Tent")
    assert commanded().exit_code == 1
    assert vector_index_is_there()


def test_killed_attempt_is_mended_by_the_next(commanded, databases, database_name: str) -> None:
    with psycopg.connect(databases.admin_url(database_name), autocommit=True) as connection:
        connection.execute("DROP INDEX ix_product_search_embedding")
    assert not vector_index_is_there()
    assert commanded().exit_code == 0
    assert vector_index_is_there()


def test_few_are_written_into_the_index(commanded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "WORTH_DROPPING", 2)
    for _ in range(20):
        make_product("Tent")
    commanded()
    for _ in range(2):
        make_product("Tent")

    def never(*_arguments: object) -> Any:
        raise AssertionError("a tenth of all is no reason")

    monkeypatch.setattr("storefront.cli.embeddings.without_vector_index", never)
    assert commanded().stdout == "2 vectors made.\n"
