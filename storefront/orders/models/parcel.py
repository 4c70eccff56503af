"""What is sent of an order."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.columns import EMPTY_LIST, one_of
from storefront.core.db import Base, Identified, Timestamped
from storefront.orders.models.states import (
    SHIPMENT_STATUSES,
)


class Shipment(Identified, Timestamped, Base):
    """A parcel. ``items`` is a list of ``{"order_item_id", "quantity"}``; a trigger counts them on their lines.

    They count while it is ``preparing`` already, and no more once it is ``cancelled``. ``request_key`` comes with the
    form: the same key makes one parcel.
    """

    __tablename__ = "shipments"
    __table_args__ = (
        one_of("status", SHIPMENT_STATUSES),
        sa.Index("ix_shipments_order_id", "order_id"),
        sa.Index("ix_shipments_tracking_number", "tracking_number"),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id", ondelete="CASCADE"))
    carrier: Mapped[str | None]
    tracking_number: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="preparing", server_default="preparing")
    items: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default=EMPTY_LIST)
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    request_key: Mapped[str | None] = mapped_column(unique=True)
