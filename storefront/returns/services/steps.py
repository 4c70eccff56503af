"""One step of a return: locked with its order, moved on along the state machine, told to whoever waits."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session, write
from storefront.core.ids import new_id
from storefront.core.outbox import enqueue_all
from storefront.orders.drafts import head_of
from storefront.orders.timeline import record_event
from storefront.returns.errors import ReturnChangedMeanwhile
from storefront.returns.models import CLOSED, Return
from storefront.returns.queries import ReturnView, return_for_mail, staff_return


def locked(number: str) -> ReturnView:
    """The return, with its order's row locked until the transaction ends. Raises ``NotFound``."""
    found = staff_return(number)
    head_of(found.order_id, lock=True)
    return return_for_mail(found.id)


def move(one: ReturnView, after: str, *, actor: str, **values: Any) -> None:
    """Take the return to the state ``after``, with a line in the order's timeline and a letter.

    Raises :class:`ReturnChangedMeanwhile` when it is not where this step begins.
    """
    before = {
        "approved": "requested",
        "rejected": "requested",
        "received": "approved",
        "completed": "received",
    }
    expected = before.get(after, one.status)
    closed = {"closed_at": now()} if after in CLOSED else {}
    moved = write(
        sa.update(Return)
        .where(Return.id == one.id, Return.status == expected, Return.status.not_in(CLOSED))
        .values(status=after, **closed, **values)
    )
    if not moved:
        raise ReturnChangedMeanwhile(one.number, one.status)
    tell(one.id, one.order_id, one.number, one.kind, after, user_id=one.user_id, actor=actor)


def tell(
    return_id: uuid.UUID,
    order_id: uuid.UUID,
    number: str,
    kind: str,
    step: str,
    *,
    user_id: uuid.UUID | None,
    actor: str,
) -> None:
    """Leave word of a step: a line of the timeline, the shopper's letter, an analytics event.

    ``kind`` is ``return`` or ``exchange``: the timeline's lines are called by it.
    """
    record_event(order_id, f"{kind}_{step}", actor=actor, note=number, data={"return_id": str(return_id)})
    event = {
        "event_type": f"return_{step}",
        "event_id": str(new_id()),
        "occurred_at": now().isoformat(),
        "user_id": str(user_id) if user_id else None,
        "session_id": None,
        "order_id": str(order_id),
        "return": number,
    }
    enqueue_all(("mail.return_step", {"return_id": str(return_id), "step": step}), ("analytics.event", event))


def free_number(order_id: uuid.UUID, order_number: str) -> str:
    """The next return's number of an order that is locked: the order's, with a count."""
    there = session().scalar(
        sa.select(sa.func.count()).select_from(Return).where(Return.order_id == order_id)
    )
    return f"{order_number}-R{(there or 0) + 1}"
