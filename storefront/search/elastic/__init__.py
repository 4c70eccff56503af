"""Finding by Elasticsearch: the second adapter of ``search.queries.engine``, for shops that outgrow one database.

- ``mapping``: what the index looks like
- ``documents``: products as documents, read from the listing's read model
- ``upkeep``: a whole index behind an alias, and the changes since
- ``wanted``: what a question and the chosen filters are in the server's language
- ``counting``: the counts beside the list, asked for and read
- ``engine``: the adapter, with PostgreSQL in reserve

PostgreSQL stays the truth: the index holds nothing that cannot be made again, and texts are understood (words known
to the shop, synonyms, measures) before any engine is asked.
"""
