"""Which embedding model the application has: what ``EMBEDDINGS_BACKEND`` names."""

from __future__ import annotations

from storefront.core.per_application import for_this_application, once_per_application
from storefront.core.settings import Settings, current_settings
from storefront.providers.embeddings import EmbeddingModel

EXTENSION = "embedding_model"


def embedding_model() -> EmbeddingModel | None:
    """The running application's model; None where ``EMBEDDINGS_BACKEND`` is off."""
    return once_per_application(EXTENSION, _chosen)


def embed_in_this_process() -> EmbeddingModel | None:
    """Have the local model in this process, for commands: nobody's socket is waited for. Returns what is asked now."""
    if current_settings().embeddings_backend == "local":
        from storefront.providers.minilm import MiniLM

        for_this_application(EXTENSION, MiniLM())
    return embedding_model()


def _chosen(settings: Settings) -> EmbeddingModel | None:
    match settings.embeddings_backend:
        case "local":
            from storefront.providers.embedder import EmbedderClient

            return EmbedderClient(embedder_address(settings))
        case "openai":
            from storefront.providers.openai_embeddings import OpenAICompatibleEmbeddings

            key = settings.embeddings_api_key or settings.openai_api_key
            return OpenAICompatibleEmbeddings(
                key.get_secret_value() if key else "", settings.embeddings_base_url, settings.embeddings_model
            )
        case _:
            return None


def embedder_address(settings: Settings) -> str:
    """The socket of the embedder's process."""
    return settings.embedder_socket or str(settings.instance_dir / "embedder.sock")
