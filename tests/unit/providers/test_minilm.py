"""The model that comes with the shop, itself: nothing is downloaded."""

from __future__ import annotations

import math
import time

import pytest

from storefront.core.columns import EMBEDDING_DIMENSIONS
from storefront.providers.minilm import MOST_TOKENS, MiniLM


@pytest.fixture(scope="module")
def model() -> MiniLM:
    """Loaded once: it takes half a second."""
    return MiniLM()


def likeness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def test_vectors_have_the_column_s_length_and_length_one(model) -> None:
    for vector in model.embed(["tent", "A warm sleeping bag for cold nights", "ζεστό", ""]):
        assert len(vector) == EMBEDDING_DIMENSIONS
        assert math.isclose(likeness(vector, vector), 1, abs_tol=1e-5)
    assert model.embed([]) == []


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("something warm to sleep in", "Sleeping bag, down filled", "Cooking pot of steel"),
        ("laptop", "Notebook computer", "Wool socks"),
        ("shelter for two people", "Two-person tent", "Head torch"),
        ("footwear for hiking", "Trekking boots", "Rain jacket"),
    ],
)
def test_what_means_the_same_is_nearer(model, text: str, near: str, far: str) -> None:
    asked, alike, unlike = model.embed([text, near, far])
    assert likeness(asked, alike) > likeness(asked, unlike) + 0.1


def test_batch_gives_what_each_text_gives_alone(model) -> None:
    texts = ["tent", "A lightweight tent for two people with a porch", "stove", "x " * 40]
    for together, alone in zip(model.embed(texts), [model.embed([text])[0] for text in texts], strict=True):
        assert together == pytest.approx(alone, abs=1e-3)


def test_what_lies_behind_is_not_read(model) -> None:
    begun = "tent " * (MOST_TOKENS - 2)
    longer, shorter = (model.embed([text])[0] for text in (begun + "kettle " * 50_000, begun))
    assert longer == pytest.approx(shorter, abs=1e-6)


def test_text_takes_milliseconds(model) -> None:
    begun = time.perf_counter()
    for number in range(20):
        model.embed([f"warm jacket {number}"])
    assert (time.perf_counter() - begun) / 20 < 0.25  # some milliseconds, on a machine that is not busy
