"""What runs by the clock: each task finds its work, does it once, and writes down what it did."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storefront.accounts.models import UserSession
from storefront.cart.models import Cart
from storefront.core import outbox
from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.job_runs import JobRun
from storefront.inventory import services as inventory
from storefront.jobs import upkeep
from storefront.jobs.celery_app import celery
from storefront.jobs.schedule import SCHEDULE
from tests.factories.buying import Stock, fill_cart, make_guest, make_product, make_shopper, stock_of

pytestmark = pytest.mark.usefixtures("app_context")


def count(table: type, *conditions: object) -> int:
    return session().scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0  # type: ignore[arg-type]


def runs(name: str) -> list[JobRun]:
    return list(session().scalars(sa.select(JobRun).where(JobRun.name == name)))


def test_every_scheduled_task_exists() -> None:
    celery.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(celery.tasks)


def test_no_worker_works_through_the_ticks_it_has_missed() -> None:
    waits = {name: entry["options"]["expires"] for name, entry in SCHEDULE.items()}
    assert waits["drain the outbox"] == 30
    assert waits["finish or cancel stranded orders"] == 60
    assert max(waits.values()) < timedelta(days=1).total_seconds()


def test_expired_holds_come_back_and_the_run_is_recorded() -> None:
    kettle = make_product(stock=5)
    with transaction():
        order_id = session().scalar(
            sa.text(
                "INSERT INTO orders (order_number, subtotal, total_amount) VALUES ('HOLD2222', 0, 0) RETURNING id"
            )
        )
        inventory.hold({kettle: 3}, order_id=order_id, expires_at=now() + timedelta(minutes=15))
    assert upkeep.release_expired_holds() == {"units": 0}
    assert runs("release_expired_holds") == [], "a run that found nothing leaves no row"
    with frozen(now() + timedelta(minutes=16)):
        assert upkeep.release_expired_holds() == {"units": 3}
    assert stock_of(kettle) == Stock(5, 0)
    assert [(one.status, one.result) for one in runs("release_expired_holds")] == [
        ("succeeded", {"units": 3})
    ]


def test_failed_run_is_recorded_and_raised() -> None:
    def fails() -> dict[str, int]:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        upkeep.run("failing", fails)
    assert [(one.status, one.error) for one in runs("failing")] == [
        ("failed", "RuntimeError: the disk is full")
    ]


def test_purging_takes_what_has_expired_and_nothing_else() -> None:
    guest, shopper = make_guest(), make_shopper()
    kettle = make_product()
    for identity in (guest, shopper):
        fill_cart(identity, (kettle, 1))
    with transaction():
        session().execute(sa.delete(outbox.OutboxEntry))  # what making a product has noted
        outbox.enqueue("mail.done")
        outbox.enqueue("mail.waiting")
        session().execute(
            sa.update(outbox.OutboxEntry).where(outbox.OutboxEntry.kind == "mail.done").values(done_at=now())
        )
    upkeep.purge_expired()
    assert (count(UserSession), count(Cart), count(outbox.OutboxEntry)) == (2, 2, 2)
    with frozen(now() + timedelta(days=40)):
        counts = upkeep.purge_expired()
    assert counts["sessions"] == 2
    assert counts["outbox"] == 1
    assert count(Cart, Cart.user_id.is_not(None)) == 1, "who has an account keeps the cart"
    assert count(Cart) == 1, "a guest's cart goes with the session"
    assert list(session().scalars(sa.select(outbox.OutboxEntry.kind))) == ["mail.waiting"]


def test_cart_nobody_touched_for_a_year_goes() -> None:
    fill_cart(make_shopper(), (make_product(), 1))
    with frozen(now() + timedelta(days=364)):
        assert upkeep.purge_expired()["carts"] == 0
    with frozen(now() + timedelta(days=366)):
        assert upkeep.purge_expired()["carts"] == 1


def test_partitions_are_created_ahead_and_metrics_refreshed() -> None:
    assert upkeep.create_partitions() == {"partitions": 0}, "the migrations have made them"
    assert upkeep.refresh_metrics() == {}
    assert upkeep.close_abandoned_answers() == {"answers": 0}
    assert len(runs("create_partitions")) == 1
