"""What a row was called in the books it came from: one outside id, and a digest of what stood there.

The digest tells an import what has not changed since: such a record is left alone, whatever happened to its row here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import one_of
from storefront.core.db import Base, Identified, Timestamped, session
from storefront.core.ids import digest, new_id

Kind = Literal["user", "product", "order"]
KINDS: tuple[Kind, ...] = ("user", "product", "order")


class ExternalId(Identified, Timestamped, Base):
    """A row's name in another shop's books. Unique per kind; it goes with its row.

    Of a person who was erased the digest of the name stays, and since when: an import must not bring them back.
    """

    __tablename__ = "external_ids"
    __table_args__ = (
        one_of("kind", KINDS),
        sa.CheckConstraint(
            "CASE WHEN erased_at IS NULL THEN"
            " num_nonnulls(user_id, product_id, order_id) = 1 AND CASE kind WHEN 'user' THEN user_id"
            " WHEN 'product' THEN product_id ELSE order_id END IS NOT NULL"
            " ELSE kind = 'user' AND num_nonnulls(user_id, product_id, order_id) = 0 AND digest = ''"
            " AND external_id ~ '^[0-9a-f]{64}$' END",
            name="names_one_of_its_kind",
        ),
        sa.UniqueConstraint("kind", "external_id"),
        sa.Index("ix_external_ids_user_id", "user_id", postgresql_where=sa.text("user_id IS NOT NULL")),
        sa.Index(
            "ix_external_ids_product_id", "product_id", postgresql_where=sa.text("product_id IS NOT NULL")
        ),
        sa.Index("ix_external_ids_order_id", "order_id", postgresql_where=sa.text("order_id IS NOT NULL")),
    )

    kind: Mapped[str]
    external_id: Mapped[str]
    digest: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    product_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("products.id", ondelete="CASCADE"))
    order_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("orders.id", ondelete="CASCADE"))
    erased_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Known:
    """The row behind an outside id, and the digest of its record when it was last read."""

    row_id: uuid.UUID
    digest: str


def known_by_external_id(kind: Kind, external_ids: Iterable[str]) -> dict[str, Known]:
    """Which of these outside ids are known here, with their rows. One statement."""
    rows = session().execute(
        sa.select(ExternalId.external_id, _target(kind), ExternalId.digest).where(
            ExternalId.kind == kind,
            ExternalId.external_id.in_(list(external_ids)),
            ExternalId.erased_at.is_(None),
        )
    )
    return {name: Known(row_id, known_digest) for name, row_id, known_digest in rows}


def erased_people(external_ids: Iterable[str]) -> set[str]:
    """Which of these outside ids are those of people who were erased here. One statement."""
    names = {digest(name): name for name in external_ids}
    erased = session().scalars(
        sa.select(ExternalId.external_id).where(
            ExternalId.kind == "user",
            ExternalId.external_id.in_(list(names)),
            ExternalId.erased_at.is_not(None),
        )
    )
    return {names[found] for found in erased}


def external_ids_of(kind: Kind, row_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What these rows are called in the books they came from; rows of our own are left out. One statement."""
    target = _target(kind)
    rows = session().execute(
        sa.select(target, ExternalId.external_id).where(ExternalId.kind == kind, target.in_(list(row_ids)))
    )
    return dict(rows.all())


def remember_external_ids(kind: Kind, records: Mapping[str, Known]) -> None:
    """Write, in the current transaction, which row each outside id names and what its record looked like."""
    if not records:
        return
    statement = insert(ExternalId).values(
        [
            {
                "id": new_id(),
                "kind": kind,
                "external_id": name,
                "digest": known.digest,
                f"{kind}_id": known.row_id,
            }
            for name, known in records.items()
        ]
    )
    session().execute(
        statement.on_conflict_do_update(
            index_elements=[ExternalId.kind, ExternalId.external_id],
            set_={"digest": statement.excluded.digest},
        )
    )


def _target(kind: Kind) -> Any:
    return {"user": ExternalId.user_id, "product": ExternalId.product_id, "order": ExternalId.order_id}[kind]
