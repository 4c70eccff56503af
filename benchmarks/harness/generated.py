"""A generated catalog of any size: the same one every time, and a smaller one is the beginning of a bigger one.

200 categories on three levels (8, 32, 160), 100 brands, 20,000 made-up words drawn as in a language (Zipf with a
flat head, so that none of them is a stop word in effect). A name has 4 to 8 words, a description 60 to 120;
``COMMON`` is in every tenth description, ``RARE`` in every thousandth. Every product has a colour, a material and a
size among its specifications, one or two tags, stock (every twentieth is sold out) and a picture.

Nothing is kept: rows come one after the other, so that a million products need no more memory than ten.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

COMMON, RARE = "cottonade", "zephyrium"
COLOURS = (
    "black",
    "white",
    "grey",
    "navy",
    "blue",
    "green",
    "olive",
    "red",
    "orange",
    "yellow",
    "purple",
    "brown",
)
MATERIALS = ("cotton", "wool", "linen", "leather", "steel", "aluminium", "oak", "glass")
SIZES = ("XS", "S", "M", "L", "XL", "XXL")
TAGS = (
    "new",
    "sale",
    "gift",
    "eco",
    "handmade",
    "travel",
    "outdoor",
    "kids",
    "office",
    "winter",
    "summer",
    "bestseller",
)

_SEED = 20240601
_WORDS = 20_000
_HEAD = 40
_EXPONENT = 0.8
_DRAWS = 1 << 16
_CONSONANTS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "w",
    "z",
    "br",
    "cr",
    "dr",
    "fl",
    "gr",
    "pl",
    "sl",
    "st",
    "tr",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "oo"]
_ENDINGS = ("", "n", "r", "l", "s", "t", "m")
_FIRST_DAY = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
_NAMESPACE = uuid.UUID("5f0d7c52-9f5b-4f5e-9b5e-0d6f1a1c2b3d")


@dataclass(frozen=True, slots=True)
class Brand:
    """A maker; ``number`` counts from 1."""

    number: int
    id: uuid.UUID
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Category:
    """A node of the tree; ``level`` 1 is below the root, only level 3 holds products."""

    number: int
    id: uuid.UUID
    parent: Category | None
    name: str
    slug: str
    level: int


@dataclass(frozen=True, slots=True)
class Product:
    """One product; prices in cents."""

    number: int
    id: uuid.UUID
    name: str
    slug: str
    sku: str
    description: str
    short_description: str
    cents: int
    stock: int
    brand: Brand
    category: Category
    colour: str
    material: str
    size: str
    tags: tuple[str, ...]
    is_featured: bool
    published_at: dt.datetime


@cache
def vocabulary() -> tuple[str, ...]:
    """All words, the most frequent first."""
    chance, words = random.Random(_SEED), dict[str, None]()
    while len(words) < _WORDS:
        syllables = (chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(chance.randint(2, 3)))
        word = "".join(syllables) + chance.choice(_ENDINGS)
        if 4 <= len(word) <= 12:
            words[word] = None
    return tuple(words)


@cache
def _drawn_words() -> tuple[str, ...]:
    """A word for each of 65,536 equally likely draws: two random bytes choose a word, at a fifth of the cost."""
    weights = [1.0 / (rank + _HEAD) ** _EXPONENT for rank in range(_WORDS)]
    whole = sum(weights)
    ends = [round(_DRAWS * passed / whole) for passed in itertools.accumulate(weights)]
    return tuple(
        word
        for word, start, end in zip(vocabulary(), [0, *ends], ends, strict=False)
        for _ in range(end - start)
    )


@cache
def brands() -> tuple[Brand, ...]:
    """The 100 brands."""
    names = [f"Brand {word.capitalize()}" for word in vocabulary()[500:600]]
    return tuple(
        Brand(number, uuid.uuid5(_NAMESPACE, f"brand {number}"), name, name.lower().replace(" ", "-"))
        for number, name in enumerate(names, start=1)
    )


@cache
def categories() -> tuple[Category, ...]:
    """The 200 categories, parents before their children."""
    made: list[Category] = []

    def add(kind: str, word: str, parent: Category | None) -> Category:
        number, name = len(made) + 1, f"{kind} {word}"
        level = parent.level + 1 if parent else 1
        key = uuid.uuid5(_NAMESPACE, f"category {number}")
        made.append(Category(number, key, parent, name, name.lower().replace(" ", "-"), level))
        return made[-1]

    words = iter(vocabulary()[1000:1200])
    for _department in range(8):
        department = add("Department", next(words), None)
        for _section in range(4):
            section = add("Section", next(words), department)
            for _range in range(5):
                add("Range", next(words), section)
    return tuple(made)


def products(count: int) -> Iterator[Product]:
    """The first ``count`` products, one after the other."""
    chance = random.Random(_SEED + 1)
    leaves = [one for one in categories() if one.level == 3]
    makers, table = brands(), _drawn_words()

    def words(how_many: int) -> list[str]:
        draws = memoryview(chance.randbytes(2 * how_many)).cast("H")
        return [table[draw] for draw in draws]

    for number in range(1, count + 1):
        name = words(chance.randrange(4, 9))
        text = words(chance.randrange(60, 121))
        if chance.random() < 0.1:
            text[chance.randrange(len(text))] = COMMON
        if chance.random() < 0.001:
            text[chance.randrange(len(text))] = RARE
        sentence = " ".join(text)
        yield Product(
            number=number,
            id=_product_id(number),
            name=" ".join(name).capitalize(),
            slug=f"{'-'.join(name)}-{number}",
            sku=f"G-{number:07d}",
            description=sentence.capitalize() + ".",
            short_description=" ".join(text[:10]).capitalize() + ".",
            cents=chance.randrange(199, 50_000),
            stock=0 if chance.random() < 0.05 else chance.randrange(1, 500),
            brand=makers[chance.randrange(100)],
            category=leaves[chance.randrange(len(leaves))],
            colour=COLOURS[chance.randrange(12)],
            material=MATERIALS[chance.randrange(8)],
            size=SIZES[chance.randrange(6)],
            tags=tuple({TAGS[chance.randrange(12)]: None, TAGS[chance.randrange(12)]: None}),
            is_featured=chance.random() < 0.01,
            published_at=_FIRST_DAY + dt.timedelta(seconds=30 * number),
        )


def _product_id(number: int) -> uuid.UUID:
    """In the order of the numbers, as the shop's own keys are in the order of time."""
    moment = int(_FIRST_DAY.timestamp() * 1000) + number
    return uuid.UUID(int=(moment << 80) | (0x7 << 76) | (0b10 << 62) | number)


def search_texts() -> dict[str, Sequence[str]]:
    """What is searched for, by the kind of search: each of them is found in a catalog of 10,000."""
    word = vocabulary()
    mixed = [COMMON, RARE, *(word[place] for place in (50, 200, 700, 2000, 6000))]
    mixed += [f"{word[20]} {word[60]}", f"{word[5]} {word[300]}", f"{COMMON} {word[10]}"]
    return {
        "common word": [COMMON],
        "rare word": [RARE],
        "misspelt": list(misspelt_texts()),
        "three words": [f"{word[2]} {word[7]} {word[12]}", f"{word[1]} {word[4]} {word[30]}"],
        "mixed": mixed,
    }


def misspelt_texts() -> dict[str, str]:
    """Words with a typing mistake, each with the word that was meant."""
    word = vocabulary()
    meant = {"cotonade": COMMON, "zephirium": RARE}
    return meant | {_misspelt(word[place]): word[place] for place in (700, 2000)}


def _misspelt(word: str) -> str:
    """Two letters in the middle have changed places."""
    middle = len(word) // 2
    return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
