"""One registry of what the assistant can do.

A tool is a plain typed function whose first parameter is the :class:`ToolContext`. Its docstring becomes the
description, its signature the JSON schema, so that the model, the built-in assistant and the agent protocols
see the same thing. Who acts is bound by the server in the context and is never an argument.
"""

from __future__ import annotations

import inspect
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from storefront.assistant.events import Event
from storefront.assistant.hiding import without_gift_cards
from storefront.core.db import acting_as
from storefront.core.errors import DomainError
from storefront.core.identity import Identity


@dataclass(frozen=True, slots=True)
class ToolContext:
    """For whom and where a tool acts in one turn. ``explain`` words a domain error in the shopper's language.

    ``address`` is the network address that the shopper's session was begun from, where that is known; ``calls`` is
    how often a tool that counts was called in this turn.
    """

    identity: Identity
    conversation_id: uuid.UUID
    currency: str
    explain: Callable[[DomainError], str]
    address: str = ""
    calls: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool found or did: ``data`` for the model, ``summary`` and ``events`` for the shopper."""

    data: dict[str, Any]
    summary: str
    events: tuple[Event, ...] = ()
    ok: bool = True


ToolFunction = Callable[..., Outcome]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function with what the registry read from it. ``secrets`` are arguments that no record shows in full."""

    name: str
    description: str
    function: ToolFunction
    arguments: type[BaseModel]
    label: Callable[[dict[str, Any]], str]
    secrets: tuple[str, ...] = ()

    def json_schema(self) -> dict[str, Any]:
        """The arguments as JSON Schema, without titles that only cost tokens."""
        schema = self.arguments.model_json_schema()
        schema.pop("title", None)
        for property_schema in schema.get("properties", {}).values():
            property_schema.pop("title", None)
        return schema


@dataclass(slots=True)
class Registry:
    """Tools by name."""

    tools: dict[str, Tool] = field(default_factory=dict)

    def tool(
        self, label: str | Callable[[dict[str, Any]], str], *, secrets: tuple[str, ...] = ()
    ) -> Callable[[ToolFunction], ToolFunction]:
        """Register the decorated function. ``label`` says what it is doing, for the step shown meanwhile.

        Of the arguments ``secrets`` no more than the end is shown or kept.
        """

        def register(function: ToolFunction) -> ToolFunction:
            name = function.__name__
            if name in self.tools:
                raise ValueError(f"two tools named {name}")
            words = (lambda _arguments: label) if isinstance(label, str) else label
            description = inspect.cleandoc(function.__doc__ or "")
            arguments = _arguments_model(function)
            self.tools[name] = Tool(name, description, function, arguments, words, secrets)
            return function

        return register

    def only(self, names: Iterable[str] | None) -> Registry:
        """The tools of these names (None: all), for an assistant that may not use every one."""
        if names is None:
            return self
        return Registry({name: self.tools[name] for name in names if name in self.tools})

    def label(self, name: str, arguments: dict[str, Any]) -> str:
        """What the call is doing, in words."""
        tool = self.tools.get(name)
        return tool.label(self.shown(name, arguments)) if tool else name

    def shown(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call as a record keeps them: without secrets, and without gift cards' codes."""
        secrets = self.tools[name].secrets if name in self.tools else ()
        return {key: _shown(value, is_secret=key in secrets) for key, value in arguments.items()}

    def call(self, name: str, arguments: Any, context: ToolContext) -> Outcome:
        """Check the arguments against the signature and run the tool under the shopper's identity.

        Never raises for what a model or a shopper can cause: an unknown tool, wrong arguments and a refusal
        of the shop are outcomes with ``ok`` false, in words.
        """
        tool = self.tools.get(name)
        if tool is None:
            return _refusal("unknown_tool", f"There is no tool {name!r}.")
        try:
            checked = tool.arguments.model_validate(arguments)
        except ValidationError as error:
            return _refusal("wrong_arguments", "; ".join(_complaint(problem) for problem in error.errors()))
        values = {key: getattr(checked, key) for key in type(checked).model_fields}
        try:
            with acting_as(context.identity):
                return tool.function(context, **values)
        except DomainError as error:
            return _refusal(error.error_code, context.explain(error))


def _shown(value: Any, *, is_secret: bool) -> Any:
    if is_secret:
        return f"…{str(value)[-4:]}"
    return without_gift_cards(value) if isinstance(value, str) else value


def _refusal(code: str, message: str) -> Outcome:
    return Outcome({"error": code, "message": message}, message, ok=False)


def _complaint(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "arguments"
    return f"{place}: {problem['msg']}"


def _arguments_model(function: ToolFunction) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or hints.get(parameters[0].name) is not ToolContext:
        raise TypeError(f"{function.__name__}: the first parameter is the ToolContext")
    fields: dict[str, Any] = {
        parameter.name: (
            hints[parameter.name],
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in parameters[1:]
    }
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)
