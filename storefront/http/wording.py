"""Domain errors in words: what happened, and what the person can do. One sentence each, blaming nobody.

The page, the staff page and the assistant say the same thing; programs get the error's code and data.
"""

from __future__ import annotations

from functools import singledispatch

from storefront.accounts.errors import (
    AddressBookFull,
    AddressRefused,
    EmailInvalid,
    EmailTaken,
    LinkRefused,
    PasswordRefused,
    SignInRefused,
    UnknownRole,
    WrongPassword,
)
from storefront.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from storefront.core.texts import gettext as _


@singledispatch
def explain(error: DomainError) -> str:
    """The sentence for ``error``. Each domain registers its own below."""
    return _("That did not work. Nothing was changed.")


@explain.register
def _not_found(error: NotFound) -> str:
    return _("We could not find that.")


@explain.register
def _not_allowed(error: NotAllowed) -> str:
    return _(
        "Your account may not do this. It needs the permission “%(permission)s”.",
        permission=f"{error.resource}:{error.action}",
    )


@explain.register
def _invalid_input(error: InvalidInput) -> str:
    return error.reason


@explain.register
def _sign_in_refused(error: SignInRefused) -> str:
    return _(
        "E-mail and password do not match an account, or its address is not confirmed yet. "
        "Please check both, or look for our mail."
    )


@explain.register
def _password_refused(error: PasswordRefused) -> str:
    if error.reason == "too_short":
        return _("Please use at least %(count)s characters.", count=error.minimum)
    if error.reason == "too_long":
        return _("Please use at most %(count)s characters.", count=error.maximum)
    if error.reason == "personal":
        return _("This is too close to your name or e-mail address. Please choose something else.")
    return _("This password is easy to guess. A few unrelated words make a good one.")


@explain.register
def _wrong_password(error: WrongPassword) -> str:
    return _("That is not your current password.")


@explain.register
def _link_refused(error: LinkRefused) -> str:
    return _("This link has been used, has expired, or was replaced by a newer one.")


@explain.register
def _email_invalid(error: EmailInvalid) -> str:
    return _("Please enter an e-mail address like name@example.com.")


@explain.register
def _email_taken(error: EmailTaken) -> str:
    return _("There is an account for %(email)s already.", email=error.email)


@explain.register
def _unknown_role(error: UnknownRole) -> str:
    return _("There is no role “%(role)s”. Known roles: %(known)s.", role=error.role, known=", ".join(error.known))


@explain.register
def _address_refused(error: AddressRefused) -> str:
    return _("Something is missing in this address, or does not fit the country. Please look at it again.")


@explain.register
def _address_book_full(error: AddressBookFull) -> str:
    return _(
        "Your address book holds %(count)s addresses, which is as many as it can. Please delete one first.",
        count=error.maximum,
    )
