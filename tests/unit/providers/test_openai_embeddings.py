"""Embeddings of a provider, over real HTTP: what is sent, what is made of it, and every way in which it can fail."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.core.db import TransactionOpen, session
from storefront.core.settings import Settings
from storefront.providers.embedding_choice import embedding_model
from storefront.providers.embeddings import EmbeddingFailure
from storefront.providers.openai_embeddings import OpenAICompatibleEmbeddings
from tests.openai_server import Embeds, Fails, OpenAIServer, embedding_of
from tests.servers import reserve_port

pytestmark = pytest.mark.usefixtures("app_context")


class Watch:
    """A clock that a test sets, in seconds."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def provider() -> Iterator[OpenAIServer]:
    """A provider that gives vectors."""
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def ask() -> Iterator[Callable[..., OpenAICompatibleEmbeddings]]:
    """Makes models whose connections end with the test."""
    made: list[OpenAICompatibleEmbeddings] = []

    def make(url: str, clock: Callable[[], float] = time.monotonic) -> OpenAICompatibleEmbeddings:
        made.append(OpenAICompatibleEmbeddings("test-key", url, "test-embedding", clock))
        return made[-1]

    yield make
    for one in made:
        one._client.close()


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(EmbeddingFailure) as failed:
        act()
    return failed.value.code


def test_request_to_the_letter_and_vectors_in_order_of_length_one(provider, ask) -> None:
    vectors = ask(provider.url).embed(["tent", "stove", "tent"], 5)
    assert provider.requests == [
        {
            "model": "test-embedding",
            "input": ["tent", "stove", "tent"],
            "dimensions": EMBEDDING_DIMENSIONS,
            "encoding_format": "float",
        }
    ]
    assert provider.authorisations == ["Bearer test-key"]
    assert vectors[0] == vectors[2] != vectors[1]
    for text, vector in zip(("tent", "stove"), vectors, strict=False):
        length = math.hypot(*embedding_of(text, EMBEDDING_DIMENSIONS))
        assert vector == pytest.approx([one / length for one in embedding_of(text, EMBEDDING_DIMENSIONS)])


def test_nothing_costs_no_request(provider, ask) -> None:
    assert ask(provider.url).embed([], 5) == []
    assert provider.requests == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "refused"),
        (401, "not_authorised"),
        (403, "not_authorised"),
        (404, "refused"),
        (429, "rate_limited"),
        (500, "server_error"),
    ],
)
def test_every_refusal_has_its_code_and_is_not_asked_twice(provider, ask, status: int, code: str) -> None:
    provider.script(Fails(status))
    assert code_of(lambda: ask(provider.url).embed(["tent"], 5)) == code
    assert len(provider.requests) == 1


def test_slow_provider_costs_the_time_that_was_given(provider, ask) -> None:
    provider.script(Embeds(pause=20))
    begun = time.monotonic()
    assert code_of(lambda: ask(provider.url).embed(["tent"], 0.1)) == "timeout"
    assert time.monotonic() - begun < 1.5


def test_nobody_listens(ask) -> None:
    with reserve_port() as reserved:
        model = ask(f"http://127.0.0.1:{reserved.getsockname()[1]}/v1")
        assert code_of(lambda: model.embed(["tent"], 1)) == "unreachable"


UNIT = [1.0] + [0.0] * (EMBEDDING_DIMENSIONS - 1)


@pytest.mark.parametrize(
    "data",
    [
        [{"index": 0, "embedding": [1.0, 2.0]}],
        [{"index": 0, "embedding": [0.0] * EMBEDDING_DIMENSIONS}],
        [{"index": 0, "embedding": UNIT}, {"index": 1, "embedding": UNIT}],
        [{"index": 0, "embedding": "text"}],
        [{"index": 0, "embedding": ["text"] * EMBEDDING_DIMENSIONS}],
        [{"index": 0, "embedding": None}],
        [{"index": 0}],
        ["text"],
    ],
    ids=lambda data: str(data)[:50],
)
def test_answer_of_another_shape(provider, ask, data: Any) -> None:
    provider.script(Embeds(data))
    assert code_of(lambda: ask(provider.url).embed(["tent"], 5)) == "wrong_shape"


@pytest.mark.parametrize("data", [[], {}, 7], ids=str)
def test_answer_without_vectors_is_a_failure(provider, ask, data: Any) -> None:
    provider.script(Embeds(data))
    assert code_of(lambda: ask(provider.url).embed(["tent"], 5)) in {"wrong_shape", "cut_off"}


def test_failed_provider_is_left_alone_for_a_while(provider, ask) -> None:
    watch = Watch()
    model = ask(provider.url, watch)
    provider.script(Fails(500))
    for watch.seconds in (0.0, 2.0, 4.9):
        code_of(lambda: model.embed(["tent"], 5))
    assert len(provider.requests) == 1
    watch.seconds = 5.1
    assert len(model.embed(["tent"], 5)) == 1


def test_nobody_waits_with_a_transaction_open(provider, ask) -> None:
    session().connection()
    with pytest.raises(TransactionOpen):
        ask(provider.url).embed(["tent"], 5)


def test_settings_point_to_the_endpoint(app: Flask, settings: Settings, provider: OpenAIServer) -> None:
    wanted = settings.model_copy(
        update={
            "embeddings_backend": "openai",
            "embeddings_base_url": provider.url,
            "embeddings_api_key": SecretStr("own-key"),
            "embeddings_model": "own-model",
            "openai_api_key": SecretStr("chat-key"),
        }
    )
    app.extensions.pop("embedding_model", None)
    app.extensions["settings"] = wanted
    try:
        model = embedding_model()
        assert model is not None
        model.embed(["tent"], 5)
        model._client.close()  # type: ignore[attr-defined]
        app.extensions.pop("embedding_model", None)
        app.extensions["settings"] = wanted.model_copy(update={"embeddings_backend": "off"})
        assert embedding_model() is None
    finally:
        app.extensions["settings"] = settings
        app.extensions.pop("embedding_model", None)
    assert provider.authorisations == ["Bearer own-key"]
    assert provider.requests[0]["model"] == "own-model"
