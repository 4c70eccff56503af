"""What is written past the session: whole, with what the model fills in, in the running transaction."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storefront.core.clock import now
from storefront.core.db import session, transaction
from storefront.core.outbox import OutboxEntry
from storefront.core.statements import execute, insert, rows
from tests.statements import recorded_statements

pytestmark = pytest.mark.usefixtures("app_context")


def _entry(kind: str, **payload: object) -> dict[str, object]:
    return {"kind": kind, "payload": payload, "available_at": now()}


def _kinds() -> list[str]:
    return list(session().scalars(sa.select(OutboxEntry.kind).order_by(OutboxEntry.kind)))


def test_rows_get_their_ids_and_are_sent_at_once() -> None:
    with transaction(), recorded_statements() as seen:
        insert(OutboxEntry, _entry("a", to="ä"), _entry("b", deep={"list": [1, None]}))
    assert len(seen) == 1
    written = (
        session().execute(sa.select(OutboxEntry.id, OutboxEntry.payload).order_by(OutboxEntry.kind)).all()
    )
    assert [payload for _id, payload in written] == [{"to": "ä"}, {"deep": {"list": [1, None]}}]
    assert len({one.id for one in written}) == 2


def test_it_belongs_to_the_transaction() -> None:
    def write_and_fail() -> None:
        with transaction():
            insert(OutboxEntry, _entry("a"))
            assert _kinds() == ["a"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert _kinds() == []


def test_a_refusal_is_sqlalchemys() -> None:
    with pytest.raises(IntegrityError), transaction():
        insert(OutboxEntry, _entry("a") | {"attempts": -1})


def test_a_write_is_built_once_and_run_with_other_values() -> None:
    statement = (
        sa.update(OutboxEntry).where(OutboxEntry.kind == sa.bindparam("of")).values(kind=sa.bindparam("kind"))
    )
    with transaction():
        insert(OutboxEntry, _entry("a"), _entry("b"))
        execute(statement, {"of": "a", "kind": "c"})
        execute(statement, {"of": "b", "kind": "d"})
    assert _kinds() == ["c", "d"]
    assert [row.kind for row in rows(sa.select(OutboxEntry.kind).where(OutboxEntry.kind == "c"))] == ["c"]
