"""Domain errors in words: what happened, and what the person can do. One sentence each, blaming nobody.

The page, the staff page and the assistant say the same thing; programs get the error's code and data.
"""

from __future__ import annotations

from functools import singledispatch

from flask_babel import gettext as _

from storefront.core.errors import DomainError, InvalidInput, NotAllowed, NotFound


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
