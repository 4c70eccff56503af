"""Domain errors in words: what happened, and what the person can do. One sentence each, blaming nobody.

The page, the staff page and the assistant say the same thing; programs get the error's code and data.
"""

from storefront.http.wording import buying, goods, orders, people
from storefront.http.wording.common import explain

__all__ = ["buying", "explain", "goods", "orders", "people"]
