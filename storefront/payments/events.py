"""What a provider tells us: kept once, worked on later, as often as anybody likes.

Only ids are kept. Whoever works on an event asks the provider how things stand, so that the order in which events
come, and how often, changes nothing.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from storefront.core.clock import now
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.outbox import enqueue
from storefront.payments.models import WebhookEvent
from storefront.providers.payment_provider import ProviderEvent

KIND = "payments.event"


def keep_event(provider: str, event: ProviderEvent) -> bool:
    """Keep an event and have it worked on; False for one that is known."""
    with transaction():
        stored = session().scalar(
            insert(WebhookEvent)
            .values(
                provider=provider,
                event_id=event.id,
                kind=event.kind,
                payload={
                    "intent_id": event.intent_id,
                    "order_id": event.order_id,
                    "customer_id": event.customer_id,
                },
            )
            .on_conflict_do_nothing(index_elements=[WebhookEvent.provider, WebhookEvent.event_id])
            .returning(WebhookEvent.id)
        )
        if stored is not None:
            enqueue(KIND, event_id=str(stored))
    return stored is not None


def replay_event(provider: str, event_id: str) -> None:
    """Have an event worked on again. Raises :class:`NotFound`."""
    with transaction():
        known = sa.and_(WebhookEvent.provider == provider, WebhookEvent.event_id == event_id)
        stored = session().scalar(
            sa.update(WebhookEvent)
            .where(known)
            .values(processed_at=None, error=None)
            .returning(WebhookEvent.id)
            .execution_options(synchronize_session=False)
        )
        if stored is None:
            raise NotFound("event", event_id)
        enqueue(KIND, event_id=str(stored))


def record_outcome(event_id: uuid.UUID, error: str | None = None) -> None:
    """Note that an event was worked on, or why that did not succeed."""
    with transaction():
        write(
            sa.update(WebhookEvent)
            .where(WebhookEvent.id == event_id)
            .values(
                attempts=WebhookEvent.attempts + 1,
                error=error,
                processed_at=None if error else now(),
            )
        )
