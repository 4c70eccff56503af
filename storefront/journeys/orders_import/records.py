"""The books' records, checked. Nothing is dropped in silence: a field that nobody knows refuses its record.

Amounts are in the shop's currency, as decimals with two places. The names of the fields are the books' own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from storefront.core.money import ZERO
from storefront.journeys.orders_import.countries import country_code
from storefront.orders.queries import normal_number

Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Money = Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 10, decimal_places=2)]
Country = Annotated[str, AfterValidator(country_code)]
Status = Literal["pending", "processed", "delivered", "cancelled"]
Record = TypeVar("Record", bound="BookRecord")


PERSON_ERASED = "the person behind it was erased here"
"""Why a record is refused that would bring back what the shop has forgotten."""


class RecordRefused(ValueError):
    """A record that cannot be taken; the text says why, for the person who made the books."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BookRecord(_Strict):
    """One entry of the books."""

    @property
    def key(self) -> str:
        """Its outside id."""
        raise NotImplementedError


class VariantRecord(_Strict):
    """A variant: what is really sold. ``item_id`` becomes its SKU."""

    item_id: Id
    options: Annotated[dict[Text, Text], Field(min_length=1)]
    available: bool
    price: Money


class ProductRecord(BookRecord):
    """A product with its variants. ``product_id`` becomes the SKU of the product that holds them."""

    product_id: Id
    name: Text
    variants: Annotated[dict[Id, VariantRecord], Field(min_length=1)]

    @property
    def key(self) -> str:
        """``product_id``."""
        return self.product_id

    @model_validator(mode="after")
    def _fits(self) -> ProductRecord:
        _named_by_key({key: variant.item_id for key, variant in self.variants.items()}, "variant")
        if self.product_id in self.variants:
            raise ValueError("a variant has the id of its product")
        return self


class AddressRecord(_Strict):
    """A postal address. ``country`` is read as two or three letters and kept as two."""

    address1: Text
    address2: str = ""
    city: Text
    state: str = ""
    zip: Text
    country: Country


class NameRecord(_Strict):
    """A person's name."""

    first_name: Text
    last_name: Text


class PaymentMethodRecord(_Strict):
    """A way to pay. There is no field for a card's number: books that hold one are refused."""

    id: Id
    source: Literal["credit_card", "paypal", "gift_card"]
    brand: Text | None = None
    last_four: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] | None = None
    balance: Money | None = None

    @model_validator(mode="after")
    def _complete(self) -> PaymentMethodRecord:
        is_card, is_gift_card = self.source == "credit_card", self.source == "gift_card"
        if is_card != (self.brand is not None) or is_card != (self.last_four is not None):
            raise ValueError("a credit card, and nothing else, has a brand and its last four digits")
        if is_gift_card != (self.balance is not None):
            raise ValueError("a gift card, and nothing else, has a balance")
        return self


class CustomerRecord(BookRecord):
    """A customer. ``orders`` lists their orders, the oldest first."""

    user_id: Id
    name: NameRecord
    email: Text
    address: AddressRecord
    payment_methods: dict[Id, PaymentMethodRecord] = {}
    orders: list[Id] = []

    @property
    def key(self) -> str:
        """``user_id``."""
        return self.user_id

    @model_validator(mode="after")
    def _fits(self) -> CustomerRecord:
        _named_by_key({key: method.id for key, method in self.payment_methods.items()}, "payment method")
        return self


class ItemRecord(_Strict):
    """A unit that was ordered; two of the same are two records."""

    name: Text
    product_id: Id
    item_id: Id
    price: Money
    options: dict[Text, Text] = {}


class FulfilmentRecord(_Strict):
    """What travelled together, under which tracking ids."""

    tracking_id: list[Id]
    item_ids: list[Id]


class TransactionRecord(_Strict):
    """Money that came or went."""

    transaction_type: Literal["payment", "refund"]
    amount: Annotated[Money, Field(gt=0)]
    payment_method_id: Id


class OrderRecord(BookRecord):
    """An order. ``placed_at`` (with its offset from UTC) and ``cancel_reason`` may be missing."""

    order_id: Id
    user_id: Id
    address: AddressRecord
    items: Annotated[list[ItemRecord], Field(min_length=1)]
    fulfillments: list[FulfilmentRecord] = []
    status: Status
    payment_history: list[TransactionRecord] = []
    cancel_reason: Text | None = None
    placed_at: AwareDatetime | None = None

    @property
    def key(self) -> str:
        """``order_id``."""
        return self.order_id

    @property
    def number(self) -> str:
        """The order's number as people type it: ``W7678072`` of ``#W7678072``."""
        return normal_number(self.order_id)

    @property
    def total(self) -> Decimal:
        """What the goods cost together."""
        return sum((item.price for item in self.items), ZERO)

    @property
    def paid(self) -> Decimal:
        """What came in, refunds not taken off."""
        return self._sum("payment")

    @property
    def refunded(self) -> Decimal:
        """What was given back."""
        return self._sum("refund")

    def _sum(self, kind: str) -> Decimal:
        return sum((one.amount for one in self.payment_history if one.transaction_type == kind), ZERO)

    @model_validator(mode="after")
    def _fits(self) -> OrderRecord:
        if not self.number or len(self.number) != sum(map(str.isalnum, self.order_id)):
            raise ValueError("the order's id has no letter or digit, or more than 40 of them")
        sent = Counter(item_id for parcel in self.fulfillments for item_id in parcel.item_ids)
        if unknown := sent - Counter(item.item_id for item in self.items):
            raise ValueError(f"a parcel holds {', '.join(sorted(unknown))}, which was not ordered")
        self._money_adds_up()
        return self

    def _money_adds_up(self) -> None:
        left: Counter[str] = Counter()
        for one in self.payment_history:
            cents = int(one.amount * 100)
            left[one.payment_method_id] += cents if one.transaction_type == "payment" else -cents
            if left[one.payment_method_id] < 0:
                raise ValueError(f"more went back to {one.payment_method_id} than was paid with it")
        kept = self.paid - self.refunded
        owed = ZERO if self.status == "cancelled" else self.total
        if kept != owed and (self.paid or self.status == "cancelled"):
            raise ValueError(f"paid less refunded is {kept}, and {owed} was to be paid")


def checked(kind: type[Record], raw: Mapping[str, Any]) -> Record:
    """``raw`` as a record. Raises :class:`RecordRefused`, which names the field and never shows its content."""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise RecordRefused("; ".join(_problems(error))) from None


def _problems(error: ValidationError) -> Iterable[str]:
    for problem in error.errors(include_input=False, include_url=False)[:5]:
        place = ".".join(str(part) for part in problem["loc"])
        text = "is not known here" if problem["type"] == "extra_forbidden" else problem["msg"]
        text = text.removeprefix("Value error, ")
        yield f"{place}: {text}" if place else text


def _named_by_key(ids: Mapping[str, str], what: str) -> None:
    for key, own in ids.items():
        if key != own:
            raise ValueError(f"the {what} under {key} calls itself {own}")
