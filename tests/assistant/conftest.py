"""A scripted provider, and the engine that asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from storefront.assistant.engines.provider import ProviderEngine
from storefront.providers.openai_client import OpenAICompatibleModel
from tests.openai_server import OpenAIServer

READ_SECONDS = 0.4


@pytest.fixture
def provider() -> Iterator[OpenAIServer]:
    """A provider on loopback; script it before asking."""
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def provider_engine(provider: OpenAIServer) -> Callable[..., ProviderEngine]:
    """Makes the engine that asks the provider, with short time-outs."""

    def make(*, step_limit: int = 4, seconds: float = 10.0) -> ProviderEngine:
        model = OpenAICompatibleModel("test-key", provider.url, "test-model", READ_SECONDS)
        return ProviderEngine(model, shop="Larkfell", step_limit=step_limit, seconds=seconds)

    return make
