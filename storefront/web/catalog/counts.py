"""How many there are, in words: exactly where that is known, else as well as an estimate can tell."""

from __future__ import annotations

import msgspec

from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.formats import format_number

COUNTED = 10_000
"""Every engine counts a total up to here exactly: one that is not exact is more."""


class Count(msgspec.Struct, frozen=True):
    """How many products a choice leads to, as it stands beside the choice."""

    number: int
    is_exact: bool = True

    @property
    def text(self) -> str:
        """``1,234``, or an estimate as rough as it is; nothing where an estimate says none: it may have missed some."""
        if self.is_exact:
            return format_number(self.number)
        return format_number(rounded(self.number)) if self.number else ""


def products_in_words(total: int, is_exact: bool) -> str:
    """``1,234 products``, ``about 48,000 products``, ``more than 10,000 products``."""
    if is_exact:
        return ngettext("%(count)s product", "%(count)s products", total, count=format_number(total))
    if rounded(total) <= COUNTED:
        return _("more than %(count)s products", count=format_number(COUNTED))
    return _("about %(count)s products", count=format_number(rounded(total)))


def rounded(number: int) -> int:
    """``number`` to two figures, below a thousand to one: more would be no truer of an estimate."""
    figures = 2 if number >= 1_000 else 1
    step: int = 10 ** max(len(str(number)) - figures, 0)
    return (number + step // 2) // step * step
