"""The first thing that somebody without a session puts into a cart: session, cart and line, or none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from storefront.accounts import services as accounts
from storefront.accounts.services.sessions import StartedSession
from storefront.core.db import transaction
from storefront.core.identity import Identity

T = TypeVar("T")


def begin_with(
    act: Callable[[Identity], T], *, ip_address: str | None, user_agent: str | None, days: int
) -> tuple[StartedSession, T]:
    """A guest's fresh session and what ``act`` did in its name, in one transaction: one commit, not two.

    Where ``act`` refuses, there is no session either.
    """
    with transaction():
        started = accounts.start_session(None, ip_address=ip_address, user_agent=user_agent, days=days)
        return started, act(Identity(None, started.id))
