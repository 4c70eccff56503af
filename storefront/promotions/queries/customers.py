"""Who buys, as limits know them: the account and its address are one customer, signed in or not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT

from storefront.accounts.models import User
from storefront.promotions.models import PromotionUse


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys: somebody with an account, or a guest, by their e-mail address once it is known."""

    user_id: uuid.UUID | None = None
    email: str = ""

    @property
    def address(self) -> str:
        """The guest's address as it is compared; that of an account is looked up."""
        return "" if self.user_id else self.email.strip().lower()

    @property
    def key(self) -> str:
        """By what name a use is written down: the user's id, or the guest's address."""
        return str(self.user_id) if self.user_id else self.address

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of :func:`account` and :func:`address`."""
        return {"user_id": self.user_id, "address": self.address}


_USER_ID = sa.bindparam("user_id", type_=sa.Uuid())
_ADDRESS = sa.bindparam("address", type_=CITEXT())


def account() -> sa.ColumnElement[Any]:
    """The id of the customer's account; a guest's is the one that has their address. A part of a statement."""
    of_address = sa.select(User.id).where(User.email == _ADDRESS, User.deleted_at.is_(None))
    return sa.func.coalesce(_USER_ID, of_address.scalar_subquery())


def address() -> sa.ColumnElement[Any]:
    """The customer's e-mail address, of an account the one that was confirmed; else empty. A part of a statement."""
    of_account = sa.select(User.email).where(User.id == _USER_ID, User.email_verified)
    return sa.func.coalesce(of_account.scalar_subquery(), _ADDRESS)


def is_use_of_customer() -> sa.ColumnElement[bool]:
    """The condition that a use is this customer's: with their account, or with their address, signed in or not."""
    return sa.or_(PromotionUse.customer == sa.cast(account(), CITEXT()), PromotionUse.email == address())
