"""Accounts: the ways in (``entry``), the overview (``views``), the person (``person``), the address book."""

from storefront.web.account import addresses, entry, person
from storefront.web.account.views import blueprint

__all__ = ["addresses", "blueprint", "entry", "person"]
