"""Jinja, quicker where pages spend their time: what they show, whose attributes they read, whom they call.

A list shows two thousand values, reads fifteen hundred attributes and calls its macros and helpers six hundred times.
Jinja makes an object of its own of each shown value, asks of each callee anew whether it wants the context, and words
each text by way of the whole translation machinery: most of what such a page costs. The same is done here in fewer
steps; what a template means does not change.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from types import FunctionType, MethodType
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.runtime import Context, Macro
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]

from storefront.core.texts import page_text, page_texts

_FUNCTIONS = (FunctionType, MethodType)
_WANTS_EVALUATION = page_text.jinja_pass_arg  # type: ignore[attr-defined]


def shown(value: Any) -> str:
    """As :func:`markupsafe.escape`, for a value on its way onto the page: a plain string is enough there."""
    kind = type(value)
    safe: str = _escape_inner(value) if kind is str else value if kind is Markup else escape(value)
    return safe


class QuickContext(Context):
    """Calls as Jinja's context does; macros and plain functions without looking them over each time."""

    def call(self, called: Any, /, *arguments: Any, **named: Any) -> Any:
        """See :meth:`jinja2.runtime.Context.call`."""
        kind = type(called)
        if kind is Macro:
            wants = _WANTS_EVALUATION
        elif kind in _FUNCTIONS:
            wants = getattr(called, "jinja_pass_arg", None)
        else:
            return super().call(called, *arguments, **named)
        if wants is None:
            named.pop("_loop_vars", None)
            named.pop("_block_vars", None)
            return called(*arguments, **named)
        if wants is _WANTS_EVALUATION:
            named.pop("_loop_vars", None)
            named.pop("_block_vars", None)
            return called(self.eval_ctx, *arguments, **named)
        return super().call(called, *arguments, **named)


class QuickGenerator(CodeGenerator):
    """Writes templates as Python: values by way of :func:`shown`, attributes read in place."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """The module of a template."""
        super().visit_Template(node, frame)
        self.writeline("from storefront.http.quick_templates import shown as escape")

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """An attribute; whoever has none of that name is asked the long way, as Jinja does."""
        self.write("(got if (got := getattr((owner := ")
        self.visit(node.node, frame)
        self.write(
            f"), {node.attr!r}, missing)) is not missing else environment.getattr(owner, {node.attr!r}))"
        )


class QuickEnvironment(Environment):
    """The environment of the shop's templates."""

    context_class = QuickContext
    code_generator_class = QuickGenerator

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What a template knows without being told. Without globals of its own: those of all, not a chain to them."""
        return super().make_globals(d) if d else self.globals


def init_app(app: Flask) -> None:
    """Give templates the texts of the request's language. After flask-babel, whose own way is replaced."""
    app.jinja_env.globals.update({"_": page_text, "gettext": page_text, "ngettext": page_texts})
