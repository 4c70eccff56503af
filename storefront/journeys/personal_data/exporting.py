"""All that the shop knows of a person, as one document for a person and for programs (GDPR, articles 15 and 20)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from storefront.core.clock import now
from storefront.core.db import session
from storefront.journeys.personal_data.register import REGISTER, Person, rows_of, table


def person_data(person: Person) -> dict[str, Any]:
    """What each table of the register holds of ``person``: its rows by column. One statement for each table.

    Amounts are text with two decimals, times ISO 8601. Tables without a row of theirs are left out.
    """
    found: dict[str, Any] = {"made_at": now().isoformat(), "about": person.email}
    for name in REGISTER:
        rows = [_readable(row) for row in session().execute(_statement(name, person)).mappings()]
        if rows:
            found[name] = rows
    return found


def _statement(name: str, person: Person) -> sa.Select[Any]:
    entry, source = REGISTER[name], table(name)
    columns = [column for column in source.c if column.name not in entry.hidden]
    which = rows_of(name, person)
    if entry.only:
        which = sa.and_(which, sa.text(entry.only))
    ordered = [source.c[column] for column in ("created_at", "id") if column in source.c]
    return sa.select(*columns).where(which).order_by(*ordered)


def _readable(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, dict | list | str | bool | int | float):
        return value
    return str(value)
