"""The client of an OpenAI-compatible model provider: the one module that imports ``openai``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import openai

from storefront.core.db import assert_no_transaction
from storefront.core.settings import Settings
from storefront.providers.language_models import (
    LanguageModel,
    ModelFailure,
    Piece,
    TextPiece,
    TokenUsage,
    ToolRequest,
)

_CONNECT_SECONDS = 5.0


class OpenAICompatibleModel:
    """Chat completions over HTTP, streamed.

    ``read_seconds`` is the longest silence accepted, before the first token as well as between two.
    """

    def __init__(self, api_key: str, base_url: str | None, model: str, read_seconds: float) -> None:
        self.name = model
        self._client = openai_connection(api_key, base_url, read_seconds)

    def complete(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> Iterator[Piece]:
        """See :meth:`LanguageModel.complete`. No transaction may be open: the provider may think for long."""
        assert_no_transaction()
        arguments: dict[str, Any] = {"tools": list(tools)} if tools else {}
        calls: dict[int, dict[str, str]] = {}
        begun = finished = False
        try:
            # Plain dicts of the wire format: the client's own types name every model it knows.
            create: Any = self._client.chat.completions.create
            with create(
                model=self.name,
                messages=list(messages),
                stream=True,
                stream_options={"include_usage": True},
                **arguments,
            ) as stream:
                for chunk in stream:
                    begun = True
                    if chunk.usage:
                        yield TokenUsage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
                    for choice in chunk.choices:
                        finished = finished or choice.finish_reason is not None
                        if choice.delta.content:
                            yield TextPiece(choice.delta.content)
                        for part in choice.delta.tool_calls or ():
                            _join(calls, part)
        except openai.OpenAIError as error:
            code = _code(error)
            raise ModelFailure("cut_off" if begun and code == "unreachable" else code) from error
        except (OSError, ValueError) as error:  # a broken line in the stream
            raise ModelFailure("cut_off") from error
        except Exception as error:
            if not _is_transport_error(error):
                raise
            raise ModelFailure(
                "timeout" if "timeout" in type(error).__name__.lower() else "cut_off"
            ) from error
        if not finished:
            raise ModelFailure("cut_off")
        yield from (_request(call) for _index, call in sorted(calls.items()))


def _join(calls: dict[int, dict[str, str]], part: Any) -> None:
    """Arguments arrive in pieces; the id and the name with the first of them."""
    call = calls.setdefault(part.index, {"id": "", "name": "", "arguments": ""})
    call["id"] = call["id"] or part.id or ""
    if part.function:
        call["name"] += part.function.name or ""
        call["arguments"] += part.function.arguments or ""


def _request(call: dict[str, str]) -> ToolRequest:
    try:
        arguments = json.loads(call["arguments"] or "{}")
    except ValueError:
        arguments = None
    return ToolRequest(
        call["id"], call["name"], call["arguments"], arguments if isinstance(arguments, dict) else None
    )


def _code(error: openai.OpenAIError) -> str:
    match error:
        case openai.APITimeoutError():
            return "timeout"
        case openai.APIConnectionError():
            return "unreachable"
        case openai.RateLimitError():
            return "rate_limited"
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return "not_authorised"
        case openai.InternalServerError():
            return "server_error"
        case openai.APIStatusError():
            return "refused"
        case _:
            return "cut_off"


def openai_connection(api_key: str, base_url: str | None, read_seconds: float) -> openai.OpenAI:
    """A client that asks once: another engine takes over, a second try would double the longest wait."""
    timeout = openai.Timeout(read_seconds, connect=_CONNECT_SECONDS)
    return openai.OpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0)


def openai_code(problem: Exception) -> str | None:
    """Why a request failed: timeout, unreachable, rate_limited and so on; None for an error that is our own."""
    if isinstance(problem, openai.OpenAIError):
        return _code(problem)
    if isinstance(problem, OSError | ValueError) or _is_transport_error(problem):
        return "cut_off"
    return None


def _is_transport_error(error: Exception) -> bool:
    """The client lets its HTTP library's errors through while a stream is read."""
    return type(error).__module__.partition(".")[0] in {"httpx", "httpx2", "httpcore", "httpcore2"}


def configured_model(settings: Settings, model: str | None = None) -> LanguageModel:
    """The provider that the settings name; ``model`` in place of CHAT_MODEL. OPENAI_API_KEY must be set."""
    assert settings.openai_api_key is not None
    return OpenAICompatibleModel(
        settings.openai_api_key.get_secret_value(),
        settings.openai_base_url,
        model or settings.chat_model,
        settings.chat_first_token_timeout_seconds,
    )
