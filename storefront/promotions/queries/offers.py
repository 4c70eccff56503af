"""What promotions apply to a cart: one statement reads all that may, and what their limits have seen."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
import structlog

from storefront.core.clock import now
from storefront.core.statements import rows
from storefront.pricing.snapshot import CartSnapshot
from storefront.promotions.conditions import Condition, FirstOrder, InGroup, Occasion, Schedule, Uses
from storefront.promotions.evaluation import Reductions, RefusedPromotion, evaluate
from storefront.promotions.models import (
    CustomerGroupMember,
    Promotion,
    PromotionCode,
    PromotionUse,
)
from storefront.promotions.queries.customers import Customer, account, address, is_use_of_customer
from storefront.promotions.queries.past_orders import past_orders
from storefront.promotions.reasons import UnknownCode, Unreadable
from storefront.promotions.rules import Rule, UnreadableRule, terms_from

log = structlog.get_logger(__name__)
LONGEST_CODE = 60


def normal_code(raw: str) -> str:
    """A code as people type it, as it is compared; case does not count."""
    return "".join(raw.split()).upper().replace("\0", "")[:LONGEST_CODE]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The promotions that may apply to a cart, read once: the price of shipping may depend on their first answer."""

    occasion: Occasion
    rules: tuple[Rule, ...] = ()
    unusable: tuple[RefusedPromotion, ...] = ()

    def at(self, shipping: Decimal | None = None) -> Reductions:
        """What they take off; ``shipping`` is its price, None while it is not known."""
        return evaluate(self.rules, self.occasion, shipping, self.unusable)

    def of(self, snapshot: CartSnapshot) -> Candidates:
        """The same for other goods of the same customer at the same moment."""
        return replace(self, occasion=replace(self.occasion, snapshot=snapshot))


def candidates_for(
    snapshot: CartSnapshot,
    customer: Customer,
    code: str = "",
    cart_id: uuid.UUID | None = None,
    *,
    order_id: uuid.UUID | None = None,
    moment: datetime | None = None,
) -> Candidates:
    """The promotions that may apply to ``snapshot`` for ``customer`` with ``code``. One statement.

    What the unfinished order of ``cart_id`` itself holds does not count against it; nor does what ``order_id`` holds,
    an order that is changed. What that uses already goes on counting as long as its goods are right for it, others
    count as of ``moment``, when it was placed.
    """
    moment = moment or now()
    asked = {
        "code": code,
        "moment": moment,
        "order_id": order_id,
        "cart_id": cart_id,
        **customer.asked,
    }
    rules: list[Rule] = []
    unusable: list[RefusedPromotion] = []
    groups: frozenset[uuid.UUID] = frozenset()
    has_ordered = False
    for row in rows(_candidates(), asked):
        groups, has_ordered = frozenset(row.groups or ()), row.has_ordered
        entered = code if row.by_code else ""
        is_kept = order_id is not None and row.own_uses > 0
        if not (row.is_active or is_kept):
            continue
        try:
            rules.append(_kept_rule(row, entered) if is_kept else _rule(row, entered))
        except UnreadableRule as error:
            log.warning("promotion_unreadable", promotion=str(row.id), why=str(error))
            unusable.append(RefusedPromotion(row.id, row.name, entered, Unreadable()))
    if code and not any(one.code for one in rules) and not any(one.code for one in unusable):
        unusable.append(RefusedPromotion(None, "", code, UnknownCode()))
    return Candidates(Occasion(snapshot, moment, groups, has_ordered), tuple(rules), tuple(unusable))


def reductions_for(
    snapshot: CartSnapshot, customer: Customer, code: str = "", cart_id: uuid.UUID | None = None
) -> Reductions:
    """What promotions take off before shipping is known, and why others do not. One statement."""
    return candidates_for(snapshot, customer, code, cart_id).at()


def _rule(row: sa.Row[Any], code: str) -> Rule:
    terms = terms_from(row.kind, row.value, row.currency, row.conditions)
    uses = Uses(
        used=row.used_count - row.own_uses,
        limit=row.usage_limit,
        used_by_customer=row.customer_uses,
        limit_per_customer=row.usage_limit_per_user,
        code_is_spent=row.code_is_spent,
    )
    conditions: tuple[Condition, ...] = (Schedule(row.starts_at, row.ends_at), uses, *terms.conditions)
    return Rule(row.id, row.name, code, row.lane, row.priority, terms.benefit, terms.scope, conditions)


def _kept_rule(row: sa.Row[Any], code: str) -> Rule:
    """A promotion that the order uses: who its customer is and whether it still runs was asked when it was placed."""
    terms = terms_from(row.kind, row.value, row.currency, row.conditions)
    conditions = tuple(one for one in terms.conditions if not isinstance(one, InGroup | FirstOrder))
    return Rule(row.id, row.name, code, row.lane, row.priority, terms.benefit, terms.scope, conditions)


# What a prepared statement is asked for.
_CODE: Any = sa.bindparam("code", type_=Promotion.code.type)
_MOMENT = sa.bindparam("moment", type_=sa.TIMESTAMP(timezone=True))
_CART_ID = sa.bindparam("cart_id", type_=sa.Uuid())
_USER_ID = sa.bindparam("user_id", type_=sa.Uuid())
_OWN_ORDER = sa.bindparam("order_id", type_=sa.Uuid())


@cache
def _candidates() -> sa.Select[Any]:
    """All automatic promotions that are not over, the one of the code, and those that an order which is changed uses.

    With what their limits have seen.
    """
    by_code = sa.or_(Promotion.code.is_not(None), Promotion.has_single_codes)
    automatic = sa.and_(
        sa.not_(by_code),
        Promotion.is_active,
        sa.or_(Promotion.ends_at.is_(None), Promotion.ends_at > _MOMENT),
    )
    columns: tuple[Any, ...] = (
        *(getattr(Promotion, name) for name in _COLUMNS),
        by_code.label("by_code"),
        *_seen_by_limits(),
        past_orders()
        .has_ordered(account(), address(), until=_MOMENT, besides=_OWN_ORDER)
        .label("has_ordered"),
        _groups_of_customer().label("groups"),
    )
    used = sa.select(PromotionUse.promotion_id).where(PromotionUse.order_id == _OWN_ORDER)
    single = sa.and_(PromotionCode.promotion_id == Promotion.id, PromotionCode.code == _CODE)
    return (
        sa.select(*columns)
        .join(PromotionCode, single, isouter=True)
        .where(
            sa.or_(automatic, Promotion.code == _CODE, PromotionCode.id.is_not(None), Promotion.id.in_(used))
        )
    )


def _seen_by_limits() -> tuple[Any, ...]:
    """How often the promotion was used by this order and by this customer, and whether the code is spent."""
    # One order: what a popular promotion was used for is never walked through.
    own = sa.func.coalesce(_OWN_ORDER, past_orders().draft_of_cart(_CART_ID))
    uses = (
        sa.select(sa.func.count()).select_from(PromotionUse).where(PromotionUse.promotion_id == Promotion.id)
    )
    of_others = PromotionUse.order_id.is_distinct_from(own)
    spent = sa.and_(PromotionCode.order_id.is_not(None), PromotionCode.order_id.is_distinct_from(own))
    return (
        uses.where(PromotionUse.order_id == own).scalar_subquery().label("own_uses"),
        uses.where(is_use_of_customer(), of_others).scalar_subquery().label("customer_uses"),
        sa.func.coalesce(spent, sa.false()).label("code_is_spent"),
    )


def _groups_of_customer() -> sa.ScalarSelect[Any]:
    groups = sa.select(sa.func.array_agg(CustomerGroupMember.group_id))
    return groups.where(CustomerGroupMember.user_id == _USER_ID).scalar_subquery()


_COLUMNS = (
    *("id", "name", "kind", "value", "currency", "conditions", "starts_at", "ends_at", "usage_limit"),
    *("usage_limit_per_user", "used_count", "is_active", "lane", "priority"),
)
