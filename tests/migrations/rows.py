"""The least rows that a test of the schema needs, written with plain SQL."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

_numbers = itertools.count(1)


def insert(connection: psycopg.Connection, table: str, **values: Any) -> uuid.UUID:
    """Insert one row and give its id. Dictionaries become jsonb."""
    adapted = {key: Jsonb(value) if isinstance(value, dict) else value for key, value in values.items()}
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, adapted)),
        sql.SQL(", ").join(sql.Placeholder() * len(adapted)),
    )
    row = connection.execute(statement, list(adapted.values())).fetchone()
    assert row is not None
    found: uuid.UUID = row[0]
    return found


def user(connection: psycopg.Connection, **values: Any) -> uuid.UUID:
    return insert(connection, "users", **{"email": f"person{next(_numbers)}@example.com"} | values)


def visit(connection: psycopg.Connection, **values: Any) -> uuid.UUID:
    """A row of user_sessions."""
    fixed = {"session_token_hash": uuid.uuid4().hex, "expires_at": "2100-01-01T00:00:00Z"}
    return insert(connection, "user_sessions", **fixed | values)


def product(connection: psycopg.Connection, **values: Any) -> uuid.UUID:
    number = next(_numbers)
    fixed: dict[str, Any] = {
        "name": f"Thing {number}",
        "slug": f"thing-{number}",
        "sku": f"T-{number}",
        "price": "10.00",
        "published_at": "2020-01-01T00:00:00Z",
    }
    return insert(connection, "products", **fixed | values)


def category(connection: psycopg.Connection, **values: Any) -> uuid.UUID:
    number = next(_numbers)
    return insert(connection, "categories", **{"name": f"Group {number}", "slug": f"group-{number}"} | values)


def order(connection: psycopg.Connection, **values: Any) -> uuid.UUID:
    fixed: dict[str, Any] = {
        "order_number": f"N{next(_numbers):07}",
        "guest_email": "guest@example.com",
        "subtotal": "10.00",
        "total_amount": "10.00",
        "status": "placed",
        "placed_at": "2026-01-01T00:00:00Z",
    }
    return insert(connection, "orders", **fixed | values)


def order_item(connection: psycopg.Connection, order_id: uuid.UUID, **values: Any) -> uuid.UUID:
    fixed: dict[str, Any] = {"name": "Thing", "sku": "T", "quantity": 1, "unit_price": "10.00"}
    merged = fixed | values
    merged.setdefault("total_price", float(merged["unit_price"]) * merged["quantity"])
    return insert(connection, "order_items", order_id=order_id, **merged)


def conversation(connection: psycopg.Connection, **values: Any) -> uuid.UUID:
    row = connection.execute("SELECT id FROM chatbots WHERE is_default").fetchone()
    assert row is not None
    return insert(connection, "conversations", **{"chatbot_id": row[0]} | values)


def message(connection: psycopg.Connection, conversation_id: uuid.UUID, **values: Any) -> uuid.UUID:
    return insert(
        connection,
        "messages",
        conversation_id=conversation_id,
        **{"role": "user", "content": "Hello"} | values,
    )
