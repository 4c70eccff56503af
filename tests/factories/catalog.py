"""A catalog to look at: brands, a category tree, products with variants, reviews.

Everything is committed; call it with an application context pushed. The read model follows by its triggers.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storefront.catalog.models import Brand, Category
from storefront.catalog.queries import forget_category_tree
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.slugs import slugify
from storefront.reviews.models import Review
from tests.factories import buying
from tests.factories.accounts import make_user

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Made:
    """A row that a page can be asked for: its id and its slug."""

    id: uuid.UUID
    slug: str


def make_brand(name: str = "Tarnholt") -> Made:
    """A brand."""
    made = Made(new_id(), slugify(name))
    with transaction():
        session().add(Brand(id=made.id, name=name, slug=made.slug, extra={}))
    return made


def make_category(name: str = "Tents", parent: Made | None = None, **values: Any) -> Made:
    """A category, under ``parent`` or as a department."""
    made = Made(new_id(), slugify(name))
    with transaction():
        session().add(
            Category(
                id=made.id,
                name=name,
                slug=made.slug,
                parent_id=parent.id if parent else None,
                **{"extra": {}, **values},
            )
        )
    forget_category_tree()
    return made


def make_product(
    name: str = "Kettle",
    price: str = "20.00",
    stock: int = 10,
    *,
    category: Made | None = None,
    brand: Made | None = None,
    **values: Any,
) -> Made:
    """A product on sale, named in its slug."""
    slug = values.pop("slug", f"{slugify(name)}-{next(_numbers)}")
    product_id = buying.make_product(
        name,
        price,
        stock,
        slug=slug,
        category_id=category.id if category else None,
        brand_id=brand.id if brand else None,
        **values,
    )
    return Made(product_id, slug)


def make_variants(parent: Made, options: Sequence[dict[str, str]], **values: Any) -> list[Made]:
    """A variant of ``parent`` for each of ``options``, in their order."""
    return [
        make_product(f"{parent.slug} {' '.join(one.values())}", parent_id=parent.id, options=one, **values)
        for one in options
    ]


def make_picture(key: str = "pictures/tent", alt: str = "A tent") -> dict[str, object]:
    """A picture as products store it."""
    return {"key": key, "alt": alt, "width": 1440, "height": 1440}


def make_review(
    product: Made,
    rating: int = 5,
    comment: str = "Stood through a storm.",
    *,
    status: str = "published",
    user_id: uuid.UUID | None = None,
    **values: Any,
) -> uuid.UUID:
    """A review by somebody new, or by ``user_id``."""
    review_id = new_id()
    author = user_id or make_user(first_name="Agnes").id
    with transaction():
        session().add(
            Review(
                id=review_id,
                product_id=product.id,
                user_id=author,
                rating=rating,
                title=values.pop("title", "Good"),
                comment=comment,
                status=status,
                **values,
            )
        )
    return review_id
