"""Accounts: the ways in (``entry``), the overview (``views``), the person (``person``), the address
book, the cards they keep (``cards``), which letters
they want (``letters``), the membership, what is known of them and the end of the account (``data``)."""

from storefront.web.account import addresses, cards, data, entry, letters, membership, person
from storefront.web.account.views import blueprint

__all__ = ["addresses", "blueprint", "cards", "data", "entry", "letters", "membership", "person"]
