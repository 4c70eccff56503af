"""Staff say what a membership costs and gives. Its free shipping is a promotion for the plan's own group."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.accounts.services import require_permission
from storefront.analytics.services import difference, record_audit
from storefront.core.db import release, session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.core.texts import gettext
from storefront.memberships.errors import PlanChangedMeanwhile, PlanNameTaken
from storefront.memberships.models import MembershipPlan
from storefront.memberships.queries import plan as plan_by_id
from storefront.promotions.services import (
    PromotionEdit,
    create_promotion,
    make_group,
    rename_group,
    replace_promotion,
)
from storefront.providers.stripe_subscriptions import stripe_subscriptions


@dataclass(frozen=True, slots=True)
class PlanEdit:
    """A plan as staff write it. ``price`` in the shop's currency; ``free_shipping_over`` None: shipping is not free."""

    name: str
    description: str
    price: Decimal
    interval: str
    free_shipping_over: Decimal | None = None
    has_larger_chat_budget: bool = False
    is_active: bool = True


def create_plan(actor_id: uuid.UUID, edit: PlanEdit) -> uuid.UUID:
    """Save a new plan; returns its id. The provider hears of it by :func:`publish_plan`.

    Raises NotAllowed and :class:`PlanNameTaken`.
    """
    plan_id = new_id()
    with transaction():
        require_permission(actor_id, "promotions", "write")
        group_id = _group(edit)
        values = asdict(edit) | {"currency": current_settings().shop_currency, "group_id": group_id}
        _save(sa.insert(MembershipPlan).values(id=plan_id, **values), edit.name)
        _keep_promotion(actor_id, plan_id, group_id, None, edit)
        record_audit(actor_id, "create", "membership_plan", plan_id, difference({}, asdict(edit)))
    return plan_id


def update_plan(actor_id: uuid.UUID, plan_id: uuid.UUID, version: int, edit: PlanEdit) -> None:
    """Save an edit that was begun on ``version``. Who has the plan keeps its former price: the provider charges that.

    Raises NotAllowed, NotFound, :class:`PlanChangedMeanwhile` and :class:`PlanNameTaken`.
    """
    wanted = asdict(edit)
    with transaction():
        require_permission(actor_id, "promotions", "write")
        stored = session().scalar(
            sa.select(MembershipPlan)
            .where(MembershipPlan.id == plan_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if stored is None:
            raise NotFound("membership_plan", str(plan_id))
        if stored.version != version:
            raise PlanChangedMeanwhile(plan_id)
        changes = difference({name: getattr(stored, name) for name in wanted}, wanted)
        if not changes:
            return
        values: dict[str, Any] = {**wanted, "version": version + 1}
        if {"price", "interval", "name"} & set(changes):
            values["price_id"] = None
        group_id, promotion_id = stored.group_id, stored.promotion_id
        _save(sa.update(MembershipPlan).where(MembershipPlan.id == plan_id).values(**values), edit.name)
        rename_group(group_id, _group_name(edit))
        _keep_promotion(actor_id, plan_id, group_id, promotion_id, edit)
        record_audit(actor_id, "update", "membership_plan", plan_id, changes)


def publish_plan(plan_id: uuid.UUID) -> None:
    """Have the provider know the plan's price, where it does not. No transaction may be open.

    Raises NotFound and ``PaymentProviderFailure``; the plan is then not offered until it is tried again.
    """
    plan = plan_by_id(plan_id)
    if plan.price_id is not None:
        return
    release()
    price_id = stripe_subscriptions().create_price(
        name=plan.name,
        amount=plan.price,
        currency=plan.currency,
        interval=plan.interval,
        key=f"plan-{plan.id}-{plan.version}",
    )
    with transaction():
        unchanged = sa.and_(MembershipPlan.id == plan_id, MembershipPlan.version == plan.version)
        write(sa.update(MembershipPlan).where(unchanged).values(price_id=price_id))


def _group(edit: PlanEdit) -> uuid.UUID:
    taken = sa.select(MembershipPlan.id).where(MembershipPlan.name == edit.name)
    if session().scalar(taken) is not None:
        raise PlanNameTaken(edit.name)
    return make_group(_group_name(edit))


def _group_name(edit: PlanEdit) -> str:
    return f"Membership: {edit.name}"


def _keep_promotion(
    actor_id: uuid.UUID,
    plan_id: uuid.UUID,
    group_id: uuid.UUID,
    promotion_id: uuid.UUID | None,
    edit: PlanEdit,
) -> None:
    """The promotion says what the plan says. One that is not wanted any more is switched off: orders name it."""
    over = edit.free_shipping_over
    if over is None and promotion_id is None:
        return
    conditions: dict[str, Any] = {"groups": [str(group_id)]} | ({"minimum": str(over)} if over else {})
    promotion = PromotionEdit(
        name=gettext("%(plan)s: free shipping", plan=edit.name),
        kind="free_shipping",
        conditions=conditions,
        is_active=over is not None,
    )
    if promotion_id is not None:
        replace_promotion(actor_id, promotion_id, promotion)
        return
    made = create_promotion(actor_id, promotion)
    write(sa.update(MembershipPlan).where(MembershipPlan.id == plan_id).values(promotion_id=made))


def _save(statement: sa.Insert | sa.Update, name: str) -> None:
    try:
        with session().begin_nested():
            write(statement)
    except IntegrityError as error:
        if "uq_membership_plans_name" in str(error.orig):
            raise PlanNameTaken(name) from None
        raise
