"""Reads of reviews: what a product page and its list of reviews show."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.catalog.models import Product
from storefront.core.db import session
from storefront.core.statements import first
from storefront.reviews.models import Review, ReviewVote

PER_PAGE = 5
SORTS = ("helpful", "newest", "best", "worst")


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A published review. ``author`` is a first name, or None where it may not or cannot be shown."""

    id: uuid.UUID
    rating: int
    title: str
    comment: str
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    author: str | None
    is_verified_purchase: bool
    helpful_count: int
    voted: bool
    own: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """One page of a product's reviews. ``by_stars`` counts all published ones, whatever is filtered."""

    product_id: uuid.UUID
    items: tuple[ReviewView, ...]
    by_stars: tuple[tuple[int, int], ...]
    stars: int | None
    sort: str
    number: int
    pages: int
    own_status: str | None

    @property
    def total(self) -> int:
        """How many published reviews the product has."""
        return sum(count for _stars, count in self.by_stars)

    @property
    def shown_total(self) -> int:
        """How many of them the filter leaves."""
        return self.total if self.stars is None else dict(self.by_stars).get(self.stars, 0)

    @property
    def average(self) -> Decimal | None:
        """The mean of all published ratings, to two places."""
        if not self.total:
            return None
        points = sum(stars * count for stars, count in self.by_stars)
        return (Decimal(points) / self.total).quantize(Decimal("0.01"))


_ORDERS: dict[str, tuple[Any, ...]] = {
    "helpful": (Review.helpful_count.desc(), Review.is_verified_purchase.desc(), Review.created_at.desc()),
    "newest": (Review.created_at.desc(),),
    "best": (Review.rating.desc(), Review.helpful_count.desc(), Review.created_at.desc()),
    "worst": (Review.rating, Review.helpful_count.desc(), Review.created_at.desc()),
}


def reviews_page(
    product_id: uuid.UUID,
    *,
    viewer_id: uuid.UUID | None = None,
    stars: int | None = None,
    sort: str = "helpful",
    number: int = 1,
) -> ReviewsPage:
    """A page of the published reviews of ``product_id`` with the count per star, in one statement.

    Unknown ``sort`` and ``stars`` outside 1 to 5 mean the usual order and all of them; a page beyond the last
    shows the last one. ``viewer_id`` marks that person's own review and votes.
    """
    sort = sort if sort in _ORDERS else "helpful"
    stars = stars if stars in (1, 2, 3, 4, 5) else None
    asked = {"product_id": product_id, "viewer_id": viewer_id, "stars": stars, "number": max(number, 1)}
    statement = _statement(viewer_id is not None, stars is not None, sort)
    row = first(statement, asked)
    counts = {int(key): int(value) for key, value in (row.by_stars or {}).items()}
    by_stars = tuple((value, counts.get(value, 0)) for value in (5, 4, 3, 2, 1))
    left = sum(counts.values()) if stars is None else counts.get(stars, 0)
    pages = max(1, -(-left // PER_PAGE))
    return ReviewsPage(
        product_id=product_id,
        items=tuple(_view(item) for item in row.items or ()),
        by_stars=by_stars,
        stars=stars,
        sort=sort,
        number=min(max(number, 1), pages),
        pages=pages,
        own_status=row.own_status,
    )


def no_reviews(product_id: uuid.UUID) -> ReviewsPage:
    """The first page of a product that nobody has reviewed, as a guest sees it. No statement."""
    by_stars = tuple((stars, 0) for stars in (5, 4, 3, 2, 1))
    return ReviewsPage(product_id, (), by_stars, None, "helpful", 1, 1, None)


# What a prepared statement is asked for.
_PRODUCT_ID = sa.bindparam("product_id", type_=sa.Uuid())
_VIEWER_ID = sa.bindparam("viewer_id", type_=sa.Uuid())
_STARS = sa.bindparam("stars", type_=sa.Integer())
_NUMBER = sa.bindparam("number", type_=sa.Integer())
_PUBLISHED = (Review.product_id == _PRODUCT_ID, Review.status == "published", Review.deleted_at.is_(None))


@cache
def _statement(for_viewer: bool, by_stars: bool, sort: str) -> sa.Select[Any]:
    """One page of reviews as JSON, with how many there are by stars, and how the viewer's own one stands."""
    counted = sa.select(Review.rating, sa.func.count().label("n")).where(*_PUBLISHED).group_by(Review.rating)
    counts = counted.cte("counts")
    histogram = sa.select(sa.func.jsonb_object_agg(sa.cast(counts.c.rating, sa.Text()), counts.c.n))
    left = sa.select(sa.func.coalesce(sa.func.sum(counts.c.n), 0))
    if by_stars:
        left = left.where(counts.c.rating == _STARS)
    last_page = sa.func.greatest(sa.func.ceil(left.scalar_subquery() / float(PER_PAGE)), 1)
    chosen = _chosen(for_viewer, by_stars, sort, last_page).subquery("chosen")
    in_order = sa.func.to_jsonb(sa.literal_column("chosen")).op("ORDER BY")(sa.literal_column("chosen.place"))
    items = sa.select(sa.func.jsonb_agg(in_order)).select_from(chosen)
    of_viewer = (Review.product_id == _PRODUCT_ID, Review.user_id == _VIEWER_ID, Review.deleted_at.is_(None))
    own = sa.select(Review.status).where(*of_viewer)
    return sa.select(
        histogram.scalar_subquery().label("by_stars"),
        items.scalar_subquery().label("items"),
        (own.scalar_subquery() if for_viewer else sa.null()).label("own_status"),
    )


def _chosen(for_viewer: bool, by_stars: bool, sort: str, last_page: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The reviews of the page that was asked for; of the last one where it lies behind that."""
    voted = sa.exists().where(ReviewVote.review_id == Review.id, ReviewVote.user_id == _VIEWER_ID)
    columns: tuple[Any, ...] = (
        Review.id,
        Review.rating,
        Review.title,
        Review.comment,
        Review.pros,
        Review.cons,
        Review.is_verified_purchase,
        Review.helpful_count,
        Review.created_at,
        User.first_name.label("author"),
        (voted if for_viewer else sa.false()).label("voted"),
        ((Review.user_id == _VIEWER_ID) if for_viewer else sa.false()).label("own"),
        sa.func.row_number().over(order_by=(*_ORDERS[sort], Review.id)).label("place"),
    )
    return (
        sa.select(*columns)
        .join(User, sa.and_(User.id == Review.user_id, User.deleted_at.is_(None)), isouter=True)
        .where(*_PUBLISHED, *((Review.rating == _STARS,) if by_stars else ()))
        .order_by(*_ORDERS[sort], Review.id)
        .limit(PER_PAGE)
        .offset(sa.cast(sa.func.least(_NUMBER - 1, last_page - 1) * PER_PAGE, sa.BigInteger()))
    )


def _view(item: dict[str, Any]) -> ReviewView:
    return ReviewView(
        id=uuid.UUID(item["id"]),
        rating=item["rating"],
        title=item["title"] or "",
        comment=item["comment"] or "",
        pros=tuple(item["pros"] or ()),
        cons=tuple(item["cons"] or ()),
        author=item["author"],
        is_verified_purchase=item["is_verified_purchase"],
        helpful_count=item["helpful_count"],
        voted=item["voted"],
        own=item["own"],
        created_at=datetime.fromisoformat(item["created_at"]),
    )


@dataclass(frozen=True, slots=True)
class ReviewedProduct:
    """Which product a review is about."""

    product_id: uuid.UUID
    author_id: uuid.UUID


def published_review(review_id: uuid.UUID) -> ReviewedProduct | None:
    """The published review ``review_id``, or None."""
    row = (
        session()
        .execute(
            sa.select(Review.product_id, Review.user_id).where(
                Review.id == review_id, Review.status == "published", Review.deleted_at.is_(None)
            )
        )
        .one_or_none()
    )
    return None if row is None else ReviewedProduct(row.product_id, row.user_id)


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """A review that nobody has judged yet."""

    id: uuid.UUID
    product: str
    rating: int
    title: str
    comment: str
    is_verified_purchase: bool
    created_at: datetime


def waiting_reviews(limit: int = 50) -> list[WaitingReview]:
    """The reviews that wait for moderation, the oldest first. One statement."""
    rows = session().execute(
        sa.select(Review, Product.name.label("product"))
        .join(Product, Product.id == Review.product_id)
        .where(Review.status == "pending", Review.deleted_at.is_(None))
        .order_by(Review.created_at, Review.id)
        .limit(limit)
    )
    return [
        WaitingReview(
            row.Review.id,
            row.product,
            row.Review.rating,
            row.Review.title or "",
            row.Review.comment or "",
            row.Review.is_verified_purchase,
            row.Review.created_at,
        )
        for row in rows
    ]
