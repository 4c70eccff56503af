"""Whoever changes what people see: the tags of it are noted in the same transaction, and forgotten."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
import redis
import sqlalchemy as sa
from flask import Flask

from storefront.accounts.models import User
from storefront.assistant.models import TrainingSource
from storefront.catalog.models import Brand, Category, Product
from storefront.core import at_hand
from storefront.core.cache import CacheKind, remembered
from storefront.core.cache_changes import KIND, forget_after_commit, forget_what_changed
from storefront.core.cache_store import CacheStore
from storefront.core.db import NoTransaction, after_commit, session, transaction, write
from storefront.core.identity import Identity
from storefront.core.outbox import OutboxEntry
from storefront.core.settings import current_settings
from storefront.inventory.services import adjust_stock
from storefront.jobs import outbox
from storefront.jobs.cache import forget_changes
from storefront.reviews.services import moderate, vote_helpful
from storefront.shipping.models import ShippingMethod
from tests.factories.accounts import make_user
from tests.factories.catalog import Made, make_brand, make_category, make_product, make_review, make_variants

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture(autouse=True)
def _remembering(app_context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = current_settings().model_copy(update={"cache_product_card_seconds": 300})
    monkeypatch.setitem(app_context.extensions, "settings", kept)


@pytest.fixture
def shelter() -> Made:
    return make_category("Shelter")


@pytest.fixture
def tents(shelter: Made) -> Made:
    return make_category("Tents", shelter)


@pytest.fixture
def kestrel(tents: Made) -> Made:
    made = make_product("Kestrel 2", "329.00", 10, category=tents)
    noted()
    return made


def noted() -> set[str]:
    """What was noted since the last look."""
    with transaction():
        entries = session().scalars(
            sa.delete(OutboxEntry).where(OutboxEntry.kind == KIND).returning(OutboxEntry.payload)
        )
        return {tag for payload in entries for tag in payload["tags"]}


def change(product: Made, **values: object) -> None:
    with transaction():
        write(sa.update(Product).where(Product.id == product.id).values(**values))


def tags(*products: Made) -> set[str]:
    return {f"product:{one.id}" for one in products}


def lists(*categories: Made) -> set[str]:
    return {"products", *(f"category:{one.id}" for one in categories)}


@pytest.mark.parametrize(
    "values",
    [{"price": Decimal("299.00")}, {"name": "Kestrel 3"}, {"description": "New."}, {"is_featured": True}],
    ids=lambda values: next(iter(values)),
)
def test_a_changed_product_is_noted_with_its_categories(
    kestrel: Made, tents: Made, shelter: Made, values: dict[str, object]
) -> None:
    change(kestrel, **values)
    assert noted() == tags(kestrel) | lists(tents, shelter)


def test_a_product_that_moves_leaves_lists_and_enters_others(
    kestrel: Made, tents: Made, shelter: Made
) -> None:
    stoves = make_category("Stoves")
    noted()
    change(kestrel, category_id=stoves.id)
    assert noted() == tags(kestrel) | lists(tents, shelter, stoves)


def test_new_and_gone_products_are_noted(kestrel: Made, tents: Made, shelter: Made) -> None:
    made = make_product("Brack", stock=0, category=tents)
    assert noted() == tags(made) | lists(tents, shelter)
    change(made, is_active=False)
    assert noted() == tags(made) | lists(tents, shelter)
    with transaction():
        write(sa.delete(Product).where(Product.id == made.id))
    assert noted() == tags(made) | lists(tents, shelter)


def test_a_variant_is_its_parents_page(kestrel: Made, tents: Made, shelter: Made) -> None:
    (small, _large) = make_variants(kestrel, [{"Size": "S"}, {"Size": "L"}])
    assert noted() == tags(kestrel) | lists(tents, shelter)
    change(small, price=Decimal("1.00"))
    assert noted() == tags(kestrel) | lists(tents, shelter)


def test_stock_is_noted_when_somebody_can_see_it(kestrel: Made, tents: Made, shelter: Made) -> None:
    adjust_stock(kestrel.id, -4)
    assert noted() == set()  # 6: in stock
    adjust_stock(kestrel.id, -1)
    assert noted() == tags(kestrel)  # only 5 left
    adjust_stock(kestrel.id, -5)
    assert noted() == tags(kestrel) | lists(tents, shelter)  # sold out
    adjust_stock(kestrel.id, 50)
    assert noted() == tags(kestrel) | lists(tents, shelter)


def test_a_published_review_is_noted(kestrel: Made, tents: Made, shelter: Made) -> None:
    review = make_review(kestrel, status="pending")
    noted()
    moderate(None, review, status="published")
    assert forget_what_changed() == 0  # it was forgotten right after the commit
    assert noted() == tags(kestrel) | lists(tents, shelter)
    with transaction():
        session().execute(sa.text("UPDATE reviews SET rating = 1"))
    assert noted() == tags(kestrel) | lists(tents, shelter)


def test_a_vote_or_another_word_of_a_review_is_the_products_page_alone(kestrel: Made) -> None:
    review = make_review(kestrel)
    noted()
    vote_helpful(Identity(make_user().id, None), review)
    assert noted() == tags(kestrel)
    with transaction():
        session().execute(sa.text("UPDATE reviews SET comment = 'Stood through two storms.'"))
    assert noted() == tags(kestrel)


def test_a_review_that_nobody_sees_is_not_noted(kestrel: Made) -> None:
    review = make_review(kestrel, status="pending")
    with transaction():
        session().execute(sa.text("UPDATE reviews SET rating = 1"))
    moderate(None, review, status="rejected")
    with transaction():
        session().execute(sa.text("DELETE FROM reviews"))
    assert noted() == set()


def test_a_review_that_goes_is_noted(kestrel: Made, tents: Made, shelter: Made) -> None:
    make_review(kestrel)
    assert noted() == tags(kestrel) | lists(tents, shelter)
    with transaction():
        session().execute(sa.text("UPDATE reviews SET deleted_at = now()"))
    assert noted() == tags(kestrel) | lists(tents, shelter)
    make_review(kestrel)
    noted()
    with transaction():
        session().execute(sa.text("DELETE FROM reviews"))
    assert noted() == tags(kestrel) | lists(tents, shelter)


def test_many_products_at_once_are_the_whole_catalog(tents: Made) -> None:
    with transaction():
        session().execute(
            sa.insert(Product),
            [
                {"name": f"P {n}", "slug": f"p-{n}", "sku": f"P-{n}", "price": 1, "currency": "EUR"}
                for n in range(301)
            ],
        )
    assert noted() >= {"catalog"}
    with transaction():
        write(sa.update(Product).values(price=2))
    assert noted() == {"catalog"}


@pytest.mark.parametrize("table", [Category, Brand, ShippingMethod])
def test_what_every_page_shows_is_the_whole_catalog(table: type[Category], tents: Made) -> None:
    make_brand()
    noted()
    with transaction():
        write(sa.update(table).values(name="Other"))
    assert noted() == {"catalog"}


def test_policies_are_noted() -> None:
    with transaction():
        write(sa.update(TrainingSource).values(title="Other"))
    assert noted() == {"policies"}


def test_what_nobody_sees_is_not_noted(kestrel: Made) -> None:
    with transaction():
        write(sa.update(User).values(first_name="Agnes"))
        session().execute(sa.text("UPDATE product_search SET popularity = 7"))
    assert noted() == set()


def test_a_change_taken_back_leaves_nothing(kestrel: Made) -> None:
    def break_off() -> None:
        with transaction():
            write(sa.update(Product).values(name="Other"))
            raise LookupError

    with pytest.raises(LookupError):
        break_off()
    assert noted() == set()


def ask(kestrel: Made) -> uuid.UUID:
    return remembered(CacheKind.PRODUCT_CARD, "k", uuid.UUID, uuid.uuid4, tags=[f"product:{kestrel.id}"])


def test_a_job_forgets_what_is_noted(kestrel: Made) -> None:
    first = ask(kestrel)
    change(kestrel, name="Kestrel 3")
    assert ask(kestrel) == first
    assert outbox.drain() == 0, "it has a drain of its own"
    assert forget_changes() >= 1
    assert ask(kestrel) != first


def test_who_asks_for_it_forgets_right_after_the_commit(kestrel: Made) -> None:
    first = ask(kestrel)
    with transaction():
        forget_after_commit()
        forget_after_commit()
        write(sa.update(Product).values(name="Kestrel 3"))
        assert ask(kestrel) == first
    assert ask(kestrel) != first
    assert noted() >= tags(kestrel)  # done, not due
    assert forget_changes() == 0


def test_who_changes_something_sees_also_what_the_job_of_another_process_forgot(
    kestrel: Made, app_context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "SECONDS", 3600.0)
    first = ask(kestrel)
    change(kestrel, name="Kestrel 3")
    with transaction():
        write(sa.update(OutboxEntry).values(done_at=sa.func.now()))
    CacheStore(app_context.extensions["binary_redis"], 300).forget(tags(kestrel))
    assert forget_what_changed() == 0
    assert ask(kestrel) != first


def test_without_redis_it_stays_noted_for_the_drain(
    kestrel: Made, app_context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(kestrel)
    store = app_context.extensions["cache_store"]

    def away(_tags: object) -> None:
        raise redis.ConnectionError

    change(kestrel, name="Kestrel 3")
    with monkeypatch.context() as patched:
        patched.setattr(store, "forget", away)
        assert forget_changes() == 0
    assert ask(kestrel) == first
    with transaction():
        write(sa.update(OutboxEntry).values(available_at=sa.func.now()))
    assert forget_changes() >= 1
    assert ask(kestrel) != first


def test_after_commit_comes_after_the_outermost_commit_and_only_then() -> None:
    seen: list[str] = []

    def note() -> None:
        seen.append("committed" if not session().in_transaction() else "open")

    def break_off() -> None:
        with transaction():
            after_commit(note)
            raise LookupError

    with pytest.raises(NoTransaction):
        after_commit(note)
    with transaction():
        with transaction():
            after_commit(note)
        assert seen == []
    assert seen == ["committed"]
    with pytest.raises(LookupError):
        break_off()
    with transaction():
        pass
    assert seen == ["committed"]
