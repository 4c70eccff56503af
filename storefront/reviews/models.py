"""What shoppers say about products, and who found it helpful."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_ARRAY, EMPTY_LIST, EMPTY_OBJECT, LIVING, gin, one_of
from storefront.core.db import Base, Created, Identified, SoftDeleted, Timestamped

REVIEW_STATUSES = ("pending", "published", "rejected")


class Review(Identified, Timestamped, SoftDeleted, Base):
    """One person's review of one product; only published ones count and show."""

    __tablename__ = "reviews"
    __table_args__ = (
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
        sa.CheckConstraint("helpful_count >= 0", name="helpful_count_not_negative"),
        one_of("status", REVIEW_STATUSES),
        sa.Index(
            "uq_reviews_user_product_living", "user_id", "product_id", unique=True, postgresql_where=LIVING
        ),
        sa.Index(
            "ix_reviews_product_id_created_at",
            "product_id",
            sa.text("created_at DESC"),
            postgresql_where=LIVING,
        ),
        # For the foreign keys: erasing a person or a product looks for deleted reviews too.
        sa.Index("ix_reviews_product_id", "product_id"),
        sa.Index("ix_reviews_user_id", "user_id"),
        sa.Index("ix_reviews_rating", "rating", postgresql_where=LIVING),
        sa.Index(
            "ix_reviews_status_created_at", "status", sa.text("created_at DESC"), postgresql_where=LIVING
        ),
        gin("ix_reviews_metadata", "metadata"),
    )

    product_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("products.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    rating: Mapped[int] = mapped_column(sa.SmallInteger)
    title: Mapped[str | None]
    comment: Mapped[str | None]
    pros: Mapped[list[str]] = mapped_column(default=list, server_default=EMPTY_ARRAY)
    cons: Mapped[list[str]] = mapped_column(default=list, server_default=EMPTY_ARRAY)
    is_verified_purchase: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    helpful_count: Mapped[int] = mapped_column(default=0, server_default="0")
    images: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default=EMPTY_OBJECT)
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")


class ReviewVote(Identified, Created, Base):
    """Somebody found a review helpful; a trigger keeps the review's helpful_count."""

    __tablename__ = "review_votes"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "user_id"),
        sa.Index("ix_review_votes_user_id", "user_id"),
    )

    review_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("reviews.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
