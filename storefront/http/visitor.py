"""Who is asking: the session cookie, its row in PostgreSQL, the user behind it, the cart's badge.

The signed cookie carries three things: the CSRF token, messages to show once, and, only for somebody who has
put something into a cart, opened a chat or signed in, the secret of a ``user_sessions`` row. A guest who
looks around costs no row and no query; everybody else costs one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request, session
from flask_login import AnonymousUserMixin

from storefront.accounts import services as accounts
from storefront.accounts.queries import SignedInUser
from storefront.cart import queries as carts
from storefront.core.clock import now
from storefront.core.extensions import login_manager
from storefront.core.identity import ANONYMOUS, Identity
from storefront.core.ids import digest
from storefront.core.settings import current_settings
from storefront.journeys.newcomer import begin_with

T = TypeVar("T")
TOKEN = "token"
_TOUCH_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person of this request. ``data`` is what their session row keeps for them.

    Who has no cookie has no messages to see and no token either: their pages are everybody's.
    """

    identity: Identity = ANONYMOUS
    user: SignedInUser | None = None
    cart_quantity: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    has_cookie: bool = True
    wished: frozenset[uuid.UUID] = frozenset()


def current_visitor() -> Visitor:
    """The visitor of this request, read once: one query for those who have a session, none for others."""
    if "visitor" not in g:
        g.visitor = _load_visitor()
    visitor: Visitor = g.visitor
    return visitor


def _load_visitor() -> Visitor:
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies and not session.modified:
        return Visitor(has_cookie=False)
    token = session.get(TOKEN)
    row = carts.visitor(digest(token)) if token else None
    if row is None:
        return Visitor()
    g.session_is_stale = now() - row.last_activity_at > _TOUCH_AFTER
    proved = frozenset(uuid.UUID(order_id) for order_id in row.data.get("proved_orders", ()))
    identity = Identity(row.user.id if row.user else None, row.session_id, proved)
    return Visitor(identity, row.user, row.cart_quantity, row.data, wished=row.wished)


def forget_visitor() -> None:
    """Read the visitor again at the next use: something about them has changed."""
    g.pop("visitor", None)


def ensure_session() -> Identity:
    """The visitor's identity, with a session row made for a guest who had none."""
    visitor = current_visitor()
    if visitor.identity.session_id is None:
        start_session(None)
    return current_visitor().identity


def with_session(act: Callable[[Identity], T]) -> T:
    """What ``act`` does in the visitor's name; who had no session has one afterwards, unless ``act`` refused."""
    visitor = current_visitor()
    if visitor.identity.session_id is not None:
        return act(visitor.identity)
    started, done = begin_with(
        act,
        ip_address=request.remote_addr,
        user_agent=request.user_agent.string[:400],
        days=current_settings().session_days,
    )
    session.permanent = True
    session[TOKEN] = started.token
    g.visitor = Visitor(Identity(None, started.id))
    return done


def start_session(user_id: uuid.UUID | None) -> Identity:
    """Begin a fresh session row for ``user_id`` (None: a guest) and hand its secret to the browser.

    Always a new secret: whoever knew the old one does not follow into the signed-in session.
    """
    started = accounts.start_session(
        user_id,
        ip_address=request.remote_addr,
        user_agent=request.user_agent.string[:400],
        days=current_settings().session_days,
    )
    session.permanent = True
    session[TOKEN] = started.token
    forget_visitor()
    return current_visitor().identity


def end_session() -> None:
    """Sign out: the row goes, the browser keeps nothing but a fresh, empty cookie."""
    session_id = current_visitor().identity.session_id
    if session_id is not None:
        accounts.end_session(session_id)
    session.clear()
    forget_visitor()


def remember_proved_order(order_id: uuid.UUID) -> None:
    """A guest has proved to own this order: their session may see it from now on."""
    identity = ensure_session()
    assert identity.session_id is not None
    accounts.remember_proved_order(identity.session_id, order_id)
    forget_visitor()


def _touch(response: Response) -> Response:
    """Keep an active session alive, with at most one write every ten minutes."""
    if g.pop("session_is_stale", False):
        session_id = current_visitor().identity.session_id
        if session_id is not None and accounts.touch_session(session_id, current_settings().session_days):
            session.modified = True
    return response


class Guest(AnonymousUserMixin):
    """What Flask-Login shows for somebody who is not signed in."""


def init_app(app: Flask) -> None:
    """Bind Flask-Login to the session row and set the cookie's properties."""
    settings = app.extensions["settings"]
    app.config.update(
        SESSION_COOKIE_NAME="shop_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url().startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.session_days),
    )
    login_manager.anonymous_user = Guest
    login_manager.session_protection = None
    login_manager.login_view = "account.sign_in"
    login_manager.request_loader(lambda _request: current_visitor().user)
    app.after_request(_touch)
