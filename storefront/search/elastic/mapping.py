"""What the index looks like: analysers by the content's language, fields to search, to filter, to count, to sort by.

``dynamic`` is strict but for ``words.<language>.<field>``, whose analyser follows the language: a catalog's first
Finnish product needs no new index.
"""

from __future__ import annotations

from typing import Any

from storefront.core.columns import EMBEDDING_DIMENSIONS

LANGUAGES = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "pt": "portuguese",
    "sv": "swedish",
}
"""The languages that PostgreSQL's ``search_configuration`` stems, too, by Elasticsearch's names of them."""

OTHER = "other"
"""Where the words of any other language go: folded, not stemmed."""

LONGEST_VALUE = 200
"""A facet's value beyond so many characters is no filter (its words are still found)."""


def index_body() -> dict[str, Any]:
    """Settings and mappings of a new index, not refreshed while it is loaded."""
    return {
        "settings": {
            "index": {
                "auto_expand_replicas": "0-1",
                "refresh_interval": "-1",
                # How long a removal is remembered, so that an older write that was on its way cannot undo it.
                "gc_deletes": "15m",
            },
            "analysis": _analysis(),
        },
        "mappings": {
            "dynamic": "strict",
            "dynamic_templates": [
                *(_words_of(code, f"words_{language}") for code, language in LANGUAGES.items()),
                _words_of(OTHER, "folded"),
            ],
            "_source": {"excludes": ["vector"]},
            "properties": _properties(),
        },
    }


LOADED = {"index": {"refresh_interval": None}}
"""Settings of an index after its load: the server's own refresh interval, a second."""


def _analysis() -> dict[str, Any]:
    filters: dict[str, Any] = {}
    analysers: dict[str, Any] = {
        "folded": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}
    }
    for language in LANGUAGES.values():
        filters[f"stop_{language}"] = {"type": "stop", "stopwords": f"_{language}_"}
        filters[f"stem_{language}"] = {"type": "stemmer", "language": language}
        # Folded before it is stemmed, as in PostgreSQL: who types no accents means the same word.
        chain = ["lowercase", f"stop_{language}", "asciifolding", f"stem_{language}"]
        analysers[f"words_{language}"] = {"type": "custom", "tokenizer": "standard", "filter": chain}
    return {
        "filter": filters,
        "analyzer": analysers,
        "normalizer": {"folded": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
    }


def _words_of(code: str, analyser: str) -> dict[str, Any]:
    return {
        f"words_{code}": {
            "path_match": f"words.{code}.*",
            "match_mapping_type": "string",
            "mapping": {"type": "text", "analyzer": analyser},
        }
    }


def _properties() -> dict[str, Any]:
    keyword = {"type": "keyword"}
    half_words = {"type": "text", "analyzer": "folded", "index_prefixes": {"min_chars": 2, "max_chars": 8}}
    hundredths = {"type": "scaled_float", "scaling_factor": 100}
    value = {"type": "keyword", "ignore_above": 3 * LONGEST_VALUE}
    return {
        "product_id": keyword,
        "language": keyword,
        "words": {"type": "object", "dynamic": True},
        "name": half_words,
        "around": half_words,
        "numbers": {"type": "keyword", "normalizer": "folded"},
        "facets": value,
        "specification_names": value,
        "brand_slug": keyword,
        "price": hundredths,
        "rating": hundredths,
        "rating_count": {"type": "integer"},
        "stars": {"type": "byte"},
        "available": {"type": "boolean"},
        "is_featured": {"type": "boolean"},
        "popularity": {"type": "double"},
        "sort_name": {"type": "keyword", "ignore_above": 1_000},
        "published_at": {"type": "date"},
        "vector": {
            "type": "dense_vector",
            "dims": EMBEDDING_DIMENSIONS,
            "index": True,
            "similarity": "cosine",
        },
    }
