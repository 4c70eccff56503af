"""What words mean, as the search reads it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa
from flask import Flask

from storefront.core.db import transaction
from storefront.search.models import Synonym
from storefront.search.queries.synonyms import forget_synonyms, synonyms

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


def _write(words: list[str], typed: str | None = None, language: str = "en") -> None:
    with transaction() as current:
        current.execute(sa.insert(Synonym).values(words=words, typed=typed, language=language))
    forget_synonyms()


def test_equal_words_mean_each_other_and_one_way_words_only_the_one(app_context: Flask) -> None:
    _write(["couch", "settee", "sofa"])
    _write(["head phones", "headset"], typed="headphones")
    _write(["sofabett"], typed="sofa", language="de")
    assert synonyms() == {
        "couch": ("settee", "sofa"),
        "settee": ("couch", "sofa"),
        "sofa": ("couch", "settee"),
        "headphones": ("head phones", "headset"),
    }
    assert synonyms(["de"]) == {"sofa": ("sofabett",)}
    assert synonyms(["fr"]) == {}


def test_a_word_in_two_groups_means_both_and_no_further(app_context: Flask) -> None:
    _write(["mug", "cup"])
    _write(["beaker", "mug"], typed="cup")
    assert synonyms()["cup"] == ("mug", "beaker")
    assert synonyms()["mug"] == ("cup",)


def test_they_are_read_once(app_context: Flask, assert_queries: AssertQueries) -> None:
    _write(["mug", "cup"])
    with assert_queries(1):
        assert synonyms()
        assert synonyms() is synonyms()
