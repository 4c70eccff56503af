"""Accounts: the ways in (``entry``), the overview (``views``), the person (``person``), the address
book, the cards they keep (``cards``), which letters
they want (``letters``), the membership."""

from storefront.web.account import addresses, cards, entry, letters, membership, person
from storefront.web.account.views import blueprint

__all__ = ["addresses", "blueprint", "cards", "entry", "letters", "membership", "person"]
