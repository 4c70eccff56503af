"""Back in stock: who waits, and how many of them are told when something comes.

A trigger on ``products`` leaves an outbox entry when a product that somebody waits for can be bought again. Told are
those who asked first, a few for each unit that is there; the others a pause later, if any of it is left then
(``docs/decisions/reminders.md``).
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.accounts.emails import normal_email
from storefront.cart.queries.lines import Parent, is_sold
from storefront.catalog.models import Product
from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.core.ids import new_id
from storefront.core.outbox import OutboxEntry, enqueue, enqueue_all
from storefront.core.settings import current_settings
from storefront.inventory.queries import sellable
from storefront.reminders.errors import NothingToWaitFor
from storefront.reminders.models import StockAlert

ARRIVED = "stock.arrived"
UNCONFIRMED_KEPT = timedelta(days=3)
_LEASED = timedelta(minutes=30)
_OPEN_OF_AN_ADDRESS = 20
"""More than this many unconfirmed wishes of one address within :data:`UNCONFIRMED_KEPT` are somebody's bad joke."""


def wait_for(identity: Identity, product_id: uuid.UUID, language: str) -> uuid.UUID:
    """Have the signed-in person told when a product is in stock again; returns the alert's id. Twice is once.

    Raises :class:`NothingToWaitFor`, and :class:`NotFound` for a guest.
    """
    if identity.user_id is None:
        raise NotFound("user")
    with transaction():
        _check_sold_out(product_id)
        alert = insert(StockAlert).values(
            id=new_id(),
            product_id=product_id,
            user_id=identity.user_id,
            language=language,
            status="waiting",
            confirmed_at=now(),
        )
        known = alert.on_conflict_do_update(
            index_elements=[StockAlert.product_id, StockAlert.user_id],
            index_where=sa.text("status = 'waiting'"),
            set_={"language": alert.excluded.language},
        )
        return session().scalars(known.returning(StockAlert.id)).one()


def wait_by_email(raw: str, product_id: uuid.UUID, language: str) -> None:
    """Ask the owner of an address whether they want to be told: nothing else is sent before they say yes.

    Says nothing about what was known of the address. Raises :class:`EmailInvalid`, :class:`NothingToWaitFor`.
    """
    email = normal_email(raw)
    with transaction():
        _check_sold_out(product_id)
        fresh = sa.and_(
            StockAlert.email == email,
            StockAlert.status == "unconfirmed",
            StockAlert.created_at > now() - UNCONFIRMED_KEPT,
        )
        if (session().scalar(sa.select(sa.func.count()).where(fresh)) or 0) >= _OPEN_OF_AN_ADDRESS:
            return
        made = session().scalar(
            insert(StockAlert)
            .values(id=new_id(), product_id=product_id, email=email, language=language, status="unconfirmed")
            .on_conflict_do_nothing()
            .returning(StockAlert.id)
        )
        if made is not None:
            enqueue("mail.confirm_alert", alert_id=str(made))


def confirm_alert(alert_id: uuid.UUID) -> bool:
    """The owner of the address said yes; False when there is nothing (any more) to confirm. Twice is once."""
    with transaction():
        product_id = session().scalar(
            sa.update(StockAlert)
            .where(StockAlert.id == alert_id, StockAlert.status.in_(["unconfirmed", "waiting"]))
            .values(status="waiting", confirmed_at=now())
            .returning(StockAlert.product_id)
            .execution_options(synchronize_session=False)
        )
        if product_id is not None:
            # It may have come while the letter lay in the mailbox: no trigger tells of that again.
            enqueue(ARRIVED, product_id=str(product_id))
    return product_id is not None


def cancel_alert(alert_id: uuid.UUID, user_id: uuid.UUID | None = None) -> bool:
    """Nobody is told any more; with ``user_id`` only of that person's own. False when that was so before."""
    which = sa.and_(StockAlert.id == alert_id, StockAlert.status.in_(["unconfirmed", "waiting"]))
    if user_id is not None:
        which = sa.and_(which, StockAlert.user_id == user_id)
    with transaction():
        return bool(write(sa.update(StockAlert).where(which).values(status="cancelled")))


def stock_arrived(product_id: uuid.UUID) -> int:
    """Have those told who asked first, as many as the stock and the last day allow; returns how many.

    Where more wait, they are looked at again a pause later. Safe to run twice and at once: the product's row is locked.
    """
    settings = current_settings()
    pause = timedelta(hours=settings.stock_alert_pause_hours)
    with transaction():
        available, sold_from = _locked(product_id)
        if sold_from is not None and sold_from > now():
            enqueue(ARRIVED, available_at=sold_from, product_id=str(product_id))
            return 0
        if available <= 0:
            return 0
        lately = sa.and_(StockAlert.product_id == product_id, StockAlert.notified_at > now() - pause)
        told = session().scalar(sa.select(sa.func.count()).where(lately)) or 0
        room = max(0, available * settings.stock_alerts_per_unit - told)
        waiting = sa.and_(StockAlert.product_id == product_id, StockAlert.status == "waiting")
        first = sa.select(StockAlert.id).where(waiting).order_by(StockAlert.created_at, StockAlert.id)
        chosen = session().scalars(first.limit(room + 1).with_for_update()).all()
        _tell(list(chosen[:room]))
        if len(chosen) > room:
            _look_again(product_id, now() + pause)
        return min(room, len(chosen))


def take_alert(alert_id: uuid.UUID) -> bool:
    """Whether the letter of this alert is still to be written: it was chosen and not cancelled since."""
    known = sa.select(StockAlert.status).where(StockAlert.id == alert_id)
    return session().scalar(known) == "sent"


def purge_unconfirmed() -> int:
    """Forget addresses whose owners did not say yes, and after a year what is done; returns how many."""
    old = sa.and_(StockAlert.status == "unconfirmed", StockAlert.created_at < now() - UNCONFIRMED_KEPT)
    done = sa.and_(
        StockAlert.status.in_(["sent", "cancelled"]), StockAlert.created_at < now() - timedelta(days=365)
    )
    with transaction():
        return write(sa.delete(StockAlert).where(sa.or_(old, done)))


def _tell(alert_ids: list[uuid.UUID]) -> None:
    if not alert_ids:
        return
    write(sa.update(StockAlert).where(StockAlert.id.in_(alert_ids)).values(status="sent", notified_at=now()))
    enqueue_all(*(("mail.stock_alert", {"alert_id": str(one)}) for one in alert_ids))


def _look_again(product_id: uuid.UUID, at: datetime) -> None:
    """Once, however often something comes meanwhile: the entry at hand is leased for minutes, a later one for hours."""
    known = sa.and_(
        OutboxEntry.kind == ARRIVED,
        OutboxEntry.done_at.is_(None),
        OutboxEntry.available_at > now() + _LEASED,
        OutboxEntry.payload["product_id"].astext == str(product_id),
    )
    if session().scalar(sa.select(OutboxEntry.id).where(known).limit(1)) is None:
        enqueue(ARRIVED, available_at=at, product_id=str(product_id))


def _check_sold_out(product_id: uuid.UUID) -> None:
    found = session().scalar(
        sa.select(sellable())
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .where(Product.id == product_id, is_sold()),
        {"moment": now()},
    )
    if found is None or found > 0:
        raise NothingToWaitFor(product_id)


def _locked(product_id: uuid.UUID) -> tuple[int, datetime | None]:
    """What can be bought of a product, its row locked, and the day from which it is sold where that is to come."""
    row = session().execute(
        sa.select(
            sellable(),
            sa.and_(
                Product.is_active,
                Product.deleted_at.is_(None),
                sa.or_(Product.parent_id.is_(None), sa.and_(Parent.is_active, Parent.deleted_at.is_(None))),
            ),
            sa.case((Product.parent_id.is_(None), Product.published_at), else_=Parent.published_at),
        )
        .join(Parent, Parent.id == Product.parent_id, isouter=True)
        .where(Product.id == product_id)
        .with_for_update(of=Product, key_share=True)
    )
    found = row.one_or_none()
    if found is None or not found[1] or found[2] is None:
        return 0, None
    return found[0], found[2]
