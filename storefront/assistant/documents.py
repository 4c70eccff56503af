"""The shop's own documents as pages: the rows that the assistant cites are the ones that people read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storefront.assistant.models import TrainingSource
from storefront.core.db import session

_POLICY = "policy"


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """A policy page: its title, a summary in one sentence, its text as Markdown."""

    slug: str
    title: str
    summary: str
    content: str
    language: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """What the shop promises on its first page, and the policy page that says the rest."""

    title: str
    text: str
    slug: str


@dataclass(frozen=True, slots=True)
class PolicyTitle:
    """A policy page as a list names it."""

    slug: str
    title: str
    summary: str


def policy_page(slug: str) -> PolicyPage | None:
    """The policy page at ``/pages/<slug>``, or None. One statement."""
    source = (
        session()
        .execute(
            sa.select(TrainingSource).where(
                TrainingSource.url == f"/pages/{slug}",
                TrainingSource.source_type == _POLICY,
                TrainingSource.chatbot_id.is_(None),
            )
        )
        .scalar_one_or_none()
    )
    if source is None:
        return None
    summary = str(source.extra.get("summary") or "")
    return PolicyPage(slug, source.title, summary, source.content, source.language, source.updated_at)


def policy_titles() -> list[PolicyTitle]:
    """All policy pages by title. One statement."""
    rows = session().execute(
        sa.select(TrainingSource.url, TrainingSource.title, TrainingSource.extra.label("extra"))
        .where(
            TrainingSource.source_type == _POLICY,
            TrainingSource.url.startswith("/pages/"),
            TrainingSource.chatbot_id.is_(None),
        )
        .order_by(TrainingSource.title)
    )
    return [
        PolicyTitle(row.url.removeprefix("/pages/"), row.title, str(row.extra.get("summary") or ""))
        for row in rows
    ]


def promises() -> list[Promise]:
    """What the policy pages promise in a few words, in the pages' order. One statement."""
    rows = session().execute(
        sa.select(TrainingSource.url, TrainingSource.extra.label("extra"))
        .where(
            TrainingSource.source_type == _POLICY,
            TrainingSource.chatbot_id.is_(None),
            sa.func.jsonb_array_length(
                sa.func.coalesce(TrainingSource.extra["promises"], sa.text("'[]'::jsonb"))
            )
            > 0,
        )
        .order_by(TrainingSource.created_at, TrainingSource.id)
    )
    return [
        Promise(str(one["title"]), str(one["text"]), row.url.removeprefix("/pages/"))
        for row in rows
        for one in row.extra["promises"]
    ]
