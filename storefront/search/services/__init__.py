"""What the search writes: the log of what was looked for, and what staff teach it.

- ``embedding``: what products mean, as vectors
- ``log``, ``log_writing``: every search, and what was opened from its list
- ``personal``, ``askers``, ``popular``: what of it may be suggested to others
- ``popularity``: what sells well
- ``synonyms``: words that mean the same
- ``words``: the vocabulary
"""

from __future__ import annotations

from storefront.search.services.embedding import (
    fill_vectors,
    forget_vectors,
    listed_products,
    purge_vectors,
    stale_vectors,
)
from storefront.search.services.log import log_click, log_search, may_be_slug
from storefront.search.services.log_writing import purge_tallies, write_log
from storefront.search.services.popular import refresh_popular_searches
from storefront.search.services.popularity import popularities, set_popularities
from storefront.search.services.synonyms import (
    SynonymEdit,
    create_synonym,
    delete_synonym,
    update_synonym,
)
from storefront.search.services.words import refresh_words, refresh_words_if_changed

__all__ = [
    "SynonymEdit",
    "create_synonym",
    "delete_synonym",
    "fill_vectors",
    "forget_vectors",
    "listed_products",
    "log_click",
    "log_search",
    "may_be_slug",
    "popularities",
    "purge_tallies",
    "purge_vectors",
    "refresh_popular_searches",
    "refresh_words",
    "refresh_words_if_changed",
    "set_popularities",
    "stale_vectors",
    "update_synonym",
    "write_log",
]
