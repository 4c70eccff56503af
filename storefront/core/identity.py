"""Who acts. Bound by the server from the session cookie, never taken from an argument or a form."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """A shopper as the database's row-level security sees them.

    ``user_id`` is None for a guest; ``session_id`` is None for somebody who has not needed a session row
    yet; ``proved_order_ids`` are the orders a guest has proved to own (number and e-mail).
    """

    user_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    proved_order_ids: frozenset[uuid.UUID] = frozenset()


ANONYMOUS = Identity()
