"""Searches over a handful of documents, as Elasticsearch understands them: the part of its language the shop uses.

Scores are simple (a boost for each field that holds the words), what is found and counted is exact. Words are folded;
under ``words.*`` a plural's s is left off, as a stemmer would.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import combinations
from typing import Any

Body = dict[str, Any]
Score = float | None
"""None: the document does not match."""

_SEARCH_KEYS = {
    "aggs", "from", "knn", "post_filter", "query", "search_after", "size", "sort", "_source", "track_scores",
    "track_total_hits",
}  # fmt: skip
_WINDOW = 10_000


class BadQuery(Exception):
    """Something that the server does not know."""


def search(documents: Mapping[str, Body], body: Body) -> Body:
    """The answer to one search."""
    if unknown := set(body) - _SEARCH_KEYS:
        raise BadQuery(f"unknown key {sorted(unknown)}")
    if body.get("from", 0) + body.get("size", 10) > _WINDOW:
        raise BadQuery("Result window is too large")
    if "knn" in body:
        found = _nearest(documents, body["knn"])
    else:
        scored = {key: _score(one, body.get("query", {"match_all": {}})) for key, one in documents.items()}
        found = {key: score for key, score in scored.items() if score is not None}
    listed = [key for key in found if _meets(documents[key], body.get("post_filter"))]
    orders = [next(iter(one.items())) for one in body.get("sort", [{"_score": "desc"}])]
    ranked = sorted(listed, key=lambda key: _place(documents[key], found[key], orders))
    if after := body.get("search_after"):
        behind = _place_of_values(after, orders)
        ranked = [key for key in ranked if _place(documents[key], found[key], orders) > behind]
    start = body.get("from", 0)
    hits = [
        {
            "_index": "i",
            "_id": key,
            "_score": found[key],
            "sort": [_sort_value(documents[key], found[key], name) for name, _order in orders],
        }
        for key in ranked[start : start + body.get("size", 10)]
    ]
    answer: Body = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": hits}}
    most = body.get("track_total_hits", _WINDOW)
    if most is not False:
        over = most is not True and len(listed) > most
        answer["hits"]["total"] = {
            "value": most if over else len(listed),
            "relation": "gte" if over else "eq",
        }
    if "aggs" in body:
        answer["aggregations"] = _aggregated([documents[key] for key in found], body["aggs"])
    return answer


def _nearest(documents: Mapping[str, Body], knn: Body) -> dict[str, float]:
    if unknown := set(knn) - {"field", "query_vector", "k", "num_candidates", "filter", "similarity"}:
        raise BadQuery(f"unknown key {sorted(unknown)}")
    near = {}
    for key, one in documents.items():
        if knn["field"] in one and all(_meets(one, query) for query in knn.get("filter", [])):
            likeness = _cosine(one[knn["field"]], knn["query_vector"])
            if likeness >= knn.get("similarity", -1):
                near[key] = (1 + likeness) / 2
    return dict(sorted(near.items(), key=lambda item: -item[1])[: knn["k"]])


def _cosine(one: list[float], other: list[float]) -> float:
    if len(one) != len(other):
        raise BadQuery("the query vector has a different dimension")
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / (math.hypot(*one) * math.hypot(*other))


def _place(document: Body, score: float, orders: list[tuple[str, str]]) -> tuple[Any, ...]:
    return _place_of_values([_sort_value(document, score, name) for name, _order in orders], orders)


def _place_of_values(values: list[Any], orders: list[tuple[str, str]]) -> tuple[Any, ...]:
    return tuple(
        _Backwards(value) if order == "desc" else value
        for value, (_name, order) in zip(values, orders, strict=True)
    )


class _Backwards:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Backwards) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backwards) and bool(self.value == other.value)


def _sort_value(document: Body, score: float, name: str) -> Any:
    if name == "_score":
        return score
    value = document[name]
    if name == "published_at":
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    return int(value) if isinstance(value, bool) else value


def _meets(document: Body, query: Body | None) -> bool:
    return query is None or _score(document, query) is not None


def _score(document: Body, query: Body) -> Score:
    if len(query) != 1:
        raise BadQuery(f"one query expected, found {sorted(query)}")
    ((kind, about),) = query.items()
    if kind not in _QUERIES:
        raise BadQuery(f"unknown query [{kind}]")
    return _QUERIES[kind](document, about)


def _bool(document: Body, about: Body) -> Score:
    if unknown := set(about) - {"must", "filter", "should", "must_not", "minimum_should_match"}:
        raise BadQuery(f"[bool] does not know {sorted(unknown)}")
    must = [_score(document, one) for one in about.get("must", ())]
    should = [_score(document, one) for one in about.get("should", ())]
    met = [score for score in should if score is not None]
    least = about.get("minimum_should_match", 0 if must or about.get("filter") or not should else 1)
    if None in must or len(met) < least:
        return None
    if any(_meets(document, one) for one in about.get("must_not", ())):
        return None
    if not all(_meets(document, one) for one in about.get("filter", ())):
        return None
    return sum(score for score in [*must, *met] if score is not None)


def _constant(document: Body, about: Body) -> Score:
    return float(about.get("boost", 1)) if _meets(document, about["filter"]) else None


def _dis_max(document: Body, about: Body) -> Score:
    met = [score for one in about["queries"] if (score := _score(document, one)) is not None]
    return max(met, default=None)


def _script_score(document: Body, about: Body) -> Score:
    score = _score(document, about["query"])
    if score is None:
        return None
    script = about["script"]
    found = re.fullmatch(r"saturation\((_score|doc\['(\w+)'\]\.value), params\.(\w+)\)", script["source"])
    if not found:
        raise BadQuery("compile error")
    value = document[found.group(2)] if found.group(2) else score
    return float(value / (value + script["params"][found.group(3)]) * about.get("boost", 1))


def _term(document: Body, about: Body) -> Score:
    ((name, value),) = about.items()
    return _terms(document, {name: [value]})


def _terms(document: Body, about: Body) -> Score:
    ((name, values),) = about.items()
    wanted = {_normal(name, value) for value in values}
    return 1.0 if wanted & {_normal(name, value) for value in _values(document, name)} else None


def _normal(name: str, value: Any) -> Any:
    return _fold(value) if name == "numbers" else value


def _range(document: Body, about: Body) -> Score:
    ((name, ends),) = about.items()
    value = document[name]
    if name == "published_at":
        value, ends = _moment(value), {end: _moment(text) for end, text in ends.items()}
    tests = {
        "gte": lambda end: value >= end,
        "gt": lambda end: value > end,
        "lte": lambda end: value <= end,
        "lt": lambda end: value < end,
    }
    return 1.0 if all(tests[end](limit) for end, limit in ends.items()) else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _exists(document: Body, about: Body) -> Score:
    return 1.0 if _values(document, about["field"]) else None


def _multi_match(document: Body, about: Body) -> Score:
    known = {
        "query", "fields", "type", "operator", "tie_breaker", "zero_terms_query", "boost", "fuzziness", "prefix_length",
    }  # fmt: skip
    if unknown := set(about) - known:
        raise BadQuery(f"[multi_match] does not know {sorted(unknown)}")
    best: Score = None
    for one in about["fields"]:
        pattern, _, boost = one.partition("^")
        for name, texts in _fields(document, pattern):
            if any(_holds(text, name, about) for text in texts):
                best = max(best or 0.0, float(boost or 1) * about.get("boost", 1))
    return best


def _holds(text: str, name: str, about: Body) -> bool:
    if name == "numbers":
        return _fold(text) == _fold(about["query"])
    stems = name.startswith("words.")
    held, wanted = _words(text, stems), _words(about["query"], stems)
    if not wanted:
        return about.get("zero_terms_query") == "all"
    if about.get("type") == "phrase":
        return any(held[at : at + len(wanted)] == wanted for at in range(len(held)))
    if about.get("type") == "bool_prefix":
        return set(wanted[:-1]) <= set(held) and any(word.startswith(wanted[-1]) for word in held)
    if "fuzziness" in about:
        return all(any(_is_slip(word, other) for other in held) for word in wanted)
    return set(wanted) <= set(held)


def _is_slip(word: str, other: str) -> bool:
    """Whether ``other`` is ``word``, or one letter changed, left out or added, the first letter kept."""
    if word == other:
        return True
    if word[:1] != other[:1] or abs(len(word) - len(other)) > 1 or len(word) < 3:
        return False
    at = next(
        (n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other))
    )
    return word[at + 1 :] == other[at + 1 :] or word[at:] == other[at + 1 :] or word[at + 1 :] == other[at:]


def _fields(document: Body, pattern: str) -> Iterator[tuple[str, list[str]]]:
    if not pattern.startswith("words."):
        yield pattern, _values(document, pattern)
        return
    field = pattern.removeprefix("words.*.")
    for language, words in document["words"].items():
        if field in words:
            yield (
                f"words.{language}.{field}",
                words[field] if isinstance(words[field], list) else [words[field]],
            )


def _values(document: Body, name: str) -> list[Any]:
    value = document.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def _fold(text: str) -> str:
    return "".join(
        one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)
    ).lower()


def _words(text: str, stems: bool) -> list[str]:
    words = re.findall(r"\w+", _fold(text))
    return [re.sub(r"(?<=\w\w)s$", "", word) for word in words] if stems else words


_QUERIES: dict[str, Callable[[Body, Any], Score]] = {
    "bool": _bool,
    "constant_score": _constant,
    "dis_max": _dis_max,
    "exists": _exists,
    "ids": lambda document, about: 1.0 if document["product_id"] in about["values"] else None,
    "match_all": lambda _document, _about: 1.0,
    "match_none": lambda _document, _about: None,
    "multi_match": _multi_match,
    "range": _range,
    "script_score": _script_score,
    "term": _term,
    "terms": _terms,
}


def _aggregated(documents: list[Body], aggregations: Body) -> Body:
    return {name: _aggregate(documents, about) for name, about in aggregations.items()}


def _aggregate(documents: list[Body], about: Body) -> Body:
    kind = next(key for key in about if key != "aggs")
    asked = about[kind]
    match kind:
        case "filter":
            met = [one for one in documents if _meets(one, asked)]
            return {"doc_count": len(met), **_aggregated(met, about.get("aggs", {}))}
        case "adjacency_matrix":
            return {"buckets": _met_together(documents, asked["filters"])}
        case "min" | "max":
            values = [one[asked["field"]] for one in documents]
            return {"value": (min if kind == "min" else max)(values) if values else None}
        case "range":
            counts = Counter(
                each["key"]
                for one in documents
                for each in asked["ranges"]
                if each.get("from", -math.inf) <= one[asked["field"]] < each.get("to", math.inf)
            )
            return {"buckets": {each["key"]: {"doc_count": counts[each["key"]]} for each in asked["ranges"]}}
        case "terms":
            return {"buckets": _buckets(documents, asked)}
    raise BadQuery(f"unknown aggregation [{kind}]")


def _met_together(documents: list[Body], filters: Body) -> list[Body]:
    if len(filters) > 100:
        raise BadQuery("Number of filters is too large, must be less than or equal to: [100]")
    counts: Counter[str] = Counter()
    for one in documents:
        met = sorted(name for name, query in filters.items() if _meets(one, query))
        counts.update(met)
        counts.update("&".join(pair) for pair in combinations(met, 2))
    return [{"key": key, "doc_count": count} for key, count in sorted(counts.items())]


def _buckets(documents: list[Body], asked: Body) -> list[Body]:
    counts = Counter(value for one in documents for value in set(_values(one, asked["field"])))
    for key, wanted in (("include", True), ("exclude", False)):
        if key in asked:
            pattern = re.compile(asked[key])
            counts = Counter({one: n for one, n in counts.items() if bool(pattern.fullmatch(one)) == wanted})
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[: asked.get("size", 10)]
    return [
        {"key": int(value), "key_as_string": str(value).lower(), "doc_count": n}
        if isinstance(value, bool)
        else {"key": value, "doc_count": n}
        for value, n in ranked
    ]
