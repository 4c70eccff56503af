"""What is asked of our shop and, to compare, of the bare page: the same things from the same catalog."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from harness.generated import brands, categories, misspelt_texts, search_texts, vocabulary
from harness.instances import Instance
from harness.load import Request
from harness.servers import ALL_ANEW, AS_SET_UP, PAGES_ANEW

PRODUCTS = 200
VISITS = 1_000
_SEED = 7
_TYPED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: requests to our shop and their counterparts to the bare page.

    ``aim`` is the share of the bare page's requests per second that is asked for; ``shop`` the environment of the shop
    that is asked (:mod:`harness.servers`).
    """

    name: str
    ours: Sequence[Request]
    bare: Sequence[Request]
    aim: float | None = None
    shop: Mapping[str, str] = field(default_factory=lambda: PAGES_ANEW)


def rows(instance: Instance) -> list[Row]:
    """All lines for one instance."""
    chance = random.Random(_SEED)
    search_aim = 0.9 if instance.products < 100_000 else 1.3
    everything = _page("/search")
    return [
        Row("listing", [everything], [_page("/list")], 0.6),
        Row("category", *_categories(instance, chance), aim=0.6),
        Row("category, two facets", *_narrowed(instance, chance), aim=0.6),
        Row("product", *_products(instance, chance), aim=0.6),
        *_searches(search_aim),
        Row("suggestions", *_suggestions()),
        Row("add to cart", *_additions(instance, chance), aim=0.6),
        Row("listing, kept for guests", [everything], [_page("/list")], 3.0, AS_SET_UP),
        Row("listing, all anew", [everything], [_page("/list")], shop=ALL_ANEW),
        Row("category, all anew", *_categories(instance, chance), shop=ALL_ANEW),
    ]


def _page(path: str, holds: str = 'class="product-card"') -> Request:
    return Request(path, holds=holds)


def _numbers(instance: Instance, table: str) -> Mapping[str, int]:
    return {name: number for number, name in instance.fetch(f"SELECT id, name FROM bare.{table}")}  # noqa: S608


def _categories(instance: Instance, chance: random.Random) -> tuple[list[Request], list[Request]]:
    """All categories, some far oftener than others, as people visit them."""
    numbers = _numbers(instance, "category")
    shuffled = chance.sample(categories(), len(categories()))
    weights = [1 / place for place in range(1, len(shuffled) + 1)]
    asked = [*shuffled, *chance.choices(shuffled, weights, k=VISITS - len(shuffled))]
    chance.shuffle(asked)
    return [_page(f"/c/{one.slug}") for one in asked], [_page(f"/cat/{numbers[one.name]}") for one in asked]


def _narrowed(instance: Instance, chance: random.Random) -> tuple[list[Request], list[Request]]:
    """Departments, two brands of each, in stock: two facets are chosen."""
    of_category, of_brand = _numbers(instance, "category"), _numbers(instance, "brand")
    ours, bare = [], []
    for one in categories():
        if one.level == 1:
            for _time in range(4):
                chosen = chance.sample(brands(), 2)
                ours.append(
                    _page(f"/c/{one.slug}?{'&'.join(f'brand={brand.slug}' for brand in chosen)}&stock=1")
                )
                narrowed = "&".join(f"brand={of_brand[brand.name]}" for brand in chosen)
                bare.append(_page(f"/cat/{of_category[one.name]}?{narrowed}"))
    return ours, bare


def _products(instance: Instance, chance: random.Random) -> tuple[list[Request], list[Request]]:
    numbers = sorted(chance.sample(range(1, instance.products + 1), PRODUCTS))
    found = instance.fetch("SELECT id, slug FROM bare.product WHERE id = ANY (%s) ORDER BY id", numbers)
    ours = [_page(f"/p/{slug}", "About this product") for _number, slug in found]
    return ours, [_page(f"/p/{number}", "About this product") for number in numbers]


def _searches(aim: float) -> Iterable[Row]:
    meant = misspelt_texts()
    for kind, asked in search_texts().items():
        ours = [_page(f"/search?q={quote(text)}") for text in asked]
        # The bare page forgives no mistake: it is asked for the words as they should be.
        bare = [_page(f"/search?q={quote(meant.get(text, text))}") for text in asked]
        yield Row(f"search: {kind}", ours, bare, aim)


def _suggestions() -> tuple[list[Request], list[Request]]:
    words = vocabulary()
    typed = [words[place][:size] for place in (20, 50, 200, 300, 700, 2000) for size in range(_TYPED, 7)]
    swap = (("HX-Request", "true"),)
    ours = [Request(f"/search/suggest?q={quote(text)}", headers=swap, holds="suggest") for text in typed]
    return ours, [Request(f"/suggest?q={quote(text)}", holds="suggest") for text in typed]


def _additions(instance: Instance, chance: random.Random) -> tuple[list[Request], list[Request]]:
    """Each by somebody new: a session, a cart and a line are made."""
    found = instance.fetch(
        "SELECT b.id, p.id FROM bare.product AS b JOIN products AS p ON p.slug = b.slug"
        " WHERE b.id = ANY (%s) AND b.stock > 0 ORDER BY b.id",
        sorted(chance.sample(range(1, instance.products + 1), PRODUCTS)),
    )
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin"))
    ours = [
        Request("/cart/lines", "POST", headers, f"product_id={product}&quantity=1", 303)
        for _number, product in found
    ]
    return ours, [Request(f"/add/{number}", "POST", status=303) for number, _product in found]
