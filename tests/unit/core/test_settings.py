"""Settings: a shop that sells for real does not start half configured."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from storefront.core.settings_reading import SettingsInvalid, load_settings

SECRET = SecretStr("s" * 40)
ADDRESS = "https://shop.example.com"


@pytest.mark.parametrize(
    ("given", "missing"),
    [({"public_url": ADDRESS}, "SECRET_KEY"), ({"secret_key": SECRET}, "PUBLIC_URL")],
)
def test_production_asks_for_what_only_its_operator_knows(
    tmp_path: Path, given: dict[str, object], missing: str
) -> None:
    with pytest.raises(SettingsInvalid, match=f"^{missing}: "):
        load_settings(environment="production", instance_dir=tmp_path, **given)


def test_production_starts_with_both(tmp_path: Path) -> None:
    settings = load_settings(
        environment="production", instance_dir=tmp_path, secret_key=SECRET, public_url=ADDRESS
    )
    assert settings.base_url() == ADDRESS


def test_development_needs_neither(tmp_path: Path) -> None:
    settings = load_settings(environment="development", instance_dir=tmp_path, port=8123)
    assert settings.base_url() == "http://127.0.0.1:8123"
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "PINECONE_HOST"),
        ({"pinecone_host": "shop.svc.example.com"}, "PINECONE_API_KEY"),
        (
            {
                "pinecone_host": "shop.svc.example.com",
                "pinecone_api_key": "key",
                "search_backend": "elasticsearch",
                "elasticsearch_url": "http://127.0.0.1:9200",
            },
            "VECTOR_BACKEND",
        ),
    ],
)
def test_pinecone_wants_its_address_and_its_key_and_no_second_engine(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        load_settings(instance_dir=tmp_path, vector_backend="pinecone", **given)


def test_pinecone_with_both_is_taken(tmp_path: Path) -> None:
    settings = load_settings(
        instance_dir=tmp_path,
        vector_backend="pinecone",
        pinecone_host="shop.example.com",
        pinecone_api_key="key",
    )
    assert settings.pinecone_namespace == "storefront"
    assert "key" not in repr(settings.pinecone_api_key)


def test_credit_notes_are_numbered_otherwise_than_invoices(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"^CREDIT_NOTE_PREFIX: "):
        load_settings(instance_dir=tmp_path, invoice_prefix="RE", credit_note_prefix="RE")
