"""The counts beside the list: asked for in the request of the list itself, read into rows.

The choices are a ``post_filter``: they narrow the list, not what is counted. Each facet counts under the choices of
all others, so facets of which nothing is chosen share one filter and each of the others has one of its own.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from storefront.search.elastic.documents import facet, facet_parts
from storefront.search.elastic.wanted import Query
from storefront.search.models import PRICE_STEPS
from storefront.search.queries.engine import CountRow, Holders
from storefront.search.queries.facet_numbers import Fact
from storefront.search.queries.price_ranges import CENT

MOST_SPECIFICATIONS = 6
_MOST_NAMES = 40
_MOST_PAIRS = 1_500
_MOST_VALUES = {"category": 500, "brand": 60, "tag": 60, "option": 200, "specification": _MOST_PAIRS}
_NAMED = ("option", "specification")
_OPERATOR = re.compile(r"([!-/:-@\[-`{-~])")
"""What a regular expression of the server's may take for an operator: ASCII's punctuation."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What an answer's aggregations say. ``candidates`` are all that the text and the place let through."""

    candidates: int
    rows: tuple[CountRow, ...]
    price_least: Decimal | None
    price_most: Decimal | None


def all_met(choices: Mapping[str, Query], but: str | None = None) -> Query:
    """Every choice met, the one of the facet ``but`` left out."""
    return {"bool": {"filter": [query for key, query in choices.items() if key != but]}}


def aggregations(choices: Mapping[str, Query]) -> dict[str, Any]:
    """What the server is to count under ``choices``."""
    plain = [key for key in ("brand", "price", "rating", "stock", "tag", "category") if key not in choices]
    shared = [_counts(key) for key in plain] + [_counts(kind, choices) for kind in _NAMED]
    own = {
        f"own_{place}": {"filter": all_met(choices, key), "aggs": _counts(key)}
        for place, key in enumerate(choices)
    }
    return {
        "candidates": {"filter": {"match_all": {}}},
        "specification_names": {"terms": {"field": "specification_names", "size": _MOST_NAMES}},
        # Whatever is chosen, so that the specifications stay in place while somebody narrows.
        "specification_pairs": _counts("specification")["specification"],
        "shared": {"filter": all_met(choices), "aggs": dict(ChainMap(*shared))},
        **own,
    }


def _counts(key: str, choices: Mapping[str, Query] | None = None) -> dict[str, Any]:
    """How to count one facet; of options and specifications those names of which nothing is chosen, or one name."""
    kind, _, name = key.partition("|")
    match kind:
        case "price":
            return {
                "price": {"range": {"field": "price", "keyed": True, "ranges": _STEPS}},
                "price_least": {"min": {"field": "price"}},
                "price_most": {"max": {"field": "price"}},
            }
        case "rating":
            return {"rating": {"terms": {"field": "stars"}}}
        case "stock":
            return {"stock": {"terms": {"field": "available"}}}
    terms = {"field": "facets", "size": _MOST_VALUES[kind], "include": _beginning(kind, name)}
    chosen = [one.partition("|")[2] for one in choices or () if one.startswith(f"{kind}|")]
    if chosen:
        terms["exclude"] = "|".join(_beginning(kind, one) for one in chosen)
    return {kind: {"terms": terms}}


def _beginning(kind: str, name: str) -> str:
    """A pattern of all values of a kind, or of one name."""
    start = facet(kind, name, "") if name else f"{kind}|"
    return _OPERATOR.sub(r"\\\1", start) + ".*"


def _price_steps() -> list[dict[str, Any]]:
    """The prices between two steps, by the number that PostgreSQL's ``width_bucket`` gives them."""
    ends = [None, *(float(step) for step in PRICE_STEPS), None]
    return [
        {"key": str(number)} | {name: end for name, end in (("from", low), ("to", high)) if end is not None}
        for number, (low, high) in enumerate(pairwise(ends))
    ]


_STEPS = _price_steps()


def counted(answer: Mapping[str, Any], choices: Mapping[str, Query]) -> Counted:
    """Read what :func:`aggregations` asked for."""
    groups = [answer["shared"], *(answer[f"own_{place}"] for place in range(len(choices)))]
    candidates = int(answer["candidates"]["doc_count"])
    kept = _names_that_matter(answer, candidates, choices)
    found = [(kind, one) for group in groups for kind, one in group.items() if kind != "doc_count"]
    rows = [row for kind, one in found if "buckets" in one for row in _rows(kind, one["buckets"])]
    ends = dict(found)
    return Counted(
        candidates,
        tuple(row for row in rows if row.kind != "specification" or row.name in kept),
        _price(ends["price_least"]["value"]),
        _price(ends["price_most"]["value"]),
    )


def _price(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(CENT)


def _rows(kind: str, buckets: Any) -> Iterator[CountRow]:
    if kind == "price":
        for step, bucket in buckets.items():
            if bucket["doc_count"]:
                yield CountRow("price", "", step, step, bucket["doc_count"])
        return
    for bucket in buckets:
        count = int(bucket["doc_count"])
        if kind in ("rating", "stock"):
            value = str(bucket.get("key_as_string", bucket["key"]))
            yield CountRow(kind, "", value, value, count)
            continue
        _kind, name, value = facet_parts(bucket["key"])
        if kind == "brand":
            yield CountRow(kind, "", value, name, count)
        else:
            yield CountRow(kind, name, value, value, count)


def _names_that_matter(answer: Mapping[str, Any], candidates: int, choices: Mapping[str, Query]) -> set[str]:
    """The specifications worth a facet: on many of the candidates, with few values, each often met; or chosen."""
    values: dict[str, int] = {}
    for bucket in answer["specification_pairs"]["buckets"]:
        _kind, name, _value = facet_parts(bucket["key"])
        values[name] = values.get(name, 0) + 1
    holders = {one["key"]: one["doc_count"] for one in answer["specification_names"]["buckets"]}
    fit = [
        name
        for name, held in holders.items()
        if 2 <= values.get(name, 0) <= 24 and held >= 2 * values[name] and held * 4 >= candidates and held > 3
    ]
    fit.sort(key=lambda name: (-holders[name], values[name], name))
    chosen = {key.partition("|")[2] for key in choices if key.startswith("specification|")}
    return chosen | set(fit[:MOST_SPECIFICATIONS])


def holders_of(aggregated: Mapping[str, Any], facts: Sequence[Fact]) -> Holders:
    """What the answer to :func:`wanted.holders_request` says of the ``facts``, in their order."""
    buckets = aggregated["facts"]["buckets"]
    of = {
        frozenset(facts[int(place)] for place in bucket["key"].split("&")): int(bucket["doc_count"])
        for bucket in buckets
    }
    return Holders(int(aggregated["worded"]["doc_count"]), of)
