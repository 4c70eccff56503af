"""The names of the job queues: who sends and who works agree on them here."""

from __future__ import annotations

JOBS_QUEUE = "jobs"
"""Mail, the outbox, upkeep: a plain worker with the schedule."""
CHAT_QUEUE = "chat"
"""Answers of the assistant: a worker on greenlets, since it mostly waits."""
