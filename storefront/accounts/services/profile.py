"""What shoppers write about themselves: name, phone, address book."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storefront.accounts.address_rules import normal_address
from storefront.accounts.errors import AddressBookFull
from storefront.accounts.models import Address, User
from storefront.core.db import transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.ids import new_id

ADDRESSES_KEPT = 30


@dataclass(frozen=True, slots=True)
class AddressInput:
    """A postal address as somebody typed it. ``country`` is the ISO 3166 code."""

    full_name: str
    line1: str
    postal_code: str
    city: str
    country: str
    line2: str = ""
    company: str = ""
    region: str = ""
    phone: str = ""
    label: str = ""


def update_profile(
    identity: Identity, *, first_name: str, last_name: str, phone: str = "", company_name: str = ""
) -> None:
    """Change the person's own name, phone and company. Raises :class:`NotFound` for a guest."""
    values = {
        "first_name": first_name,
        "last_name": last_name,
        "phone": phone,
        "company_name": company_name,
    }
    with transaction() as current:
        changed = current.scalar(
            sa.update(User)
            .where(User.id == identity.user_id, User.deleted_at.is_(None))
            .values(**{name: value.strip() or None for name, value in values.items()})
            .returning(User.id)
            .execution_options(synchronize_session=False)
        )
        if changed is None:
            raise NotFound("user")


def speak(user_id: uuid.UUID, language: str) -> None:
    """From now on pages and letters are in ``language`` for this person."""
    with transaction() as current:
        current.execute(
            sa.update(User)
            .where(User.id == user_id)
            .values(language=language)
            .execution_options(synchronize_session=False)
        )


def add_address(
    identity: Identity,
    address: AddressInput,
    *,
    default_shipping: bool = False,
    default_billing: bool = False,
) -> uuid.UUID:
    """Put an address into the person's book; their first one becomes the default for both.

    Raises :class:`AddressRefused`, :class:`AddressBookFull`, and :class:`NotFound` for a guest.
    """
    values = _values(address)
    address_id = new_id()
    with transaction() as current:
        user_id = _lock_book(current, identity)
        count = current.scalar(sa.select(sa.func.count()).where(Address.user_id == user_id)) or 0
        if count >= ADDRESSES_KEPT:
            raise AddressBookFull(ADDRESSES_KEPT)
        current.execute(sa.insert(Address).values(id=address_id, user_id=user_id, **values))
        _make_default(
            current, user_id, address_id, default_shipping or not count, default_billing or not count
        )
    return address_id


def change_address(
    identity: Identity,
    address_id: uuid.UUID,
    address: AddressInput,
    *,
    default_shipping: bool = False,
    default_billing: bool = False,
) -> None:
    """Change an address of the person's own. A default stays one until another takes its place.

    Raises :class:`AddressRefused`, and :class:`NotFound` also for somebody else's address.
    """
    values = _values(address)
    with transaction() as current:
        user_id = _lock_book(current, identity)
        changed = current.scalar(
            sa.update(Address)
            .where(Address.id == address_id, Address.user_id == user_id)
            .values(**values)
            .returning(Address.id)
            .execution_options(synchronize_session=False)
        )
        if changed is None:
            raise NotFound("address", str(address_id))
        _make_default(current, user_id, address_id, default_shipping, default_billing)


def delete_address(identity: Identity, address_id: uuid.UUID) -> None:
    """Take an address of the person's own out of the book; the oldest of the rest inherits its defaults.

    Orders keep their own copy. Raises :class:`NotFound`, also for somebody else's address.
    """
    with transaction() as current:
        user_id = _lock_book(current, identity)
        gone = current.execute(
            sa.delete(Address)
            .where(Address.id == address_id, Address.user_id == user_id)
            .returning(Address.is_default_shipping, Address.is_default_billing)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if gone is None:
            raise NotFound("address", str(address_id))
        heir = current.scalar(
            sa.select(Address.id)
            .where(Address.user_id == user_id)
            .order_by(Address.created_at, Address.id)
            .limit(1)
        )
        if heir is not None:
            _make_default(current, user_id, heir, *gone)


def _lock_book(current: Session, identity: Identity) -> uuid.UUID:
    """Lock the person's row: writes to one address book wait for each other, so that defaults stay unique."""
    user_id = current.scalar(
        sa.select(User.id)
        .where(User.id == identity.user_id, User.deleted_at.is_(None))
        .with_for_update(key_share=True)
    )
    if user_id is None:
        raise NotFound("user")
    return user_id


def _values(address: AddressInput) -> dict[str, str | None]:
    tidy = normal_address(asdict(address))
    values: dict[str, str | None] = {name: value or None for name, value in tidy.items()}
    values["name"] = values.pop("full_name")
    # What a country's addresses do not have stays empty, and is not unknown.
    values |= {name: tidy[name] for name in ("postal_code", "city")}
    return values


def _make_default(
    current: Session, user_id: uuid.UUID, address_id: uuid.UUID, shipping: bool, billing: bool
) -> None:
    for wanted, column in ((shipping, "is_default_shipping"), (billing, "is_default_billing")):
        if not wanted:
            continue
        mine = (
            sa.update(Address).where(Address.user_id == user_id).execution_options(synchronize_session=False)
        )
        flag = Address.__table__.c[column]
        # First free the place, then take it: the unique index looks at every statement.
        current.execute(mine.where(flag, Address.id != address_id).values({column: False}))
        current.execute(mine.where(Address.id == address_id).values({column: True}))
