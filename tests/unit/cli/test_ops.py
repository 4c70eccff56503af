"""``flask ops verify`` says whether the books agree, to people and to scripts."""

from __future__ import annotations

from flask import Flask

from tests.factories.buying import change_product, make_product


def test_agreeing_books_end_with_zero(app: Flask) -> None:
    with app.app_context():
        make_product(stock=5)
    result = app.test_cli_runner().invoke(args=["ops", "verify"])
    assert result.exit_code == 0
    assert "all agree" in result.output


def test_difference_is_named_and_ends_with_one(app: Flask) -> None:
    with app.app_context():
        change_product(make_product(stock=5, sku="KET-1"), stock_quantity=4)
    result = app.test_cli_runner().invoke(args=["ops", "verify"])
    assert result.exit_code == 1
    for text in ("KET-1", "stock", "4", "5", "Differences: 1."):
        assert text in result.output
