"""Groups that another domain keeps, such as the members of a plan. Whoever calls has checked who may."""

from __future__ import annotations

import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.core.db import transaction, write
from storefront.core.ids import new_id
from storefront.promotions.models import CustomerGroup, CustomerGroupMember


def make_group(name: str) -> uuid.UUID:
    """A new group of this name; returns its id."""
    group_id = new_id()
    with transaction():
        write(sa.insert(CustomerGroup).values(id=group_id, name=name))
    return group_id


def rename_group(group_id: uuid.UUID, name: str) -> None:
    """Call a group otherwise."""
    with transaction():
        write(sa.update(CustomerGroup).where(CustomerGroup.id == group_id).values(name=name))


def set_group(user_id: uuid.UUID, group_id: uuid.UUID | None, *, among: Collection[uuid.UUID]) -> None:
    """Of the groups ``among`` the person is in this one alone, or in none."""
    row = CustomerGroupMember
    others = [one for one in among if one != group_id]
    with transaction():
        write(sa.delete(row).where(row.user_id == user_id, row.group_id.in_(others)))
        if group_id is not None:
            member = insert(row).values(group_id=group_id, user_id=user_id)
            write(member.on_conflict_do_nothing())
