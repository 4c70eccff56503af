"""Signing in: what somebody did as a guest in this browser becomes theirs."""

from __future__ import annotations

import uuid

from storefront.accounts import services as accounts
from storefront.assistant.services import adopt_conversations
from storefront.cart.services import merge_carts, merge_saved, merge_wishes
from storefront.core.db import transaction
from storefront.core.identity import Identity


def sign_in(guest: Identity, email: str, password: str) -> uuid.UUID:
    """The id of the user whom ``email`` and ``password`` open, with the guest's cart and conversations taken along.

    Raises :class:`SignInRefused`. The caller begins the new session.
    """
    user_id = accounts.authenticate(email, password)
    take_along(guest, user_id)
    return user_id


def take_along(visitor: Identity, user_id: uuid.UUID) -> None:
    """Move what the browser's session holds to ``user_id``, then end that session: its secret opens nothing more.

    A session that is signed in already (as the same or another person) is only ended.
    """
    if visitor.session_id is None:
        return
    with transaction():
        if visitor.user_id is None:
            merge_carts(visitor.session_id, user_id)
            merge_saved(visitor.session_id, user_id)
            merge_wishes(visitor.session_id, user_id)
            adopt_conversations(visitor.session_id, user_id)
        accounts.end_session(visitor.session_id)
