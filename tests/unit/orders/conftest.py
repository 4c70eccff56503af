"""What the tests of orders share: a shop that charges by hand, somebody of its staff."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask

from tests.factories.accounts import make_staff


@pytest.fixture
def manual(card_context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards are charged when the parcel leaves, or when staff say so."""
    changed = card_context.extensions["settings"].model_copy(update={"stripe_capture": "manual"})
    monkeypatch.setitem(card_context.extensions, "settings", changed)


@pytest.fixture
def staff(card_context: Flask) -> uuid.UUID:
    """Somebody who sends parcels."""
    return make_staff("support").id
