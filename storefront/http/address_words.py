"""The parts of an address in words: what they are called in which country, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from storefront.accounts.address_rules import AddressProblem, AddressRules, address_lines
from storefront.core.texts import gettext as _
from storefront.http.countries import country_name


def label_of(field: str, rules: AddressRules) -> str:
    """What ``field`` is called in that country; empty for a field that is called the same everywhere."""
    if field == "postal_code":
        return {"zip": _("ZIP code"), "eircode": _("Eircode"), "pin": _("PIN code")}.get(
            rules.postal_code_kind, _("Postal code")
        )
    if field == "city":
        return {
            "post_town": _("Town or city"),
            "suburb": _("Suburb"),
            "district": _("District"),
        }.get(rules.city_kind, _("City"))
    if field == "region":
        return _region_label(rules.region_kind)
    return ""


def _region_label(kind: str) -> str:
    return {
        "area": _("Area"),
        "county": _("County"),
        "department": _("Department"),
        "district": _("District"),
        "do_si": _("Province or city"),
        "emirate": _("Emirate"),
        "island": _("Island"),
        "oblast": _("Oblast"),
        "parish": _("Parish"),
        "prefecture": _("Prefecture"),
        "province": _("Province"),
        "state": _("State"),
    }.get(kind, _("State or region"))


def problem_text(problem: AddressProblem, country: str, region: str = "") -> str:
    """What is wrong, in a sentence for the field; ``region`` is the name of the chosen one."""
    if problem.reason == "missing":
        return {
            "full_name": _("Please enter the name."),
            "line1": _("Please enter the street."),
            "city": _("Please enter the city."),
            "postal_code": _("Please enter the postal code."),
            "region": _("Addresses in %(country)s need this. Please choose.", country=country_name(country)),
        }.get(problem.field, _("Please choose a country from the list."))
    if problem.reason == "unknown":
        return (
            _("Please choose one from the list.")
            if problem.field == "region"
            else _("Please choose a country from the list.")
        )
    if problem.reason == "region":
        return _(
            "This postal code is not in %(region)s, where they look like %(example)s. Please look at both.",
            region=region,
            example=problem.example,
        )
    if problem.example:
        return _(
            "That is not a postal code of %(country)s. It looks like %(example)s.",
            country=country_name(country),
            example=problem.example,
        )
    return _("That is not a postal code.")


def written_address(address: Any) -> tuple[str, ...]:
    """The lines of an address as its country's post wants them, with the country in the page's language last.

    ``address`` is anything with an address's attributes: an order's, or an entry of the address book.
    """
    parts = {
        name: getattr(address, name, "") or ""
        for name in ("full_name", "company", "line1", "line2", "postal_code", "city", "region", "country")
    }
    country = country_name(parts["country"]) if parts["country"] else ""
    return tuple(line for line in (*address_lines(parts), country) if line)
