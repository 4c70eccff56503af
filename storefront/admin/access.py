"""Who may come in: each staff page names the permission it needs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.core.errors import NotAllowed
from storefront.http.visitor import current_visitor

P = ParamSpec("P")
R = TypeVar("R")


def requires(resource: str, action: str) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """Let only staff with the permission ``resource``:``action`` see the view; guests sign in first.

    Permissions are read with the session in the request's one query, so a right that was taken away is gone.
    Writes ask again in their service.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            user = current_visitor().user
            if user is None:
                return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
            if not user.may(resource, action):
                raise NotAllowed(resource, action)
            return view(*args, **kwargs)

        return guarded

    return decorate


def actor_id() -> uuid.UUID:
    """The signed-in staff member's id; only inside a view that :func:`requires` guards."""
    user = current_visitor().user
    assert user is not None
    return user.id
