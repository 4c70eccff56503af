"""VAT numbers: how they are written, whose they are, and when the buyer owes the tax."""

from __future__ import annotations

import pytest

from storefront.accounts.errors import VatNumberRefused
from storefront.accounts.vat_numbers import EUROPEAN_UNION, normal_vat_number, reverse_charge_applies


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("DE 136.695.976", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("atu13585627", "AT", "ATU13585627"),
        ("U13585627", "AT", "ATU13585627"),
        ("GR094259216", "GR", "EL094259216"),
        ("EL 094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("12-3456789", "US", "123456789"),
        ("", "DE", ""),
        (" . ", "DE", ""),
    ],
)
def test_numbers_are_stored_without_ornament(typed: str, country: str, stored: str) -> None:
    assert normal_vat_number(typed, country) == stored


@pytest.mark.parametrize(
    ("typed", "country", "reason"),
    [
        ("DE123456789", "DE", "form"),
        ("DE13669597", "DE", "form"),
        ("ATU13585627", "DE", "country"),
        ("CHE-107.787.578 IVA", "CH", "form"),
        ("'; DROP TABLE", "US", "form"),
        ("<b>", "US", "form"),
        ("DE" + "9" * 500, "DE", "form"),
    ],
)
def test_forged_and_foreign_numbers_are_refused(typed: str, country: str, reason: str) -> None:
    with pytest.raises(VatNumberRefused) as refused:
        normal_vat_number(typed, country)
    assert (refused.value.reason, refused.value.country) == (reason, country)


@pytest.mark.parametrize(
    ("number", "shop", "destination", "applies"),
    [
        ("ATU13585627", "DE", "AT", True),
        ("EL094259216", "DE", "GR", True),
        ("ATU13585627", "DE", "FR", True),
        ("DE136695976", "DE", "AT", False),
        ("ATU13585627", "DE", "DE", False),
        ("ATU13585627", "DE", "CH", False),
        ("ATU13585627", "CH", "AT", False),
        ("CHE107787577IVA", "DE", "AT", False),
        ("AT12", "DE", "AT", False),
        ("FR1234567890", "DE", "AT", False),
        ("", "DE", "AT", False),
    ],
)
def test_the_buyer_owes_the_tax_between_two_member_states(
    number: str, shop: str, destination: str, applies: bool
) -> None:
    assert reverse_charge_applies(number, shop, destination) is applies


def test_the_union_has_27_members() -> None:
    assert len(EUROPEAN_UNION) == 27
    assert {"GR", "DE"} <= EUROPEAN_UNION
    assert not {"EL", "XI", "GB", "CH"} & EUROPEAN_UNION
