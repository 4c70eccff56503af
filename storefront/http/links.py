"""Addresses of our pages, quickly: a list has a hundred links, and Flask takes twenty microseconds for each.

An address is built by Flask once; afterwards a plain value (a slug, a key) is set into its place. Whatever is not plain
is built by Flask each time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import flask
from flask import Flask, current_app, request
from werkzeug.routing import BuildError

_PLAIN = re.compile(r"/?[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*").fullmatch
_MARK = "placeholder"
_EXTENSION = "links"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """An address around its one value."""

    before: str
    after: str


class Links:
    """What one application knows of its own addresses, by the folder that it is mounted in."""

    def __init__(self) -> None:
        self._fixed: dict[tuple[str, str], str] = {}
        self._patterns: dict[tuple[str, str, str], _Pattern | None] = {}

    def link(self, endpoint: str, /, **values: object) -> str:
        """As :func:`flask.url_for` builds it for the running request. ``endpoint`` is named in full."""
        if not values:
            key = (request.script_root, endpoint)
            known = self._fixed.get(key)
            if known is None:
                known = self._fixed[key] = flask.url_for(endpoint)
            return known
        if len(values) == 1:
            ((name, value),) = values.items()
            if type(value) is str and name[0] != "_" and _PLAIN(value):
                pattern = self._pattern(endpoint, name)
                if pattern is not None:
                    return f"{pattern.before}{value}{pattern.after}"
        return flask.url_for(endpoint, **values)  # type: ignore[arg-type]

    def _pattern(self, endpoint: str, name: str) -> _Pattern | None:
        key = (request.script_root, endpoint, name)
        if key not in self._patterns:
            self._patterns[key] = _pattern_of(endpoint, name)
        return self._patterns[key]


def _pattern_of(endpoint: str, name: str) -> _Pattern | None:
    """None where not any text may stand in the value's place."""
    try:
        before, mark, after = flask.url_for(endpoint, **{name: _MARK}).partition(_MARK)  # type: ignore[arg-type]
    except (BuildError, ValueError):
        return None
    return _Pattern(before, after) if mark and _MARK not in after else None


def link_to(endpoint: str, /, **values: object) -> str:
    """The address of a page of the running application: see :meth:`Links.link`."""
    return cast(Links, current_app.extensions[_EXTENSION]).link(endpoint, **values)


def init_app(app: Flask) -> None:
    """Give ``app`` its links; templates know them as ``url_for``."""
    app.extensions[_EXTENSION] = links = Links()
    app.jinja_env.globals["url_for"] = links.link
