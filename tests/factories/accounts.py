"""People, and browsers in which they are signed in."""

from __future__ import annotations

import itertools
import re
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storefront.accounts.models import User
from storefront.accounts.passwords import hash_password
from storefront.core.db import transaction
from storefront.core.identity import Identity

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PASSWORD = "seven-quiet-otters"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class MadeUser:
    """A user in the database, with the password that opens the account."""

    id: uuid.UUID
    email: str
    password: str = PASSWORD
    roles: tuple[str, ...] = field(default=("customer",))

    @property
    def identity(self) -> Identity:
        """The user as services see them, without a browser session."""
        return Identity(user_id=self.id)


@cache
def _hash(password: str) -> str:
    return hash_password(password)


def make_user(
    email: str | None = None,
    *,
    password: str = PASSWORD,
    roles: tuple[str, ...] = ("customer",),
    email_verified: bool = True,
    **values: object,
) -> MadeUser:
    """Write a user, by default a confirmed customer. Needs an application context."""
    address = email or f"shopper{next(_numbers)}@example.com"
    with transaction() as current:
        user_id = current.scalar(
            sa.insert(User)
            .values(
                email=address,
                password_hash=_hash(password),
                roles=list(roles),
                email_verified=email_verified,
                **values,
            )
            .returning(User.id)
        )
    assert user_id is not None
    return MadeUser(user_id, address, password, roles)


def make_staff(role: str = "admin", **values: object) -> MadeUser:
    """Write a confirmed user with a staff role."""
    return make_user(f"{role}{next(_numbers)}@example.com", roles=("customer", role), **values)  # type: ignore[arg-type]


def csrf_token(client: FlaskClient, page: str = "/account/sign-in") -> str:
    """The token in the forms of ``page``, as this browser got it."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found, f"no form with a token on {page}"
    return found.group(1)


def post(client: FlaskClient, url: str, page: str | None = None, **fields: object) -> TestResponse:
    """Send a form as a browser without JavaScript does, with the token of ``page`` (by default of ``url``)."""
    return client.post(url, data={"csrf_token": csrf_token(client, page or url), **fields})


def sign_in(client: FlaskClient, user: MadeUser) -> TestResponse:
    """Sign ``client`` in through the form, as a person does."""
    response = post(client, "/account/sign-in", email=user.email, password=user.password)
    assert response.status_code == 303, response.text
    return response
