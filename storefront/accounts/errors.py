"""What the accounts domain refuses, with the facts a person needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from storefront.core.errors import DomainError


@dataclass
class SignInRefused(DomainError):
    """E-mail and password do not open an account. One answer for every reason, so that nobody can list accounts."""


@dataclass
class PasswordRefused(DomainError):
    """The new password would be easy to guess. ``minimum`` and ``maximum`` count characters."""

    reason: Literal["too_short", "too_long", "common", "personal"]
    minimum: int = 10
    maximum: int = 256


@dataclass
class WrongPassword(DomainError):
    """The current password, asked for before a change, is another one."""


@dataclass
class LinkRefused(DomainError):
    """A mailed link is used up, replaced by a newer one, or too old."""

    purpose: Literal["verify_email", "reset_password"]


@dataclass
class EmailTaken(DomainError):
    """Staff wanted to make an account for an e-mail address that has one."""

    email: str


@dataclass
class UnknownRole(DomainError):
    """There is no such role."""

    role: str
    known: tuple[str, ...]


@dataclass
class EmailInvalid(DomainError):
    """That is no e-mail address."""

    email: str


@dataclass
class AddressRefused(DomainError):
    """A part of a postal address is missing or does not look as it does in that country."""

    field: Literal["country", "postal_code", "region", "full_name", "line1", "city"]
    reason: Literal["missing", "unknown", "format", "region"]
    country: str
    example: str = ""


@dataclass
class ErasureRefused(DomainError):
    """The person cannot be erased yet: they are staff, or ``orders`` of these numbers are not finished."""

    reason: Literal["orders", "staff"]
    orders: tuple[str, ...] = ()


@dataclass
class AddressBookFull(DomainError):
    """The address book holds as many entries as it may."""

    maximum: int


@dataclass
class VatNumberRefused(DomainError):
    """The VAT number is not written as it is in that country, or is another country's."""

    number: str
    country: str
    reason: Literal["form", "country"]
