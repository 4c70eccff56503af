from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from storefront.accounts import queries, services
from storefront.accounts.errors import AddressBookFull, AddressRefused
from storefront.accounts.models import Address
from storefront.accounts.services import AddressInput
from storefront.core.db import transaction
from storefront.core.errors import NotFound
from storefront.core.identity import ANONYMOUS
from tests.factories.accounts import make_user

BERLIN = AddressInput("Ada Lovelace", "Torstraße 1", "10119", "Berlin", "DE", label="Home")


@pytest.mark.usefixtures("app_context")
class TestAddressBook:
    def test_the_first_address_becomes_the_default_for_both(self) -> None:
        user = make_user()
        first = services.add_address(user.identity, BERLIN)
        services.add_address(user.identity, replace(BERLIN, label="Office"))
        entries = queries.addresses_of(user.id)
        assert [entry.label for entry in entries] == ["Home", "Office"]
        assert entries[0].id == first
        assert (entries[0].is_default_shipping, entries[0].is_default_billing) == (True, True)
        assert (entries[1].is_default_shipping, entries[1].is_default_billing) == (False, False)

    def test_a_new_default_takes_the_place_of_the_old_one(self) -> None:
        user = make_user()
        home = services.add_address(user.identity, BERLIN)
        office = services.add_address(user.identity, replace(BERLIN, label="Office"), default_shipping=True)
        flags = {e.id: (e.is_default_shipping, e.is_default_billing) for e in queries.addresses_of(user.id)}
        assert flags == {home: (False, True), office: (True, False)}
        services.change_address(user.identity, home, BERLIN, default_shipping=True)
        flags = {e.id: (e.is_default_shipping, e.is_default_billing) for e in queries.addresses_of(user.id)}
        assert flags == {home: (True, True), office: (False, False)}

    def test_the_database_itself_allows_one_default_of_each_kind(self) -> None:
        user = make_user()
        for label in ("Home", "Office"):
            services.add_address(user.identity, replace(BERLIN, label=label))
        with pytest.raises(IntegrityError, match="uq_addresses_default_billing"), transaction() as current:
            current.execute(sa.update(Address).values(is_default_billing=True))

    def test_the_oldest_inherits_what_a_deleted_default_was(self) -> None:
        user = make_user()
        home = services.add_address(user.identity, BERLIN)
        office = services.add_address(user.identity, replace(BERLIN, label="Office"))
        services.add_address(user.identity, replace(BERLIN, label="Hut"))
        services.delete_address(user.identity, home)
        entries = queries.addresses_of(user.id)
        assert [(e.id == office, e.is_default_shipping, e.is_default_billing) for e in entries] == [
            (True, True, True),
            (False, False, False),
        ]

    def test_other_peoples_addresses_are_not_found(self) -> None:
        owner, stranger = make_user(), make_user()
        address_id = services.add_address(owner.identity, BERLIN)
        with pytest.raises(NotFound):
            queries.address_of(stranger.id, address_id)
        for identity in (stranger.identity, ANONYMOUS):
            with pytest.raises(NotFound):
                services.change_address(identity, address_id, replace(BERLIN, city="Elsewhere"))
            with pytest.raises(NotFound):
                services.delete_address(identity, address_id)
        assert queries.address_of(owner.id, address_id).city == "Berlin"

    def test_values_are_tidied(self) -> None:
        user = make_user()
        typed = AddressInput("  Ada   Lovelace ", " 1  Mall", "sw1a  1aa", "London", "gb", phone=" ")
        entry = queries.address_of(user.id, services.add_address(user.identity, typed))
        assert (entry.name, entry.line1, entry.postal_code, entry.country, entry.phone) == (
            "Ada Lovelace",
            "1 Mall",
            "SW1A 1AA",
            "GB",
            "",
        )

    def test_the_book_has_an_end(self) -> None:
        user = make_user()
        for _ in range(30):
            services.add_address(user.identity, BERLIN)
        with pytest.raises(AddressBookFull) as full:
            services.add_address(user.identity, BERLIN)
        assert full.value.maximum == 30
        assert len(queries.addresses_of(user.id)) == 30

    @pytest.mark.parametrize(
        ("change", "field", "reason"),
        [
            ({"postal_code": "1011"}, "postal_code", "format"),
            ({"postal_code": ""}, "postal_code", "missing"),
            ({"country": "Germany"}, "country", "unknown"),
            ({"country": ""}, "country", "missing"),
            ({"city": " "}, "city", "missing"),
            ({"country": "US", "postal_code": "94103"}, "region", "missing"),
        ],
    )
    def test_refuses_what_cannot_be_right(self, change: dict[str, str], field: str, reason: str) -> None:
        user = make_user()
        with pytest.raises(AddressRefused) as refused:
            services.add_address(user.identity, replace(BERLIN, **change))
        assert (refused.value.field, refused.value.reason) == (field, reason)
        assert queries.addresses_of(user.id) == []


def test_many_at_once_still_leave_one_default(app: Flask) -> None:
    with app.app_context():
        user = make_user()
    problems: list[Exception] = []

    def add(number: int) -> None:
        try:
            with app.app_context():
                services.add_address(
                    user.identity,
                    replace(BERLIN, label=f"Hut {number}"),
                    default_shipping=True,
                    default_billing=True,
                )
        except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
            problems.append(error)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with app.app_context():
        entries = queries.addresses_of(user.id)
    assert len(entries) == 8
    assert sum(entry.is_default_shipping for entry in entries) == 1
    assert sum(entry.is_default_billing for entry in entries) == 1
