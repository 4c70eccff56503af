"""Gift cards, codes and groups from the command line."""

from __future__ import annotations

import re

from flask import Flask

from storefront.promotions.queries import gift_card_by_code
from tests.factories.accounts import make_user
from tests.factories.promotions import make_promotion


def test_a_gift_card_is_issued(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["gift-cards", "issue", "25"])
    assert result.exit_code == 0, result.output
    code = re.search(r"Code: +(\S+)", result.output)
    assert code
    with app.app_context():
        card = gift_card_by_code(code.group(1))
    assert card
    assert card.balance == 25
    assert app.test_cli_runner().invoke(args=["gift-cards", "issue", "much"]).exit_code == 2
    assert app.test_cli_runner().invoke(args=["gift-cards", "issue", "0"]).exit_code == 1


def test_codes_are_made_and_promotions_listed(app: Flask) -> None:
    with app.app_context():
        batch, other = make_promotion(name="Fair", has_single_codes=True), make_promotion(name="Autumn")
    runner = app.test_cli_runner()
    made = runner.invoke(args=["promotions", "codes", str(batch), "3"])
    assert len(made.output.split()) == 3
    assert runner.invoke(args=["promotions", "codes", str(other), "3"]).exit_code == 1
    assert "Autumn" in runner.invoke(args=["promotions", "list"]).output


def test_a_customer_joins_a_group(app: Flask) -> None:
    with app.app_context():
        make_user("ida@example.com")
    runner = app.test_cli_runner()
    group = runner.invoke(args=["promotions", "add-to-group", "Club", "ida@example.com"])
    assert group.exit_code == 0, group.output
    assert (
        runner.invoke(args=["promotions", "add-to-group", "club", "ida@example.com"]).output == group.output
    )
    assert runner.invoke(args=["promotions", "add-to-group", "Club", "nobody@example.com"]).exit_code == 1
