"""Which ways lead where, at what price, with what tax."""

from __future__ import annotations

from decimal import Decimal

import pytest

from storefront.pricing.totals import TaxRule
from storefront.shipping.errors import MethodUnavailable
from storefront.shipping.queries import chosen, shipping_table, tax_rate_for
from storefront.shipping.services import MethodDetails, save_method, save_tax_rate
from tests.factories.buying import make_category, make_shipping

pytestmark = pytest.mark.usefixtures("app_context")
LIGHT = Decimal("0.5")


def codes(country: str, region: str = "", subtotal: str = "10") -> dict[str, Decimal]:
    return {
        one.code: one.amount for one in shipping_table().options(country, region, Decimal(subtotal), LIGHT)
    }


def test_zones_decide_which_methods_are_offered_and_at_what_price() -> None:
    make_shipping()
    assert codes("DE") == {"standard": Decimal("4.90"), "express": Decimal("12.90")}
    assert codes("AT") == {"standard-eu": Decimal("9.90")}
    assert codes("US") == {}
    assert shipping_table().countries() == ("AT", "DE")


def test_standard_is_free_from_its_amount_on_and_express_is_not() -> None:
    make_shipping()
    assert codes("DE", subtotal="74.99")["standard"] == Decimal("4.90")
    assert codes("DE", subtotal="75.00") == {"standard": Decimal("0.00"), "express": Decimal("12.90")}


def test_weight_decides_where_there_are_rules() -> None:
    rules = [{"up_to_weight": 10, "price": "9.00"}, {"up_to_weight": 2, "price": "5.00"}]
    save_method(MethodDetails("parcel", "Parcel", price=Decimal("19.00"), price_rules=rules))
    by_weight = {
        weight: chosen(shipping_table().options("DE", "", Decimal(1), Decimal(weight)), "parcel", "DE").amount
        for weight in ("0", "2", "2.001", "10", "10.5")
    }
    assert by_weight == {
        "0": Decimal("5.00"),
        "2": Decimal("5.00"),
        "2.001": Decimal("9.00"),
        "10": Decimal("9.00"),
        "10.5": Decimal("19.00"),
    }
    assert shipping_table().countries() is None


def test_regions_narrow_a_zone_and_hidden_methods_are_not_offered() -> None:
    save_method(MethodDetails("island", "Island", countries=["US"], regions=["HI"]))
    save_method(MethodDetails("old", "Old", countries=["US"], is_active=False))
    assert list(codes("US", "HI")) == ["island"]
    assert codes("US", "CA") == {}


def test_method_that_does_not_go_there_is_refused() -> None:
    make_shipping()
    with pytest.raises(MethodUnavailable) as refused:
        chosen(shipping_table().options("AT", "", Decimal(1), LIGHT), "express", "AT")
    assert (refused.value.method, refused.value.country) == ("express", "AT")


def test_tax_is_the_regions_then_the_countrys_then_none() -> None:
    food = make_category("Food")
    save_tax_rate("US", Decimal(0), is_inclusive=False)
    save_tax_rate("US", Decimal("8.875"), region="NY", is_inclusive=False)
    save_tax_rate("DE", Decimal(19))
    save_tax_rate("DE", Decimal(7), category_id=food)
    assert tax_rate_for("US", "NY") == TaxRule(Decimal("8.875"), is_inclusive=False)
    assert tax_rate_for("US", "CA") == TaxRule(Decimal(0), is_inclusive=False)
    german = tax_rate_for("DE")
    assert (german.rate_of(None), german.rate_of(food), german.is_inclusive) == (
        Decimal(19),
        Decimal(7),
        True,
    )
    assert tax_rate_for("JP") == TaxRule(treatment="untaxed")
