"""What every domain may refuse, in words; and the place where all the sentences are registered."""

from __future__ import annotations

from functools import singledispatch

from storefront.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from storefront.core.texts import gettext as _


@singledispatch
def explain(error: DomainError) -> str:
    """The sentence for ``error``. Each domain registers its own (``buying``, ``goods``, ``orders``, ``people``)."""
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
