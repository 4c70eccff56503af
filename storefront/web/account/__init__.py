"""Accounts: the ways in (``entry``), the overview (``views``), the person (``person``), the address
book, which letters they want (``letters``)."""

from storefront.web.account import addresses, entry, letters, person
from storefront.web.account.views import blueprint

__all__ = ["addresses", "blueprint", "entry", "letters", "person"]
