"""The settings as the environment gives them: a wrong value stops the start with a sentence that names the variable."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import SecretStr, ValidationError

from storefront.core.ids import new_secret
from storefront.core.settings import ROOT, Settings

TRANSLATIONS = ROOT / "storefront" / "translations"
WRITTEN_IN = "en"
"""The language of the texts in the code: it needs no translation."""


class SettingsInvalid(SystemExit):
    """The environment holds a value the shop cannot start with."""


def load_settings(**overrides: Any) -> Settings:
    """Read the environment. Raises :class:`SettingsInvalid` with a sentence per wrong variable."""
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsInvalid("The settings are wrong.\n" + "\n".join(lines)) from None
    if problems := [*_of_the_shop(settings), *_of_search(settings), *_of_cards_and_pictures(settings)]:
        raise SettingsInvalid("\n".join(problems))
    instance_dir = settings.instance_dir.expanduser().absolute()
    updates: dict[str, Any] = {"instance_dir": instance_dir}
    if settings.secret_key is None:
        updates["secret_key"] = SecretStr(_kept_secret(instance_dir))
    return settings.model_copy(update=updates)


def _of_the_shop(settings: Settings) -> Iterator[str]:
    if settings.environment == "production" and settings.secret_key is None:
        yield "SECRET_KEY: set it to a long random value; production needs its own."
    if settings.environment == "production" and settings.public_url is None:
        yield (
            "PUBLIC_URL: set it to the shop's address, such as https://shop.example.com. Links in mail lead there, "
            "and an https address keeps the session cookie off plain connections."
        )
    if settings.shop_time_zone not in available_timezones():
        yield f"SHOP_TIME_ZONE: there is no {settings.shop_time_zone!r}; Europe/Berlin is one."
    for code in settings.languages():
        if code != WRITTEN_IN and not (TRANSLATIONS / code / "LC_MESSAGES" / "messages.mo").exists():
            yield (
                f"SHOP_LANGUAGES: there are no texts in {code!r}, or they are not compiled yet: "
                "`python3 scripts/bootstrap.py shop`."
            )
    if settings.invoice_prefix == settings.credit_note_prefix:
        yield "CREDIT_NOTE_PREFIX: take another one than INVOICE_PREFIX, numbers are told apart by it."


def _of_search(settings: Settings) -> Iterator[str]:
    is_elastic = settings.search_backend == "elasticsearch"
    if is_elastic and settings.elasticsearch_url is None:
        yield "ELASTICSEARCH_URL: name the server, or set SEARCH_BACKEND=postgresql."
    elif is_elastic and find_spec("elasticsearch") is None:
        yield "SEARCH_BACKEND: install the client first, `pip install elasticsearch`."
    is_pinecone = settings.vector_backend == "pinecone"
    if is_pinecone and (not settings.pinecone_host or settings.pinecone_api_key is None):
        yield "PINECONE_HOST, PINECONE_API_KEY: name both, or set VECTOR_BACKEND=pgvector."
    elif is_pinecone and is_elastic:
        yield "VECTOR_BACKEND: set it to pgvector; Elasticsearch keeps its own copy of PostgreSQL's vectors."


def _of_cards_and_pictures(settings: Settings) -> Iterator[str]:
    takes_cards = settings.stripe_secret_key is not None
    if takes_cards and not settings.stripe_publishable_key:
        yield "STRIPE_PUBLISHABLE_KEY: name it beside STRIPE_SECRET_KEY, or unset both."
    if takes_cards and settings.stripe_webhook_secret is None:
        yield (
            "STRIPE_WEBHOOK_SECRET: name it beside STRIPE_SECRET_KEY; without it no news of payments is believed."
        )
    if settings.media_backend == "s3" and not settings.s3_bucket:
        yield "S3_BUCKET: name the bucket, or set MEDIA_BACKEND=folder."


def _kept_secret(instance_dir: Path) -> str:
    """Development's signing key: made once, readable by its owner alone."""
    path = instance_dir / "secret_key"
    if not path.exists():
        instance_dir.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{new_secret()[:8]}")
        fresh.touch(mode=0o600)
        fresh.write_text(new_secret())
        with contextlib.suppress(FileExistsError):  # the first of several starting processes wins
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text().strip()
