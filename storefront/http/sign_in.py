"""Where every way in ends: the browser gets a session of its own, and only ever a new one."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request, session, url_for

from storefront.core.identity import Identity
from storefront.core.texts import gettext as _
from storefront.http.languages import settle
from storefront.http.rendering import leave_to
from storefront.http.visitor import current_visitor, remember_proved_order, start_session
from storefront.journeys import sign_in as journey


def sign_in(email: str, password: str) -> None:
    """Sign the visitor in. Raises :class:`SignInRefused`; then nothing has changed."""
    guest = current_visitor().identity
    user_id = journey.sign_in(guest, email, password)
    _begin(user_id, guest)


def sign_in_as(user_id: uuid.UUID) -> None:
    """Sign the visitor in as somebody who has just proved who they are by a mailed link."""
    guest = current_visitor().identity
    journey.take_along(guest, user_id)
    _begin(user_id, guest)


def _begin(user_id: uuid.UUID, before: Identity) -> None:
    # A fresh cookie: neither the session's secret nor the CSRF token of the guest lives on.
    session.clear()
    start_session(user_id)
    if (user := current_visitor().user) is not None:
        settle(user)
    if before.user_id not in (None, user_id):
        return  # what another account's session had proved is not this person's
    for order_id in sorted(before.proved_order_ids):
        remember_proved_order(order_id)


def own_path(target: str | None, default: str) -> str:
    """``target`` if it is a path of this shop, else ``default``: a link must not send people elsewhere.

    Browsers read ``//host`` and ``/\\host`` as another site and drop tabs and line breaks, so those are refused.
    """
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return default
    if any(ord(character) <= 0x20 or character in "\\\x7f" for character in target):
        return default
    return target


def sign_in_url() -> str:
    """The sign-in page, with the way back to where the person wanted to go."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return url_for("account.sign_in", next=wanted)


def ask_to_sign_in() -> Any:
    """What a guest gets who opens a page of people with an account."""
    from flask import flash

    flash(_("Please sign in to see this page."), "info")
    return leave_to(sign_in_url())
