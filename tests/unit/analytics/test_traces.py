from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import ProgrammingError

from storefront.analytics.models import AnalyticsEvent, AuditLog, ErrorLog
from storefront.analytics.origin import Origin, set_origin
from storefront.analytics.services import REDACTED, difference, record_audit, record_error, record_event
from storefront.core.db import session, transaction
from storefront.core.errors import NotFound
from storefront.core.identity import Identity
from storefront.jobs import events
from tests.factories.accounts import make_user

pytestmark = pytest.mark.usefixtures("app_context")
ACTOR = uuid.uuid4()


def trail() -> AuditLog:
    return session().scalars(sa.select(AuditLog)).one()


def test_a_difference_names_only_what_changed() -> None:
    before = {"name": "Tent", "price": Decimal("199.00"), "tags": ["a"]}
    after = {"name": "Tent", "price": Decimal("149.50"), "tags": ["a"], "is_active": True}
    assert difference(before, after) == {
        "is_active": {"before": None, "after": True},
        "price": {"before": "199.00", "after": "149.50"},
    }


def test_a_staff_write_leaves_one_row_with_its_origin() -> None:
    set_origin(Origin("request-7", "192.0.2.7", "Firefox/140"))
    try:
        record_audit(ACTOR, "update", "products", "P-1", {"name": {"before": "Tent", "after": "Tent 2"}})
    finally:
        set_origin(None)
    row = trail()
    assert (row.user_id, row.action, row.resource_type, row.resource_id) == (
        ACTOR,
        "update",
        "products",
        "P-1",
    )
    assert (row.request_id, row.ip_address, row.user_agent) == ("request-7", "192.0.2.7", "Firefox/140")
    assert row.duration_ms is not None
    assert row.changes == {"name": {"before": "Tent", "after": "Tent 2"}}


def test_personal_values_stay_out_of_the_trail() -> None:
    changes = difference(
        {"email": "ada@example.com", "phone": None, "roles": ["customer"]},
        {"email": "ada@example.org", "phone": "+49 30 1", "roles": ["customer", "support"]},
    )
    record_audit(ACTOR, "update", "users", ACTOR, changes)
    assert trail().changes == {
        "email": {"before": REDACTED, "after": REDACTED},
        "phone": {"before": None, "after": REDACTED},
        "roles": {"before": ["customer"], "after": ["customer", "support"]},
    }


def test_the_row_shares_the_fate_of_the_write_it_is_about() -> None:
    def write_and_fail() -> None:
        with transaction():
            record_audit(ACTOR, "update", "products", "P-1")
            raise NotFound("product")

    with pytest.raises(NotFound):
        write_and_fail()
    assert session().scalar(sa.select(sa.func.count()).select_from(AuditLog)) == 0


@pytest.mark.parametrize("statement", [sa.delete(AuditLog), sa.update(AuditLog).values(action="nothing")])
def test_the_applications_login_cannot_rewrite_the_trail(statement: sa.Delete | sa.Update) -> None:
    record_audit(ACTOR, "update", "products", "P-1")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction() as current:
        current.execute(statement)
    assert trail().action == "update"


def test_an_event_is_stored_once_however_often_its_job_runs() -> None:
    user = make_user()
    payload = {
        "event_type": "order_placed",
        "event_id": str(uuid.uuid4()),
        "occurred_at": "2026-05-04T12:00:00+00:00",
        "user_id": str(user.id),
        "total": "12.50",
    }
    events.record(**payload)
    events.record(**payload)
    event = session().scalars(sa.select(AnalyticsEvent)).one()
    assert (event.event_type, event.user_id, event.data) == ("order_placed", user.id, {"total": "12.50"})
    assert event.created_at == datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_an_event_knows_who_and_when() -> None:
    session_id = uuid.uuid4()
    record_event("product_viewed", Identity(session_id=session_id), sku="T-1", price=Decimal("5.00"))
    event = session().scalars(sa.select(AnalyticsEvent)).one()
    assert (event.user_id, event.session_id, event.data) == (
        None,
        session_id,
        {"sku": "T-1", "price": "5.00"},
    )


def test_an_error_is_kept_even_after_a_failed_transaction(app: Flask) -> None:
    try:
        session().execute(sa.text("SELECT 1 / 0"))
    except sa.exc.DBAPIError as error:
        record_error(error, path="/somewhere")
    row = session().scalars(sa.select(ErrorLog)).one()
    assert row.error_type == "sqlalchemy.exc.DataError"
    assert "division by zero" in row.error_message
    assert "\n" not in row.error_message
    assert row.stack_trace is not None
    assert "test_traces.py" in row.stack_trace
    assert row.extra == {"path": "/somewhere"}
