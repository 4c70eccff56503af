"""What the reviews refuse."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from storefront.core.errors import DomainError


@dataclass
class SignInToReview(DomainError):
    """Only somebody with an account may write a review or vote."""

    product_id: uuid.UUID | None = None


@dataclass
class AlreadyReviewed(DomainError):
    """This person's living review of this product exists; ``status`` says whether it shows yet."""

    product_id: uuid.UUID
    status: str


@dataclass
class OwnReview(DomainError):
    """Nobody votes for their own review."""

    review_id: uuid.UUID
