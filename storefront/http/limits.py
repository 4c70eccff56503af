"""How often somebody may try: limits that several areas' forms share, counted in Redis."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from flask import Response, request
from flask_limiter.util import get_remote_address

from storefront.accounts.emails import normal_email
from storefront.accounts.errors import EmailInvalid
from storefront.core.extensions import limiter
from storefront.core.ids import digest
from storefront.core.settings import current_settings
from storefront.http.address_form import tidy

View = TypeVar("View", bound=Callable[..., Any])


def attempts() -> str:
    """Tries with a password or a link, per network address: the setting ``RATE_LIMIT_SIGN_IN``."""
    return current_settings().rate_limit_sign_in


def _mailbox() -> str:
    """The e-mail address of the form, hashed: Redis keeps no addresses. One key for every spelling."""
    typed = tidy(request.form.get("email", "")) or ""
    with suppress(EmailInvalid):
        typed = normal_email(typed)
    return digest(typed.casefold()) if typed else f"none:{get_remote_address()}"


def _refused(response: Response) -> bool:
    return response.status_code == 422


def _accepted(response: Response) -> bool:
    """Taken: a redirect, or the fragment in the form's place."""
    return response.status_code < 400


def _names_no_mailbox() -> bool:
    """Who is signed in is written to at the account's address, and types none."""
    return not request.form.get("email")


def tries_per_account(view: View) -> View:
    """At most 100 wrong passwords an hour for one e-mail address, from however many networks they come."""
    return cast(
        View, limiter.limit("100/hour", key_func=_mailbox, methods=["POST"], deduct_when=_refused)(view)
    )


def letters(view: View) -> View:
    """At most six mails an hour to one address: nobody's mailbox is flooded through our forms."""
    limited = limiter.shared_limit(
        "6/hour",
        scope="letters",
        key_func=_mailbox,
        methods=["POST"],
        deduct_when=_accepted,
        exempt_when=_names_no_mailbox,
    )(view)
    return cast(View, limited)
