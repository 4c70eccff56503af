"""What was sold in the last ninety days moves products up: once a night, some hundreds at a time."""

from __future__ import annotations

import time
import uuid

from storefront.jobs.celery_app import celery
from storefront.jobs.upkeep import run
from storefront.orders.selling import monthly_sales
from storefront.search.services import popularities, set_popularities

AT_ONCE = 500
TURN_SECONDS = 300.0


@celery.task(name="storefront.jobs.popularity.refresh_popularity")
def refresh_popularity(after: str = "") -> dict[str, int]:
    """Count the products behind the one with the id ``after``; what a turn leaves is the next one's.

    However large the shop, no more than AT_ONCE products are held in memory, or locked.
    """

    def work() -> dict[str, int]:
        last = uuid.UUID(after) if after else None
        ends = time.monotonic() + TURN_SECONDS
        products = changed = 0
        while known := popularities(last, AT_ONCE):
            sold = monthly_sales(list(known))
            counted = {one: sold.get(one, 0.0) for one in known}
            changed += set_popularities({one: new for one, new in counted.items() if new != known[one]})
            products += len(known)
            last = max(known)
            if time.monotonic() > ends:
                refresh_popularity.delay(str(last))
                break
        return {"products": products, "changed": changed}

    return run("refresh_popularity", work, every_time=True)
