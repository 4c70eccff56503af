"""E-mail addresses in the one spelling that we store and compare."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from storefront.accounts.errors import EmailInvalid

MAXIMUM_LENGTH = 254


def normal_email(text: str) -> str:
    """``text`` without spaces around it and with its domain in lower case.

    Only the form is checked, nobody is asked over the network. Raises :class:`EmailInvalid`.
    """
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise EmailInvalid(text.strip()[:MAXIMUM_LENGTH]) from None
