"""Translated texts, with types that flask-babel lacks. Import as ``_`` so that the extractor finds them."""

from __future__ import annotations

import flask_babel


def gettext(text: str, **values: object) -> str:
    """``text`` in the request's language, with ``%(name)s`` filled in."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The form of the text that fits ``number``; ``%(num)s`` is the number itself."""
    return str(flask_babel.ngettext(one, many, number, **values))
