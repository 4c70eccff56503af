"""Translated texts. Import as ``_`` so that the extractor finds them.

A page words a hundred texts: each is looked up once per language and process, not once per page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from flask import has_app_context
from flask_babel import force_locale, get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class _Language:
    """The texts of one language; ``safe`` are those without values, as pages show them."""

    name: str
    translations: Any
    safe: dict[str, Markup] = field(default_factory=dict)


_OUTSIDE = "en"
_languages: dict[str, _Language] = {}
_spoken: ContextVar[_Language | None] = ContextVar("spoken", default=None)


def gettext(text: str, **values: object) -> str:
    """``text`` in the request's language, with ``%(name)s`` filled in."""
    translated: str = _language().translations.gettext(text)
    return translated % values if values else translated


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The form of the text that fits ``number``; ``%(num)s`` is the number itself."""
    translated: str = _language().translations.ngettext(one, many, number)
    return translated % {"num": number, **values}


@pass_eval_context
def page_text(template: EvalContext, text: str, /, **values: object) -> str:
    """As :func:`gettext`, for templates: the text may hold HTML, its values are escaped. A percent sign is doubled."""
    language = _language()
    if not template.autoescape:
        plain: str = language.translations.gettext(text) % values
        return plain
    if values:
        return Markup(language.translations.gettext(text) % _escaped(values))
    known = language.safe.get(text)
    if known is None:
        known = language.safe[text] = Markup(language.translations.gettext(text) % {})
    return known


@pass_eval_context
def page_texts(template: EvalContext, one: str, many: str, number: int, /, **values: object) -> str:
    """As :func:`ngettext`, for templates: see :func:`page_text`."""
    translated: str = _language().translations.ngettext(one, many, number)
    if not template.autoescape:
        return translated % {"num": number, **values}
    return Markup(translated % _escaped({"num": number, **values}))


def N_(text: str) -> str:
    """``text`` as it is: the extractor finds it here, and it is translated where it is shown."""
    return text


def _escaped(values: dict[str, object]) -> dict[str, object]:
    return {
        name: value if isinstance(value, int | float) else escape(value) for name, value in values.items()
    }


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Word texts of the block in ``language``, whoever's request or job this is."""
    with force_locale(language):
        token = _spoken.set(_known_language(str(get_locale())))
        try:
            yield
        finally:
            _spoken.reset(token)


def forget_language() -> None:
    """Work out anew what is spoken: another request or job begins in this thread."""
    _spoken.set(None)


def language() -> str:
    """The language of the running request or job, such as ``en`` or ``de_AT``; English outside of both."""
    return _language().name


def _language() -> _Language:
    """Worked out once in a request or job."""
    found = _spoken.get()
    if found is None:
        if not has_app_context():
            return _known_language(_OUTSIDE)
        found = _known_language(str(get_locale()))
        _spoken.set(found)
    return found


def _known_language(name: str) -> _Language:
    known = _languages.get(name)
    if known is None:
        known = _languages[name] = _Language(name, get_translations())
    return known
