"""Companies' VAT numbers: how they are written, and when the buyer owes the tax instead of the shop.

Only the form is checked (length, letters, check digits), by ``stdnum``: whether a number is in force at this moment is
known to the tax offices alone, and an order must not wait for their service.
"""

from __future__ import annotations

import re

from stdnum import get_cc_module
from stdnum.eu import vat as european
from stdnum.exceptions import ValidationError

from storefront.accounts.errors import VatNumberRefused

# A VAT number's first letters where they are not the country's code.
_PREFIXES = {"GR": "EL"}
_COUNTRIES = {prefix: country for country, prefix in _PREFIXES.items()}
NORTHERN_IRELAND = "XI"
EUROPEAN_UNION = frozenset(code.upper() for code in european.MEMBER_STATES) - {NORTHERN_IRELAND}
"""ISO 3166 codes of the member states. Greece is GR here, not the EL of its VAT numbers."""
_ELSEWHERE = re.compile(r"[A-Z0-9]{4,20}")


def normal_vat_number(text: str, country: str) -> str:
    """The number as it is stored: capitals, no spaces, in the Union with the country's letters before it.

    ``country`` is where the invoice goes (ISO 3166); the number must be of that country. Empty stays empty. Raises
    :class:`VatNumberRefused`.
    """
    number = re.sub(r"[\s./-]", "", text.replace("\0", "")).upper()
    if not number:
        return ""
    if country in EUROPEAN_UNION:
        return _european(number, country)
    module = get_cc_module(country, "vat")
    if module is None:
        if not _ELSEWHERE.fullmatch(number):
            raise VatNumberRefused(text[:40], country, "form")
        return number
    try:
        return str(module.validate(number))
    except ValidationError:
        raise VatNumberRefused(text[:40], country, "form") from None


def _european(number: str, country: str) -> str:
    prefix = _PREFIXES.get(country, country)
    letters = number[:2]
    if letters == country != prefix:
        number = prefix + number[2:]
    elif letters != prefix:
        named = _COUNTRIES.get(letters, letters)
        if named in EUROPEAN_UNION and european.is_valid(number):
            raise VatNumberRefused(number, country, "country")
        number = prefix + number
    if not european.is_valid(number):
        raise VatNumberRefused(number[:40], country, "form")
    return str(european.compact(number))


def reverse_charge_applies(vat_number: str, shop_country: str, destination: str) -> bool:
    """Whether goods that leave ``shop_country`` for this buyer at ``destination`` are taxed at the buyer's.

    That is so between two member states, for a buyer with a number of another member state than the shop's. Countries
    are ISO 3166 codes, ``vat_number`` as :func:`normal_vat_number` gives it.
    """
    if not {shop_country, destination} <= EUROPEAN_UNION or shop_country == destination:
        return False
    of = _COUNTRIES.get(vat_number[:2], vat_number[:2])
    # Numbers of countries elsewhere are hardly checked: one that begins like a member state's is not one yet.
    return of in EUROPEAN_UNION and of != shop_country and bool(european.is_valid(vat_number))
