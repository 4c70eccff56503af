"""Writing and judging reviews. A new one waits for moderation; votes count at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.services import require_permission
from storefront.analytics.services import difference, record_audit
from storefront.catalog.models import Product
from storefront.core.cache_changes import forget_after_commit
from storefront.core.db import session, transaction, write
from storefront.core.errors import InvalidInput, NotFound
from storefront.core.identity import Identity
from storefront.orders.models import Order, OrderItem
from storefront.reviews.errors import AlreadyReviewed, OwnReview, SignInToReview
from storefront.reviews.models import REVIEW_STATUSES, Review, ReviewVote
from storefront.reviews.queries import published_review

LONGEST_TITLE = 120
LONGEST_COMMENT = 4_000
LONGEST_POINT = 120
MOST_POINTS = 5


@dataclass(frozen=True, slots=True)
class NewReview:
    """What a shopper writes. Longer texts than the limits above are refused."""

    rating: int
    title: str
    comment: str
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenReview:
    """The stored review: it shows on the page once ``status`` is ``published``."""

    id: uuid.UUID
    status: str
    is_verified_purchase: bool


def write_review(identity: Identity, product_id: uuid.UUID, review: NewReview) -> WrittenReview:
    """Store ``review`` as pending: staff read it before it shows.

    Raises SignInToReview for a guest, NotFound for a product that is not sold, AlreadyReviewed when this
    person's review exists, InvalidInput for a rating outside 1 to 5 or a text that is empty or too long.
    """
    if identity.user_id is None:
        raise SignInToReview(product_id)
    _check(review)
    with transaction():
        family = _family(product_id)
        verified = _has_bought(identity.user_id, family)
        row = (
            session()
            .execute(
                insert(Review)
                .values(
                    product_id=product_id,
                    user_id=identity.user_id,
                    rating=review.rating,
                    title=review.title.strip() or None,
                    comment=review.comment.strip(),
                    pros=_points(review.pros),
                    cons=_points(review.cons),
                    is_verified_purchase=verified,
                    status="pending",
                )
                # The unique index decides, so that two clicks at once cannot leave two reviews.
                .on_conflict_do_nothing()
                .returning(Review.id)
            )
            .one_or_none()
        )
        if row is None:
            status = session().scalar(
                sa.select(Review.status).where(
                    Review.product_id == product_id,
                    Review.user_id == identity.user_id,
                    Review.deleted_at.is_(None),
                )
            )
            raise AlreadyReviewed(product_id, status or "pending")
        return WrittenReview(row.id, "pending", verified)


def _check(review: NewReview) -> None:
    if review.rating not in (1, 2, 3, 4, 5):
        raise InvalidInput("rating", "Please choose one to five stars.")
    if not review.comment.strip():
        raise InvalidInput("comment", "Please write a sentence or two.")
    if len(review.comment) > LONGEST_COMMENT:
        raise InvalidInput("comment", f"A review has at most {LONGEST_COMMENT} characters.")
    if len(review.title) > LONGEST_TITLE:
        raise InvalidInput("title", f"A title has at most {LONGEST_TITLE} characters.")


def _points(points: Sequence[str]) -> list[str]:
    kept = (point.strip()[:LONGEST_POINT] for point in points)
    return [point for point in kept if point][:MOST_POINTS]


def _family(product_id: uuid.UUID) -> list[uuid.UUID]:
    """The product and its variants; a variant cannot be reviewed by itself."""
    rows = (
        session()
        .execute(
            sa.select(Product.id, Product.parent_id, Product.published_at).where(
                sa.or_(Product.id == product_id, Product.parent_id == product_id),
                Product.deleted_at.is_(None),
                Product.is_active,
            )
        )
        .all()
    )
    if not any(row.id == product_id and row.parent_id is None and row.published_at for row in rows):
        raise NotFound("product", str(product_id))
    return [row.id for row in rows]


def _has_bought(user_id: uuid.UUID, product_ids: Sequence[uuid.UUID]) -> bool:
    bought = sa.exists().where(
        Order.user_id == user_id,
        Order.placed_at.isnot(None),
        Order.cancelled_at.is_(None),
        OrderItem.order_id == Order.id,
        OrderItem.product_id.in_(product_ids),
    )
    return bool(session().scalar(sa.select(bought)))


def vote_helpful(identity: Identity, review_id: uuid.UUID) -> bool:
    """Say that a review helped, or take it back: True when the vote now stands.

    Raises SignInToReview for a guest, NotFound for a review that does not show, OwnReview for one's own.
    """
    if identity.user_id is None:
        raise SignInToReview()
    with transaction():
        review = published_review(review_id)
        if review is None:
            raise NotFound("review", str(review_id))
        if review.author_id == identity.user_id:
            raise OwnReview(review_id)
        withdrawn = (
            session()
            .execute(
                sa.delete(ReviewVote)
                .where(ReviewVote.review_id == review_id, ReviewVote.user_id == identity.user_id)
                .returning(ReviewVote.id)
            )
            .one_or_none()
        )
        if withdrawn is not None:
            return False
        session().execute(
            insert(ReviewVote).values(review_id=review_id, user_id=identity.user_id).on_conflict_do_nothing()
        )
        return True


def moderate(actor_id: uuid.UUID | None, review_id: uuid.UUID, *, status: str) -> None:
    """Publish, reject or put back a review, leaving an audit row; ``actor_id`` None is the command line.

    Raises NotAllowed, NotFound for an unknown review and InvalidInput for an unknown ``status``.
    """
    if status not in REVIEW_STATUSES:
        raise InvalidInput("status", "Choose pending, published or rejected.")
    with transaction():
        if actor_id is not None:
            require_permission(actor_id, "reviews", "write")
        before = session().scalar(
            sa.select(Review.status)
            .where(Review.id == review_id, Review.deleted_at.is_(None))
            .with_for_update()
        )
        if before is None:
            raise NotFound("review", str(review_id))
        if before == status:
            return
        forget_after_commit()
        write(sa.update(Review).where(Review.id == review_id).values(status=status))
        changes = difference({"status": before}, {"status": status})
        record_audit(actor_id, "moderate", "review", review_id, changes)
