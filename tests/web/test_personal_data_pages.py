"""What is known of a person, to take along and to have deleted: as pages, without JavaScript."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.cli.users import users
from storefront.core.db import release
from storefront.orders.services import place_order
from tests.factories.accounts import PASSWORD, MadeUser, make_user, post, sign_in
from tests.factories.buying import fill_cart, make_product, make_shipping, order_request


@pytest.fixture
def person(app: Flask, client: FlaskClient) -> MadeUser:
    with app.app_context():
        made = make_user("ida@example.com", first_name="Ida")
    sign_in(client, made)
    return made


def test_the_file_is_downloaded_and_the_account_ends(
    app: Flask, client: FlaskClient, person: MadeUser
) -> None:
    page = client.get("/account/data").text
    assert "Download the file" in page
    copy = post(client, "/account/data/copy", page="/account/data")
    assert copy.headers["Content-Disposition"] == 'attachment; filename="larkfell-my-data.json"'
    assert copy.headers["Cache-Control"] == "no-store"
    assert json.loads(copy.text)["users"][0]["first_name"] == "Ida"
    closing = "/account/data/deletion"
    wrong = post(client, closing, page=closing, password="not-hers-at-all")
    assert wrong.status_code == 422
    assert "That is not your current password." in wrong.text
    done = post(client, closing, page=closing, password=PASSWORD)
    assert done.status_code == 303
    assert "Your account is deleted." in client.get(done.location).text
    assert "/account/sign-in" in client.get("/account").location


def test_an_order_that_is_not_finished_stands_in_the_way(
    app: Flask, client: FlaskClient, person: MadeUser
) -> None:
    closing = "/account/data/deletion"
    form = client.get(closing).text
    assert "Delete my account for good" in form
    with app.app_context():
        make_shipping()
        fill_cart(person.identity, (make_product("Kettle", "80.00"), 1))
        number = place_order(person.identity, order_request("80.00", email="")).number
        release()
    refused = post(client, closing, page="/account/data", password=PASSWORD)
    assert refused.status_code == 422
    assert f"The order {number} is not finished yet" in refused.text
    page = client.get(closing).text
    assert (f'href="/orders/{number}"' in page, "Delete my account for good" in page) == (True, False)


def test_staff_hand_out_and_erase_from_the_command_line(
    app: Flask, person: MadeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = app.test_cli_runner()
    exported = runner.invoke(users, ["export", "IDA@example.com"])
    assert json.loads(exported.output)["users"][0]["email"] == "ida@example.com"
    assert runner.invoke(users, ["erase", "ida@example.com"], input="n\n").exit_code == 1
    with monkeypatch.context() as patch:
        patch.setattr("storefront.cli.users.erase", lambda _person: None)
        left = runner.invoke(users, ["erase", "ida@example.com", "--yes"])
        assert (left.exit_code, "erase it once more" in left.output) == (1, True)
    assert "Erased." in runner.invoke(users, ["erase", "ida@example.com", "--yes"]).output
    for command in ("export", "erase"):
        gone = runner.invoke(users, [command, "ida@example.com"])
        assert (gone.exit_code, "Nobody with this address is known." in gone.output) == (1, True)
