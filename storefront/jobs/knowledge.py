"""Documents that the assistant answers from are processed outside the transaction that saved them."""

from __future__ import annotations

import uuid

from storefront.assistant.knowledge import process_source
from storefront.jobs.outbox import handles


@handles("knowledge.source")
def knowledge_source(source_id: str) -> None:
    """Cut one source into passages."""
    process_source(uuid.UUID(source_id))
