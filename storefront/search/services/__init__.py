"""What the search writes: the log of what was looked for, and what staff teach it.

- ``log``: every search, and what was opened from its list
- ``synonyms``: words that mean the same
"""

from __future__ import annotations

from storefront.search.services.log import log_search
from storefront.search.services.synonyms import (
    SynonymEdit,
    create_synonym,
    delete_synonym,
    update_synonym,
)

__all__ = ["SynonymEdit", "create_synonym", "delete_synonym", "log_search", "update_synonym"]
