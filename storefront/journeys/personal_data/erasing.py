"""The end of an account, or of a guest's traces: what no law keeps is gone, and what stays names nobody.

Orders stay as the books need them, without name, address and words; invoices stay as they were issued. At the card
provider a trigger has the person be forgotten, which ends a membership, too.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

import sqlalchemy as sa

from storefront.accounts.errors import ErasureRefused
from storefront.accounts.models import STAFF_ROLES, User
from storefront.accounts.services import check_password
from storefront.analytics.services import record_audit
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.invoicing.services import issue_what_is_due
from storefront.journeys.personal_data.register import REGISTER, Person, blanked, rows_of, table
from storefront.orders.drafts import abandon
from storefront.orders.models import Order, OrderRefund
from storefront.payments.cards import CARDS
from storefront.payments.models import Payment, Refund
from storefront.returns.models import Return

_UNDER_WAY = ("pending", "placed", "processing")
_RETURNS_UNDER_WAY = ("requested", "approved", "received")


def person_of(email: str) -> Person:
    """Whom an address belongs to: the account with it, or a guest. Raises :class:`NotFound` where nobody is known.

    For staff, who have made sure that the address is theirs who ask. An account that was never confirmed belongs to
    it like a guest's orders: whoever reads its mail can open it with a new password.
    """
    guest = Person(email.strip())
    user_id = session().scalar(sa.select(User.id).where(User.email == guest.email, User.deleted_at.is_(None)))
    if user_id is not None:
        return replace(person_behind(user_id), is_proved=True)
    ways = (rows_of(name, guest) for name, entry in REGISTER.items() if entry.email or entry.guest)
    if any(session().scalar(sa.select(sa.exists().where(way))) for way in ways):
        return guest
    raise NotFound("user", guest.email)


def is_known(email: str) -> bool:
    """Whether there is anything under an address that :func:`erase` would end."""
    try:
        person_of(email)
    except NotFound:
        return False
    return True


def person_behind(user_id: uuid.UUID) -> Person:
    """The person with this account; what they ordered as a guest under its confirmed address is theirs, too.

    Raises :class:`NotFound`.
    """
    living = sa.and_(User.id == user_id, User.deleted_at.is_(None))
    row = session().execute(sa.select(User.email, User.email_verified).where(living)).one_or_none()
    if row is None:
        raise NotFound("user", str(user_id))
    return Person(str(row.email), user_id, is_proved=row.email_verified)


def unfinished_orders(person: Person) -> list[str]:
    """The numbers of orders that need their person yet: to be sent, paid or given back, or with a return."""
    of_order = Payment.order_id == Order.id
    promised = sa.and_(
        of_order,
        Payment.status.in_(["pending", "authorised", "failed"]),
        Payment.captured_amount < Payment.amount,
    )
    owed = sa.and_(
        of_order,
        Payment.provider == CARDS.code,
        Payment.captured_amount > Payment.refunded_amount,
        sa.or_(Order.status == "cancelled", Payment.is_for_change),
    )
    waits = (
        sa.exists().where(promised, Order.status != "cancelled"),
        sa.exists().where(owed),
        sa.exists().where(Refund.order_id == Order.id, Refund.status == "pending"),
        sa.exists().where(OrderRefund.order_id == Order.id, OrderRefund.status == "pending"),
        sa.exists().where(Return.order_id == Order.id, Return.status.in_(_RETURNS_UNDER_WAY)),
    )
    # What another shop has sold is that shop's to finish.
    is_open = sa.or_(sa.and_(Order.status.in_(_UNDER_WAY), Order.external_id.is_(None)), *waits)
    which = sa.and_(rows_of("orders", person), Order.status != "draft", is_open)
    return list(session().scalars(sa.select(Order.order_number).where(which).order_by(Order.created_at)))


def close_account(identity: Identity, password: str) -> None:
    """Erase the person whose account this is; ``password`` shows that it is them.

    Raises ``WrongPassword``, :class:`NotFound` for a guest, and :class:`ErasureRefused`.
    """
    if identity.user_id is None:
        raise NotFound("user")
    check_password(identity.user_id, password)
    erase(person_behind(identity.user_id))


def erase(person: Person) -> None:
    """Erase all of ``person`` that no law keeps, in one transaction.

    Raises :class:`ErasureRefused` for staff, and while an order of theirs is not finished.
    """
    with transaction():
        if person.user_id is not None:
            _lock(person.user_id)
        open_orders = unfinished_orders(person)
        if open_orders:
            raise ErasureRefused("orders", tuple(open_orders))
        # While the buyer is known: what is due comes from the outbox, which may be later than this.
        for order_id in _orders(person, sa.and_(Order.status != "draft", Order.external_id.is_(None))):
            issue_what_is_due(order_id)
        for order_id in _orders(person, Order.status == "draft"):
            abandon(order_id, "left")
        # What is reached through a table goes before it.
        for name in reversed(REGISTER):
            _end(name, person)
        record_audit(None, "erase", "person", str(person.user_id or "guest"))


def _lock(user_id: uuid.UUID) -> None:
    """Whoever orders at this moment comes before it, or finds no account any more."""
    roles = session().scalar(
        sa.select(User.roles).where(User.id == user_id, User.deleted_at.is_(None)).with_for_update()
    )
    if roles is None:
        raise NotFound("user", str(user_id))
    if set(roles) & set(STAFF_ROLES):
        raise ErasureRefused("staff")


def _orders(person: Person, which: sa.ColumnElement[bool]) -> list[uuid.UUID]:
    mine = sa.and_(rows_of("orders", person), which)
    return list(session().scalars(sa.select(Order.id).where(mine).order_by(Order.id)))


def _end(name: str, person: Person) -> None:
    entry, source = REGISTER[name], table(name)
    if entry.fate == "deleted":
        write(sa.delete(source).where(rows_of(name, person)))
    elif entry.fate == "blanked":
        values = blanked(name)
        says_more = sa.or_(*(source.c[column].is_distinct_from(value) for column, value in values.items()))
        write(sa.update(source).where(rows_of(name, person), says_more).values(values))
