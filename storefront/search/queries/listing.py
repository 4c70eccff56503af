"""The listing: one page of products for a category or a search, whichever engine finds them.

A list costs three statements: the counts, the page's ids, the cards. A text costs as many: its words are looked up,
it is answered, the cards. The first time a text is asked for its neighbours in meaning are a fourth; where words of it
may be a colour, a size or a measure, whether they are is one more (two where only some of them are). A page that finds
nothing spends one on products that sell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec
import sqlalchemy as sa

from storefront.catalog.queries import CARD_COLUMNS, ProductCard, card_from, listed, product_cards
from storefront.core.cache import CacheKind, remembered
from storefront.core.clock import now
from storefront.core.db import release, session
from storefront.search.queries.engine import EngineAnswer, search_engine
from storefront.search.queries.facet_numbers import Fact, keep_facet_numbers
from storefront.search.queries.facets import Facet, facets_of
from storefront.search.queries.guesses import (
    Guesses,
    facts_of,
    guesses_of,
    no_facts,
    phrases_of,
    with_facts,
)
from storefront.search.queries.list_statement import read_position
from storefront.search.queries.meaning import meaning_of
from storefront.search.queries.named_values import named_values
from storefront.search.queries.narrowing import narrowed
from storefront.search.queries.neighbours import VECTORS
from storefront.search.queries.reading import read
from storefront.search.queries.request import ListingRequest
from storefront.search.queries.understanding import Manner, Question, understand, vocabulary_of
from storefront.search.queries.words import Vocabulary

MOST_PAGES_BY_NUMBER = 40
"""Pages that have a number of their own; further on goes from page to page."""


@dataclass(frozen=True, slots=True)
class AppliedFilter:
    """One chosen value, as its facet names it."""

    kind: str
    name: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ListingPage:
    """A page of the list.

    ``request`` is the one that was answered: cleaned, and with the filters that its text named as choices. ``pages``
    are those that have numbers; ``next_after`` and ``previous_before`` lead on from page to page. ``most_shown`` is set
    where the pages do not lead to everything that was found. ``popular`` fills an empty page. ``by_meaning``: what is
    near to the text in meaning took part.
    """

    request: ListingRequest
    cards: tuple[ProductCard, ...]
    total: int
    total_is_exact: bool
    facets: tuple[Facet, ...]
    applied: tuple[AppliedFilter, ...]
    page: int
    pages: int
    next_after: str | None
    previous_before: str | None
    most_shown: int | None
    manner: Manner
    did_you_mean: str | None
    price_least: Decimal | None
    price_most: Decimal | None
    popular: tuple[ProductCard, ...]
    by_meaning: bool = False


@dataclass(frozen=True, slots=True)
class RankedProduct:
    """A found product with its score: higher is better, comparable within one answer only."""

    sku: str
    name: str
    score: float
    card: ProductCard


@dataclass(frozen=True, slots=True)
class _Found:
    """What was asked in the end, how its text was understood, and what the engine says."""

    request: ListingRequest
    question: Question | None
    answer: EngineAnswer


def search_listing(request: ListingRequest) -> ListingPage:
    """The page that ``request`` asks for; anything impossible in it is left out, a page too far is the last."""
    found = _on_a_page_there_is(_find(_placed(request.cleaned())))
    request, answer = found.request, found.answer
    facets = facets_of(request, answer)
    return ListingPage(
        request=request,
        cards=tuple(product_cards([hit.product_id for hit in answer.hits])),
        total=answer.total,
        total_is_exact=answer.total_is_exact,
        facets=facets,
        applied=_applied(request, facets),
        page=request.page,
        pages=_pages(request, answer),
        next_after=answer.next_after,
        previous_before=answer.previous_before,
        most_shown=answer.most_shown if answer.most_shown and answer.most_shown < answer.total else None,
        manner=_manner(found),
        did_you_mean=found.question.did_you_mean if found.question else None,
        price_least=answer.price_least,
        price_most=answer.price_most,
        popular=() if answer.total else tuple(popular_products()),
        by_meaning=answer.by_meaning,
    )


def ranked_products(text: str, limit: int = 20, *, by_meaning: bool = True) -> list[RankedProduct]:
    """The best ``limit`` products for ``text``, in the order of the search page; some hundreds at most."""
    request = ListingRequest(text=text).cleaned()
    if not request.text or limit < 1:
        return []
    hits = _find(replace(request, per_page=limit), by_meaning=by_meaning).answer.hits
    cards = {card.id: card for card in product_cards([hit.product_id for hit in hits])}
    found = ((cards[hit.product_id], hit.score) for hit in hits if hit.product_id in cards)
    return [RankedProduct(card.sku, card.name, round(score, 4), card) for card, score in found]


def _find(request: ListingRequest, *, by_meaning: bool = True) -> _Found:
    """Answer a cleaned request. Colours, sizes and measures in its text are choices where that is more than a guess."""
    if not request.text:
        return _Found(request, None, _answer(request, None, by_meaning=by_meaning))
    narrower, reading = narrowed(request)
    if not reading.rest:
        return _Found(narrower, None, _answer(narrower, None, by_meaning=by_meaning))
    vocabulary = vocabulary_of(reading, phrases_of(reading))
    question = understand(reading, vocabulary)
    guesses = guesses_of(narrower, reading, vocabulary.facts, named_values().brands)
    if guesses:
        keep_facet_numbers({(one.kind, one.name, one.value): one.number for one in vocabulary.facts})
        choices = _choices(narrower, guesses, vocabulary, question)
        if choices.facts:
            chosen, rest = (
                with_facts(narrower, choices.rest, choices.facts),
                understand(read(choices.rest), vocabulary),
            )
            found = _Found(chosen, rest, _answer(chosen, rest, by_meaning=by_meaning))
            if found.answer.total:  # of three facts only each two are known to go together
                return found
    return _Found(narrower, question, _answer(narrower, question, by_meaning=by_meaning))


@dataclass(frozen=True, slots=True)
class _Choices:
    """The facts that a text names, and the ``rest`` of it."""

    rest: str = ""
    facts: tuple[Fact, ...] = ()


def _choices(request: ListingRequest, guesses: Guesses, vocabulary: Vocabulary, whole: Question) -> _Choices:
    """Which facts the guesses in a text are: asked of the engine once, remembered as long as what it finds."""

    def decide() -> _Choices:
        left = guesses
        while left.guesses:
            rest = understand(read(left.rest), vocabulary)
            holders = search_engine().holders(request, rest, whole, left.facts)
            words = no_facts(left, holders)
            if not words:
                return _Choices(left.rest, facts_of(left, holders))
            left = left.without(words)
        return _Choices()

    asked_for = replace(request, sort="relevance", page=1, position="", per_page=1)
    key = msgspec.json.encode((asked_for, guesses, whole)).decode()
    release()
    return remembered(CacheKind.SEARCH_ANSWER, key, _Choices, decide, tags=("catalog", "products"))


def _answer(request: ListingRequest, question: Question | None, *, by_meaning: bool) -> EngineAnswer:
    vector = meaning_of(question.meaning) if question and by_meaning else None
    if question is None:
        return search_engine().answer(request, None, None)
    key = msgspec.json.encode((request, question, vector is not None)).decode()
    release()  # whoever finds the same already is waited for
    return remembered(
        CacheKind.SEARCH_ANSWER,
        key,
        EngineAnswer,
        lambda: search_engine().answer(request, question, vector),
        tags=("catalog", "products", VECTORS),
    )


def _placed(request: ListingRequest) -> ListingRequest:
    """``request`` without a position that no list in its order has written."""
    known = request.position and read_position(request.position, request.sort)
    return request if known or not request.position else replace(request, position="")


def _on_a_page_there_is(found: _Found) -> _Found:
    """``found``, or the last page with a number where what was asked for lies behind everything."""
    request, answer = found.request, found.answer
    if request.position and (answer.next_after or answer.previous_before):
        return found
    # The end of the list has moved before the position, or this list goes by number only.
    nearer = replace(request, page=min(request.page, _pages(request, answer)), position="")
    if nearer.page == request.page and (answer.hits or not answer.total):
        return replace(found, request=nearer)
    return _Found(nearer, found.question, _answer(nearer, found.question, by_meaning=True))


def _pages(request: ListingRequest, answer: EngineAnswer) -> int:
    reachable = min(answer.total, answer.most_shown or answer.total)
    return max(1, min(-(-reachable // request.per_page), MOST_PAGES_BY_NUMBER))


def popular_products(limit: int = 8) -> list[ProductCard]:
    """What sells, in stock: for pages that have found nothing. One statement."""
    rows = session().execute(
        sa.select(*CARD_COLUMNS)
        .where(listed.c.available, listed.c.published_at <= now())
        .order_by(listed.c.standing.desc(), listed.c.product_id.desc())
        .limit(limit)
    )
    return [card_from(row) for row in rows]


def _manner(found: _Found) -> Manner:
    if found.question is None:
        return "exact"
    return found.question.manner if found.answer.together else "partial"


def _applied(request: ListingRequest, facets: tuple[Facet, ...]) -> tuple[AppliedFilter, ...]:
    labels = {
        (facet.kind, facet.name, option.value): option.label for facet in facets for option in facet.options
    }
    chosen: list[tuple[str, str, str]] = []
    if request.text and request.category_slug:
        chosen.append(("category", "", request.category_slug))
    chosen += [("option", name, value) for name, values in request.options.items() for value in values]
    if request.price_min is not None or request.price_max is not None:
        low = "" if request.price_min is None else str(request.price_min)
        chosen.append(("price", "", f"{low}-{'' if request.price_max is None else request.price_max}"))
    chosen += [("brand", "", value) for value in request.brands]
    if request.rating_min is not None:
        chosen.append(("rating", "", str(request.rating_min)))
    if request.in_stock:
        chosen.append(("stock", "", "1"))
    chosen += [
        ("specification", name, value) for name, values in request.specifications.items() for value in values
    ]
    chosen += [("tag", "", value) for value in request.tags]
    return tuple(
        AppliedFilter(kind, name, value, labels.get((kind, name, value)) or value)
        for kind, name, value in chosen
    )
