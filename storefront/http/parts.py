"""Parts of a page that are the same on all of them: head, menu, footer, dialogs. Rendered once, kept in the process.

``{{ part("_menu.html", departments=...) }}`` in a template. A part sees the shop and what it is given, nothing of the
request: it cannot come to depend on somebody's cookie. It is rendered again when it is given something else, and when
the browser files change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request
from markupsafe import Markup

from storefront.core.texts import language
from storefront.http.assets import Manifest
from storefront.http.shop import shop


@dataclass(slots=True)
class _Part:
    made_of: dict[str, Any]
    build: int
    html: Markup


class Parts:
    """The parts of one application, by template, language and the folder that the shop is mounted in."""

    def __init__(self, app: Flask) -> None:
        self._environment = app.jinja_env
        self._kept: dict[tuple[str, str, str], _Part] = {}

    def part(self, template: str, /, **made_of: Any) -> Markup:
        """The part that ``template`` makes of the shop and of ``made_of``."""
        key = (template, language(), request.script_root)
        manifest: Manifest = current_app.extensions["assets"]
        build = manifest.build()
        kept = self._kept.get(key)
        if kept is None or kept.build != build or kept.made_of != made_of:
            html = self._environment.get_template(template).render(shop=shop(), **made_of)
            kept = self._kept[key] = _Part(made_of, build, Markup(html))
        elif kept.made_of:
            # The same, read anew: comparing it with itself is quicker next time.
            kept.made_of = made_of
        return kept.html

    def forget(self) -> None:
        """Render each anew at its next use."""
        self._kept.clear()


def init_app(app: Flask) -> None:
    """Give templates ``part``."""
    app.extensions["parts"] = parts = Parts(app)
    app.jinja_env.globals["part"] = parts.part
