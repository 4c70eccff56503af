"""The chat worker's one task: making an answer. Runs on greenlets, since it mostly waits for the provider."""

from __future__ import annotations

import uuid

import structlog

from storefront.assistant.answers import take_assignment
from storefront.core.texts import in_language
from storefront.http.answering import TASK, make_logged_answer
from storefront.jobs.celery_app import celery

log = structlog.get_logger(__name__)


# Acknowledged before the work: an answer whose worker died is closed as failed within a minute or so, and is
# never begun anew behind the shopper's back.
@celery.task(name=TASK, acks_late=False)
def make_answer(answer_id: str, language: str) -> None:
    """Make the answer with this id, our own texts in ``language``. The payload says nothing about whose it is."""
    assignment = take_assignment(uuid.UUID(answer_id))
    if assignment is None:
        log.info("answer_not_taken", answer=answer_id)
        return
    with in_language(language):
        make_logged_answer(assignment)
