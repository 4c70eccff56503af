"""Staff set promotions up here: with permission, without overwriting each other, leaving an audit row."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.accounts.services import require_permission
from storefront.analytics.services import difference, record_audit
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.ids import new_id
from storefront.core.settings import current_settings
from storefront.promotions.errors import PromotionChangedMeanwhile, PromotionRefused
from storefront.promotions.models import CustomerGroup, CustomerGroupMember, Promotion, PromotionCode
from storefront.promotions.queries import normal_code
from storefront.promotions.rules import UnreadableRule, terms_from
from storefront.promotions.services.codes import code_of_request, random_code

MOST_CODES = 10_000
_CODE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class PromotionEdit:
    """A promotion as staff write it. ``value`` is per cent or money, by ``kind``; ``conditions`` as stored.

    Without ``code`` and ``has_single_codes`` it is automatic. ``lane`` empty: by what is reduced.
    """

    name: str
    kind: str
    value: Decimal = Decimal(0)
    code: str | None = None
    has_single_codes: bool = False
    conditions: dict[str, Any] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    usage_limit: int | None = None
    usage_limit_per_user: int | None = None
    lane: str = ""
    priority: int = 0
    is_active: bool = True

    def cleaned(self) -> PromotionEdit:
        """With its lane and code as they are stored. Raises :class:`PromotionRefused` for what cannot be."""
        try:
            terms_from(self.kind, self.value, current_settings().shop_currency, self.conditions)
        except UnreadableRule as error:
            raise PromotionRefused("conditions", str(error)) from None
        code = normal_code(self.code or "") or None
        if code and self.has_single_codes:
            raise PromotionRefused("code", "two kinds of codes")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise PromotionRefused("ends_at", "before its start")
        lane = self.lane.strip().lower() or ("shipping" if self.kind == "free_shipping" else "goods")
        # A first order is read, not locked: two at once are stopped by the limit per customer.
        per_user = 1 if self.conditions.get("first_order") else self.usage_limit_per_user
        return replace(self, code=code, lane=lane, usage_limit_per_user=per_user)


def create_promotion(actor_id: uuid.UUID | None, edit: PromotionEdit) -> uuid.UUID:
    """Save a new promotion; returns its id. ``actor_id`` None is the command line.

    Raises NotAllowed and :class:`PromotionRefused`.
    """
    wanted, promotion_id = edit.cleaned(), new_id()
    with transaction():
        _begin(actor_id)
        _save(
            sa.insert(Promotion).values(
                id=promotion_id, **asdict(wanted), currency=current_settings().shop_currency
            )
        )
        record_audit(actor_id, "create", "promotion", promotion_id, difference({}, asdict(wanted)))
    return promotion_id


def update_promotion(
    actor_id: uuid.UUID | None, promotion_id: uuid.UUID, version: int, edit: PromotionEdit
) -> int:
    """Save an edit that was begun on ``version``; returns the new version. Nothing changed: nothing is written.

    Raises NotAllowed, NotFound, :class:`PromotionChangedMeanwhile` and :class:`PromotionRefused`.
    """
    wanted = asdict(edit.cleaned())
    with transaction():
        _begin(actor_id)
        stored = _locked(promotion_id)
        if stored.version != version:
            raise PromotionChangedMeanwhile(promotion_id, version, stored.version)
        if wanted["usage_limit"] is not None and wanted["usage_limit"] < stored.used_count:
            raise PromotionRefused("usage_limit", "below its uses")
        changes = difference({name: getattr(stored, name) for name in wanted}, wanted)
        if not changes:
            return version
        _save(
            sa.update(Promotion)
            .where(Promotion.id == promotion_id)
            .values(**{name: wanted[name] for name in changes}, version=version + 1)
        )
        record_audit(actor_id, "update", "promotion", promotion_id, changes)
    return version + 1


def replace_promotion(actor_id: uuid.UUID | None, promotion_id: uuid.UUID, edit: PromotionEdit) -> None:
    """Make a promotion that another page of the staff's keeps what that page says, whatever it was.

    Raises as :func:`update_promotion`.
    """
    with transaction():
        update_promotion(actor_id, promotion_id, _locked(promotion_id).version, edit)


def set_active(actor_id: uuid.UUID | None, promotion_id: uuid.UUID, is_active: bool) -> None:
    """Switch a promotion on or off. Raises NotAllowed and NotFound."""
    with transaction():
        _begin(actor_id)
        stored = _locked(promotion_id)
        if stored.is_active == is_active:
            return
        changed = {"is_active": is_active, "version": stored.version + 1}
        write(sa.update(Promotion).where(Promotion.id == promotion_id).values(**changed))
        before = {"is_active": stored.is_active}
        record_audit(
            actor_id, "update", "promotion", promotion_id, difference(before, {"is_active": is_active})
        )


def add_codes(
    actor_id: uuid.UUID | None, promotion_id: uuid.UUID, count: int, batch: str = "", request_key: str = ""
) -> list[str]:
    """Make ``count`` codes of one use each; returns them. The same ``request_key`` makes them once, however often it
    comes: then those that were made. Raises NotAllowed, NotFound, :class:`PromotionRefused`.
    """
    if not 1 <= count <= MOST_CODES:
        raise PromotionRefused("count", "range")
    with transaction():
        _begin(actor_id)
        if not _locked(promotion_id).has_single_codes:
            raise PromotionRefused("code", "no single codes")
        # 30 to the power of 12: two equal ones are not to be expected, and the unique key says so.
        codes = [_code(promotion_id, request_key, place) for place in range(count)]
        known = _known(codes) if request_key else set()
        if known:
            return [code for code in codes if code in known]
        rows = [{"promotion_id": promotion_id, "code": code, "batch": batch.strip()[:100]} for code in codes]
        session().execute(sa.insert(PromotionCode), rows)
        record_audit(actor_id, "create", "promotion_codes", promotion_id, metadata={"count": count})
    return codes


def _code(promotion_id: uuid.UUID, request_key: str, place: int) -> str:
    purpose = f"promotion {promotion_id} {place}"
    return code_of_request(request_key, purpose, _CODE_LENGTH) if request_key else random_code(_CODE_LENGTH)


def _known(codes: list[str]) -> set[str]:
    """Those of them that were made before, by the same form."""
    code = sa.cast(PromotionCode.code, sa.Text)
    return set(session().scalars(sa.select(code).where(PromotionCode.code.in_(codes))))


def add_to_group(actor_id: uuid.UUID | None, group: str, user_id: uuid.UUID) -> uuid.UUID:
    """Put somebody into the group of this name, which is made when it is new; returns its id."""
    with transaction():
        _begin(actor_id)
        group_id = session().scalar(sa.select(CustomerGroup.id).where(CustomerGroup.name == group.strip()))
        if group_id is None:
            group_id = new_id()
            session().execute(sa.insert(CustomerGroup).values(id=group_id, name=group.strip()))
        known = sa.select(CustomerGroupMember.user_id).where(
            CustomerGroupMember.group_id == group_id, CustomerGroupMember.user_id == user_id
        )
        if session().scalar(known) is None:
            session().execute(sa.insert(CustomerGroupMember).values(group_id=group_id, user_id=user_id))
            record_audit(actor_id, "create", "customer_group_member", group_id)
    return group_id


def remove_from_group(actor_id: uuid.UUID | None, group_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Take somebody out of a group."""
    with transaction():
        _begin(actor_id)
        membership = sa.and_(CustomerGroupMember.group_id == group_id, CustomerGroupMember.user_id == user_id)
        if write(sa.delete(CustomerGroupMember).where(membership)):
            record_audit(actor_id, "delete", "customer_group_member", group_id)


def _begin(actor_id: uuid.UUID | None) -> None:
    if actor_id is not None:
        require_permission(actor_id, "promotions", "write")


def _locked(promotion_id: uuid.UUID) -> Promotion:
    stored = session().scalar(
        sa.select(Promotion)
        .where(Promotion.id == promotion_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if stored is None:
        raise NotFound("promotion", str(promotion_id))
    return stored


def _save(statement: sa.Insert | sa.Update) -> None:
    try:
        with session().begin_nested():
            write(statement)
    except IntegrityError as error:
        if "uq_promotions_code" in str(error.orig):
            raise PromotionRefused("code", "taken") from None
        if "ck_promotions_lane_is_a_word" in str(error.orig):
            raise PromotionRefused("lane", "no word") from None
        raise
