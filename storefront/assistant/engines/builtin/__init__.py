"""The built-in assistant: deterministic, on the same tools, used where no model provider is configured.

- ``wishes``: what product is wanted, from ordinary words
- ``intents``: what a message is about
- ``references``: "the second one", "add it": what was shown before
- ``engine``: the answer
"""

from storefront.assistant.engines.builtin.engine import BuiltinEngine

__all__ = ["BuiltinEngine"]
