"""The whole read model made anew: rows, indexes, and the lists that triggers make of the rows."""

from __future__ import annotations

import psycopg
import pytest

from storefront.core.settings import Settings
from storefront.search.services.rebuilding import RebuildStep, rebuild_read_model
from tests.migrations import rows
from tests.migrations.conftest import Logins
from tests.migrations.test_read_model import lists_are_true

PRODUCTS = 40
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename IN ('product_search', 'product_sample')"
SAMPLE_AS_ROWS_SAY = """
SELECT product_id, standing, facet_ids FROM product_search WHERE get_byte(uuid_send(product_id), 15) & 15 = 0 ORDER BY 1
"""


def sample_is_true(connection: psycopg.Connection) -> bool:
    kept = connection.execute(
        "SELECT product_id, standing, facet_ids FROM product_sample ORDER BY 1"
    ).fetchall()
    return kept == connection.execute(SAMPLE_AS_ROWS_SAY).fetchall()


@pytest.mark.parametrize("without_indexes", [False, True])
def test_what_was_written_past_the_triggers_is_mended(
    logins: Logins, settings: Settings, without_indexes: bool
) -> None:
    app, owner = logins.app, logins.owner
    leaf = rows.category(app, parent_id=rows.category(app))
    made = [rows.product(app, category_id=leaf, stock_quantity=1) for _ in range(PRODUCTS)]
    indexes = set(owner.execute(INDEXES))
    for trigger in ("list_update", "list_delete", "sample_update", "sample_delete"):
        owner.execute(f"ALTER TABLE product_search DISABLE TRIGGER {trigger}")
    owner.execute("UPDATE product_search SET popularity = 7 WHERE product_id = ANY (%s)", (made[:20],))
    owner.execute("UPDATE product_search SET name = 'Wrong', category_path = '{}'")
    owner.execute("DELETE FROM product_search WHERE product_id = ANY (%s)", (made[30:],))
    for trigger in ("list_update", "list_delete", "sample_update", "sample_delete"):
        owner.execute(f"ALTER TABLE product_search ENABLE TRIGGER {trigger}")
    assert not lists_are_true(owner)

    steps: list[RebuildStep] = []
    assert settings.database_owner_url
    looked_at = rebuild_read_model(
        settings.database_owner_url.get_secret_value(), without_indexes=without_indexes, tell=steps.append
    )

    assert looked_at == PRODUCTS
    assert owner.execute("SELECT count(*) FROM product_search WHERE name <> 'Wrong'").fetchone() == (
        PRODUCTS,
    )
    assert owner.execute("SELECT count(*) FROM category_listing").fetchone() == (2 * PRODUCTS,)
    assert lists_are_true(owner)
    assert sample_is_true(owner)
    assert set(owner.execute(INDEXES)) == indexes
    assert {step.what for step in steps if step.done == step.whole} >= {"products", "lists"}


def test_afterwards_triggers_write_the_lists_again(logins: Logins, settings: Settings) -> None:
    leaf = rows.category(logins.app)
    assert settings.database_owner_url
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'pk_category_listing'"
    before = logins.owner.execute(key).fetchone()
    rebuild_read_model(settings.database_owner_url.get_secret_value(), without_indexes=True)
    assert logins.owner.execute(key).fetchone() == before  # it was away meanwhile: the lists were empty
    rows.product(logins.app, category_id=leaf)
    assert lists_are_true(logins.owner)
    assert logins.owner.execute("SELECT count(*) FROM category_listing").fetchone() == (1,)
