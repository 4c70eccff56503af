"""The books' customers: an account without a password, its address, and the ways they pay."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.accounts.emails import normal_email
from storefront.accounts.errors import EmailInvalid
from storefront.accounts.models import Address, User
from storefront.core.db import session, write
from storefront.core.external_ids import (
    ExternalId,
    Known,
    erased_people,
    known_by_external_id,
    remember_external_ids,
)
from storefront.core.ids import digest, new_id, new_secret
from storefront.core.money import ZERO
from storefront.core.settings import current_settings
from storefront.journeys.catalog_import.writing import BatchResult
from storefront.journeys.orders_import.reading import Entry
from storefront.journeys.orders_import.records import (
    PERSON_ERASED,
    CustomerRecord,
    PaymentMethodRecord,
    RecordRefused,
)
from storefront.payments.models import SavedPaymentMethod
from storefront.promotions.models import GiftCard, GiftCardEntry

IMPORTED_LABEL = "From earlier orders"
"""By which a later import finds its own entry of an address book again; people read it."""


def write_customers(entries: Sequence[Entry[CustomerRecord]]) -> BatchResult:
    """Write these customers in the current transaction; those whose record has not changed are left alone.

    Somebody whose e-mail address has an account here keeps it, with its name and password: the orders become
    theirs. Everybody else gets an account that opens with "forgot password", which proves the address.
    Raises :class:`RecordRefused` and what the database refuses.
    """
    known = known_by_external_id("user", [entry.record.key for entry in entries])
    changed = [
        entry
        for entry in entries
        if entry.record.key not in known or known[entry.record.key].digest != entry.digest
    ]
    if not changed:
        return BatchResult(unchanged=len(entries))
    fresh = [entry.record for entry in changed if entry.record.key not in known]
    if erased_people(record.key for record in fresh):
        raise RecordRefused(PERSON_ERASED)
    user_ids = {key: one.row_id for key, one in known.items()}
    user_ids |= _accounts(fresh)
    for entry in changed:
        if entry.record.key in known:
            _update_account(user_ids[entry.record.key], entry.record)
    _write_addresses([entry.record for entry in changed], user_ids)
    _write_methods([entry.record for entry in changed], user_ids)
    remember_external_ids(
        "user", {one.record.key: Known(user_ids[one.record.key], one.digest) for one in changed}
    )
    return BatchResult(len(fresh), len(changed) - len(fresh), len(entries) - len(changed))


def _email(record: CustomerRecord) -> str:
    try:
        return normal_email(record.email)
    except EmailInvalid:
        raise RecordRefused("email: is no e-mail address") from None


def _accounts(records: Sequence[CustomerRecord]) -> dict[str, uuid.UUID]:
    emails = {record.key: _email(record) for record in records}
    rows = session().execute(
        sa.select(sa.cast(User.email, sa.Text), User.id, ExternalId.external_id)
        .join(ExternalId, ExternalId.user_id == User.id, isouter=True)
        .where(User.email.in_(list(emails.values())), User.deleted_at.is_(None))
    )
    here = {email.lower(): (user_id, other) for email, user_id, other in rows}
    found: dict[str, uuid.UUID] = {}
    values = []
    for record in records:
        email = emails[record.key]
        user_id, other = here.get(email.lower(), (None, None))
        if other is not None:
            raise RecordRefused(f"the customer {other} has the same e-mail address")
        if user_id is None:
            user_id = new_id()
            values.append(
                {
                    "id": user_id,
                    "email": email,
                    "first_name": record.name.first_name,
                    "last_name": record.name.last_name,
                }
            )
        here[email.lower()] = (user_id, record.key)
        found[record.key] = user_id
    if values:
        session().execute(sa.insert(User), values)
    return found


def _update_account(user_id: uuid.UUID, record: CustomerRecord) -> None:
    written = write(
        sa.update(User)
        .where(User.id == user_id, User.deleted_at.is_(None))
        .values(email=_email(record), first_name=record.name.first_name, last_name=record.name.last_name)
    )
    if not written:
        raise RecordRefused("the account was deleted here")


def _write_addresses(records: Sequence[CustomerRecord], user_ids: Mapping[str, uuid.UUID]) -> None:
    """The address in the books is the default one; where somebody has made their own the default, it stands beside."""
    wanted = {user_ids[record.key]: _address(record) for record in records}
    rows = session().execute(
        sa.select(Address.id, Address.user_id, Address.label, Address.is_default_shipping).where(
            Address.user_id.in_(wanted)
        )
    )
    imported: dict[uuid.UUID, uuid.UUID] = {}
    has_own_default = set()
    for address_id, user_id, label, is_default in rows:
        if label == IMPORTED_LABEL:
            imported[user_id] = address_id
        elif is_default:
            has_own_default.add(user_id)
    fresh = []
    for user_id, values in wanted.items():
        if user_id in imported:
            write(sa.update(Address).where(Address.id == imported[user_id]).values(**values))
        else:
            is_default = user_id not in has_own_default
            fresh.append(
                {
                    "id": new_id(),
                    "user_id": user_id,
                    "label": IMPORTED_LABEL,
                    "is_default_shipping": is_default,
                    "is_default_billing": is_default,
                    **values,
                }
            )
    if fresh:
        session().execute(sa.insert(Address), fresh)


def _address(record: CustomerRecord) -> dict[str, Any]:
    address = record.address
    return {
        "name": f"{record.name.first_name} {record.name.last_name}",
        "line1": address.address1,
        "line2": address.address2 or None,
        "city": address.city,
        "region": address.state or None,
        "postal_code": address.zip,
        "country": address.country,
    }


def _write_methods(records: Sequence[CustomerRecord], user_ids: Mapping[str, uuid.UUID]) -> None:
    methods = {
        method.id: (user_ids[record.key], place, method)
        for record in records
        for place, method in enumerate(record.payment_methods.values())
    }
    if len(methods) != sum(len(record.payment_methods) for record in records):
        raise RecordRefused("two customers have a payment method of the same id")
    owners = [user_ids[record.key] for record in records]
    row = SavedPaymentMethod
    rows = session().execute(
        sa.select(row.id, row.external_id, row.user_id, row.kind, row.gift_card_id).where(
            sa.or_(
                row.external_id.in_(list(methods)),
                sa.and_(row.user_id.in_(owners), row.external_id.is_not(None)),
            )
        )
    )
    there = {one.external_id: one for one in rows}
    for name, known in there.items():
        if name not in methods:
            write(sa.delete(row).where(row.id == known.id))
            continue
        user_id, place, method = methods[name]
        if known.user_id != user_id or known.kind != method.source:
            raise RecordRefused(f"{name} is another customer's here, or of another kind")
        write(
            sa.update(row)
            .where(row.id == known.id)
            .values(brand=method.brand, last_four=method.last_four, position=place)
        )
        if known.gift_card_id is not None and method.balance is not None:
            _correct_balance(known.gift_card_id, method.balance)
    _insert_methods([one for name, one in methods.items() if name not in there])


def _insert_methods(methods: Sequence[tuple[uuid.UUID, int, PaymentMethodRecord]]) -> None:
    if not methods:
        return
    currency = current_settings().shop_currency
    cards = {method.id: new_id() for _user, _place, method in methods if method.source == "gift_card"}
    if cards:
        # Nobody has ever seen the code: an outside id is printed in mails and must not be one.
        session().execute(
            sa.insert(GiftCard),
            [
                {"id": card_id, "code_hash": digest(new_secret()), "currency": currency}
                for card_id in cards.values()
            ],
        )
    _book(
        [(cards[one.id], one.balance or ZERO, "issued") for _user, _place, one in methods if one.id in cards]
    )
    session().execute(
        sa.insert(SavedPaymentMethod),
        [
            {
                "id": new_id(),
                "user_id": user_id,
                "kind": method.source,
                "brand": method.brand,
                "last_four": method.last_four,
                "gift_card_id": cards.get(method.id),
                "external_id": method.id,
                "position": place,
            }
            for user_id, place, method in methods
        ],
    )


def _correct_balance(card_id: uuid.UUID, balance: Decimal) -> None:
    there = (
        session().scalars(sa.select(GiftCard.balance).where(GiftCard.id == card_id).with_for_update()).one()
    )
    _book([(card_id, balance - there, "adjustment")])


def _book(entries: Sequence[tuple[uuid.UUID, Decimal, str]]) -> None:
    """Lines of the gift cards' ledger; a trigger adds them to the balances."""
    values = [
        {"id": new_id(), "gift_card_id": card_id, "delta": delta, "reason": reason}
        for card_id, delta, reason in entries
        if delta
    ]
    if values:
        session().execute(sa.insert(GiftCardEntry), values)
