"""Two more ways for an order's states: complete without a parcel, and back when a bank sends back what had gone back.

An order of which all goods were given back and a part of the money was kept has nothing left to do: it is complete. Where
such a refund fails later it is open again; what was given back is paid again, whatever the order has become.
"""

from __future__ import annotations

from alembic import op

revision = "58_ending_orders"
down_revision = "57_for_exchange"
branch_labels = None
depends_on = None

BEFORE = {
    "status": {
        "draft": ("pending", "placed", "cancelled"),
        "pending": ("placed", "cancelled"),
        "placed": ("processing", "shipped", "delivered", "cancelled"),
        "processing": ("shipped", "delivered", "cancelled"),
        "shipped": ("delivered",),
        "delivered": ("completed",),
    },
    "payment_status": {
        "pending": ("authorised", "paid", "failed", "cancelled"),
        "authorised": ("paid", "failed", "cancelled"),
        "failed": ("pending", "authorised", "paid", "cancelled"),
        "paid": ("partially_refunded", "refunded"),
        "partially_refunded": ("refunded",),
    },
    "fulfilment_status": {
        "unfulfilled": ("partial", "fulfilled"),
        "partial": ("fulfilled", "returned"),
        "fulfilled": ("returned",),
    },
}
AFTER = {
    "status": {
        **BEFORE["status"],
        "placed": (*BEFORE["status"]["placed"], "completed"),
        "completed": ("placed",),
    },
    "payment_status": {
        **BEFORE["payment_status"],
        "partially_refunded": ("paid", "refunded"),
        "refunded": ("paid", "partially_refunded"),
    },
    "fulfilment_status": BEFORE["fulfilment_status"],
}


def upgrade() -> None:
    _allow(AFTER)


def downgrade() -> None:
    _allow(BEFORE)


def _allow(states: dict[str, dict[str, tuple[str, ...]]]) -> None:
    edges = ", ".join(
        f"('{kind}', '{old}', '{new}')"
        for kind, moves in states.items()
        for old, following in moves.items()
        for new in following
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION order_may_become(kind text, old_state text, new_state text) RETURNS boolean"
        " LANGUAGE sql IMMUTABLE PARALLEL SAFE AS"
        f" $$ SELECT old_state = new_state OR (kind, old_state, new_state) IN ({edges}) $$"
    )
