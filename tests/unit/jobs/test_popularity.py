"""What sells stands further up: counted nightly from what was ordered, written where it is another figure."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction
from storefront.core.ids import new_id
from storefront.core.job_runs import JobRun
from storefront.jobs import popularity
from storefront.orders.models import Order, OrderItem
from storefront.search.models import ProductSearch
from storefront.search.queries import popular_products
from tests.factories.catalog import Made, make_product, make_variants

pytestmark = pytest.mark.usefixtures("app_context")


def sell(
    product: Made, quantity: int, *, days_ago: int = 1, status: str = "placed", returned: int = 0
) -> None:
    moment = now() - timedelta(days=days_ago)
    order_id = new_id()
    with transaction() as current:
        current.add(
            Order(
                id=order_id,
                order_number=uuid.uuid4().hex[:8].upper(),
                guest_email="ida@example.com",
                status=status,
                subtotal=quantity,
                total_amount=quantity,
                placed_at=moment,
                cancelled_at=moment if status == "cancelled" else None,
            )
        )
        current.flush()
        current.add(
            OrderItem(
                order_id=order_id,
                product_id=product.id,
                name="Thing",
                sku="T-1",
                quantity=quantity,
                unit_price=1,
                total_price=quantity,
                delivered_quantity=returned,
                returned_quantity=returned,
            )
        )


def popularity_of(product: Made) -> float:
    session().rollback()
    return session().scalars(sa.select(ProductSearch.popularity).filter_by(product_id=product.id)).one()


def test_recent_sales_weigh_more_and_old_ones_nothing() -> None:
    tent = make_product("Tent")
    for days_ago, quantity in ((1, 4), (29, 2), (31, 3), (61, 6), (91, 100)):
        sell(tent, quantity, days_ago=days_ago)
    assert popularity.refresh_popularity() == {"products": 1, "changed": 1}
    assert popularity_of(tent) == 5.0  # (6 * 3 + 3 * 2 + 6 * 1) / 6
    with frozen(now() + timedelta(days=90)):
        popularity.refresh_popularity()
    assert popularity_of(tent) == 0.0


def test_what_was_cancelled_or_came_back_was_not_sold() -> None:
    tent = make_product("Tent")
    sell(tent, 9, status="cancelled")
    sell(tent, 9, status="pending")
    sell(tent, 3, returned=1)
    popularity.refresh_popularity()
    assert popularity_of(tent) == 1.0


def test_variants_sell_for_their_parent() -> None:
    tent = make_product("Tent")
    small, large = make_variants(tent, [{"Size": "S"}, {"Size": "L"}])
    sell(small, 2)
    sell(large, 4)
    popularity.refresh_popularity()
    assert popularity_of(tent) == 3.0


def test_only_what_has_changed_is_written_and_the_run_is_recorded() -> None:
    tent, kettle = make_product("Tent"), make_product("Kettle")
    sell(tent, 2)
    assert popularity.refresh_popularity() == {"products": 2, "changed": 1}
    before = session().execute(sa.text("SELECT product_id, xmin::text FROM product_search ORDER BY 1")).all()
    session().rollback()
    assert popularity.refresh_popularity() == {"products": 2, "changed": 0}
    assert (
        session().execute(sa.text("SELECT product_id, xmin::text FROM product_search ORDER BY 1")).all()
        == before
    )
    results = session().scalars(sa.select(JobRun.result).order_by(JobRun.started_at)).all()
    assert results == [{"products": 2, "changed": 1}, {"products": 2, "changed": 0}]
    assert popularity_of(kettle) == 0.0
    assert [card.name for card in popular_products()] == ["Tent", "Kettle"]


def test_a_large_shop_is_counted_in_parts_and_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make_product(f"Tent {number}") for number in range(5)]
    for one in made:
        sell(one, 2)
    monkeypatch.setattr(popularity, "AT_ONCE", 2)
    assert popularity.refresh_popularity() == {"products": 5, "changed": 5}
    assert {popularity_of(one) for one in made} == {1.0}
    later: list[str] = []
    monkeypatch.setattr(popularity, "TURN_SECONDS", -1.0)
    monkeypatch.setattr(popularity.refresh_popularity, "delay", later.append)
    assert popularity.refresh_popularity()["products"] == 2
    assert later == [str(sorted(one.id for one in made)[1])]
    assert popularity.refresh_popularity(*later)["products"] == 2
