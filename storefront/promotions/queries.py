"""Reads of promotions and gift cards: what applies to a cart, what a card still holds."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import CITEXT

from storefront.core.clock import now
from storefront.core.db import session
from storefront.core.ids import digest
from storefront.core.money import ZERO
from storefront.pricing.snapshot import CartSnapshot
from storefront.promotions.conditions import Condition, Occasion, Schedule, Uses
from storefront.promotions.evaluation import Reductions, RefusedPromotion, evaluate
from storefront.promotions.models import (
    CustomerGroupMember,
    GiftCard,
    GiftCardEntry,
    Promotion,
    PromotionCode,
    PromotionUse,
)
from storefront.promotions.reasons import UnknownCode, Unreadable
from storefront.promotions.rules import Rule, UnreadableRule, terms_from

log = structlog.get_logger(__name__)
LONGEST_CODE = 60

# Orders are of a layer above; of their table this module needs no more than whose they are.
_orders = sa.table(
    "orders",
    sa.column("id", sa.Uuid()),
    sa.column("cart_id", sa.Uuid()),
    sa.column("user_id", sa.Uuid()),
    sa.column("guest_email", CITEXT()),
    sa.column("status", sa.Text()),
    sa.column("placed_at", sa.TIMESTAMP(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys: somebody with an account, or a guest, by their e-mail address once it is known."""

    user_id: uuid.UUID | None = None
    email: str = ""

    @property
    def key(self) -> str:
        """How uses are counted: the user's id, or the guest's address."""
        return str(self.user_id) if self.user_id else self.email.strip().lower()


def normal_code(raw: str) -> str:
    """A code as people type it, as it is compared; case does not count."""
    return "".join(raw.split()).upper().replace("\0", "")[:LONGEST_CODE]


def reductions_for(
    snapshot: CartSnapshot,
    customer: Customer,
    code: str = "",
    cart_id: uuid.UUID | None = None,
    shipping: Decimal | None = None,
) -> Reductions:
    """What promotions take off ``snapshot`` for ``customer``, and why others do not. One statement.

    What the unfinished order of ``cart_id`` itself holds does not count against it. ``shipping`` is its price,
    None while it is not known.
    """
    rows = session().execute(
        _candidates(),
        {
            "code": code,
            "moment": now(),
            "customer": customer.key,
            "user_id": customer.user_id,
            "email": "" if customer.user_id else customer.key,
            "cart_id": cart_id,
        },
    )
    rules: list[Rule] = []
    unusable: list[RefusedPromotion] = []
    groups: frozenset[uuid.UUID] = frozenset()
    has_ordered = False
    for row in rows:
        groups, has_ordered = frozenset(row.groups or ()), row.has_ordered
        entered = code if row.by_code else ""
        if not row.is_active:
            continue
        try:
            rules.append(_rule(row, entered))
        except UnreadableRule as error:
            log.warning("promotion_unreadable", promotion=str(row.id), why=str(error))
            unusable.append(RefusedPromotion(row.id, row.name, entered, Unreadable()))
    if code and not any(one.code for one in rules) and not any(one.code for one in unusable):
        unusable.append(RefusedPromotion(None, "", code, UnknownCode()))
    return evaluate(rules, Occasion(snapshot, now(), groups, has_ordered), shipping, unusable)


def _rule(row: sa.Row[Any], code: str) -> Rule:
    terms = terms_from(row.kind, row.value, row.currency, row.conditions)
    own = row.own_uses
    uses = Uses(
        used=row.used_count - own,
        limit=row.usage_limit,
        used_by_customer=row.customer_uses,
        limit_per_customer=row.usage_limit_per_user,
        code_is_spent=row.code_is_spent,
    )
    conditions: tuple[Condition, ...] = (Schedule(row.starts_at, row.ends_at), uses, *terms.conditions)
    return Rule(row.id, row.name, code, row.lane, row.priority, terms.benefit, terms.scope, conditions)


@cache
def _candidates() -> sa.Select[Any]:
    """All automatic promotions that are not over, and the one of the code, with what their limits have seen."""
    code: Any = sa.bindparam("code", type_=Promotion.code.type)
    moment = sa.bindparam("moment", type_=sa.TIMESTAMP(timezone=True))
    cart_id = sa.bindparam("cart_id", type_=sa.Uuid())
    user_id = sa.bindparam("user_id", type_=sa.Uuid())
    # Not "=": without a cart that would be neither true nor false, and its opposite neither.
    own_draft = sa.and_(_orders.c.cart_id.is_not_distinct_from(cart_id), _orders.c.status == "draft")
    uses = (
        sa.select(sa.func.count()).select_from(PromotionUse).where(PromotionUse.promotion_id == Promotion.id)
    )
    joined = uses.join(_orders, _orders.c.id == PromotionUse.order_id)
    of_customer = PromotionUse.customer == sa.bindparam("customer", type_=PromotionUse.customer.type)
    spent = sa.select(_orders.c.id).where(_orders.c.id == PromotionCode.order_id, sa.not_(own_draft)).exists()
    ordered_before = (
        sa.select(_orders.c.id)
        .where(
            sa.or_(
                _orders.c.user_id == user_id,
                sa.and_(_orders.c.user_id.is_(None), _orders.c.guest_email == sa.bindparam("email")),
            ),
            _orders.c.placed_at.is_not(None),
            _orders.c.status != "cancelled",
        )
        .exists()
    )
    groups = (
        sa.select(sa.func.array_agg(CustomerGroupMember.group_id))
        .where(CustomerGroupMember.user_id == user_id)
        .scalar_subquery()
    )
    by_code = sa.or_(Promotion.code.is_not(None), Promotion.has_single_codes)
    automatic = sa.and_(
        sa.not_(by_code),
        Promotion.is_active,
        sa.or_(Promotion.ends_at.is_(None), Promotion.ends_at > moment),
    )
    columns: tuple[Any, ...] = (
        *(getattr(Promotion, name) for name in _COLUMNS),
        by_code.label("by_code"),
        joined.where(own_draft).scalar_subquery().label("own_uses"),
        joined.where(of_customer, sa.not_(own_draft)).scalar_subquery().label("customer_uses"),
        sa.func.coalesce(spent, sa.false()).label("code_is_spent"),
        ordered_before.label("has_ordered"),
        groups.label("groups"),
    )
    single = sa.and_(PromotionCode.promotion_id == Promotion.id, PromotionCode.code == code)
    return (
        sa.select(*columns)
        .join(PromotionCode, single, isouter=True)
        .where(sa.or_(automatic, Promotion.code == code, PromotionCode.id.is_not(None)))
    )


_COLUMNS = (
    *("id", "name", "kind", "value", "currency", "conditions", "starts_at", "ends_at", "usage_limit"),
    *("usage_limit_per_user", "used_count", "is_active", "lane", "priority"),
)


@dataclass(frozen=True, slots=True)
class GiftCardState:
    """A card that can pay now. ``balance`` is what may be spent, what the cart's own draft holds included."""

    id: uuid.UUID
    hint: str
    balance: Decimal
    currency: str
    expires_at: datetime | None

    def share_of(self, total: Decimal, currency: str) -> Decimal:
        """What the card pays of ``total``."""
        return min(self.balance, total) if currency == self.currency else ZERO


def normal_gift_card_code(raw: str) -> str:
    """A gift card's code as people type it, as its digest was made."""
    return "".join(character for character in raw.upper() if character.isalnum())[:LONGEST_CODE]


def gift_card_by_code(raw: str) -> GiftCardState | None:
    """The card with this code, if it can pay; one statement, whatever is wrong with it."""
    return _gift_card(GiftCard.code_hash == digest(normal_gift_card_code(raw)), None)


def gift_card_of(gift_card_id: uuid.UUID | None, cart_id: uuid.UUID | None = None) -> GiftCardState | None:
    """The card that a cart wants to pay with, if it still can. One statement, none without a card."""
    if gift_card_id is None:
        return None
    return _gift_card(GiftCard.id == gift_card_id, cart_id)


def _gift_card(which: sa.ColumnElement[bool], cart_id: uuid.UUID | None) -> GiftCardState | None:
    held = (
        sa.select(sa.func.coalesce(-sa.func.sum(GiftCardEntry.delta), 0))
        .join(_orders, _orders.c.id == GiftCardEntry.order_id)
        .where(
            GiftCardEntry.gift_card_id == GiftCard.id,
            _orders.c.cart_id == cart_id,
            _orders.c.status == "draft",
        )
        .scalar_subquery()
    )
    row = (
        session()
        .execute(
            sa.select(
                GiftCard.id,
                GiftCard.code_hint,
                (GiftCard.balance + held).label("balance"),
                GiftCard.currency,
                GiftCard.expires_at,
            ).where(
                which, GiftCard.is_active, sa.or_(GiftCard.expires_at.is_(None), GiftCard.expires_at > now())
            )
        )
        .one_or_none()
    )
    return GiftCardState(*row) if row is not None and row.balance > 0 else None
