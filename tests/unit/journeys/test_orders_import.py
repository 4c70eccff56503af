"""Other shops' books against the real database: nothing of them is lost, twice changes nothing, wrong ones are told."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.accounts.models import Address, User
from storefront.catalog.models import ImportRun, Product
from storefront.core.db import acting_as, release, session, transaction
from storefront.core.external_ids import external_ids_of, known_by_external_id
from storefront.core.identity import Identity
from storefront.inventory.models import StockMovement
from storefront.inventory.queries import stock_differences
from storefront.inventory.services import adjust_stock
from storefront.journeys.import_runs import one_at_a_time
from storefront.journeys.orders_import import Books, BooksReport, BooksUnreadable, import_books
from storefront.journeys.personal_data.erasing import erase, person_of
from storefront.orders.models import Order, OrderEvent, OrderItem, Shipment
from storefront.orders.queries_for_refunds import refundable
from storefront.orders.services import RefundLine, RefundRequest, cancel_order, refund_order
from storefront.orders.verification import order_differences
from storefront.payments.models import Payment, Refund, SavedPaymentMethod
from storefront.payments.queries_of_customers import money_of, saved_methods_of
from storefront.promotions.models import GiftCard, GiftCardEntry
from storefront.promotions.verification import promotion_differences
from storefront.search.queries import ranked_products
from tests.factories.accounts import make_user
from tests.factories.books import NOAH, books, imported, order, written
from tests.factories.buying import make_product

pytestmark = pytest.mark.usefixtures("app_context")
ROOT = Path(__file__).parents[3]
SUPPORT = ROOT.parent / "shared" / "data" / "support"


def figures(report: BooksReport) -> dict[str, tuple[int, int, int, int]]:
    return {
        kind: (one.created, one.updated, one.unchanged, one.refused) for kind, one in report.counts.items()
    }


def all_rows() -> dict[str, list[Any]]:
    """Everything an import may write, to compare before and after."""
    models = (
        *(User, Address, Product, Order, OrderItem, OrderEvent, Shipment, Payment, Refund),
        *(SavedPaymentMethod, GiftCard, GiftCardEntry),
    )
    release()
    found = {
        model.__tablename__: session().execute(sa.select(model.__table__).order_by(model.id)).all()
        for model in models
    }
    release()
    return found


def the_order(number: str) -> Order:
    session().expire_all()
    return session().scalars(sa.select(Order).where(Order.external_id == number)).one()


def reason(report: BooksReport) -> str:
    assert report.refused == len(report.refusals) == 1
    return report.refusals[0].reason


def test_everything_of_the_books_stands_here(tmp_path: Path) -> None:
    report = imported(tmp_path)
    assert report.refusals == []
    assert figures(report) == {"products": (1, 0, 0, 0), "customers": (1, 0, 0, 0), "orders": (2, 0, 0, 0)}
    assert books_from_here() == as_read(books())
    assert stock_differences() == order_differences() == []
    assert [found.sku for found in ranked_products("t-shirt")] == ["952"]


def test_an_order_is_in_the_state_the_books_say(tmp_path: Path) -> None:
    content = books()
    content["orders"] |= {
        "#W300": order("#W300", "processed"),
        "#W400": order("#W400", "cancelled", cancel_reason="ordered by mistake"),
    }
    imported(tmp_path, content)
    states = {
        number: (one.status, one.payment_status, one.fulfilment_status)
        for number in ("#W100", "#W200", "#W300", "#W400")
        if (one := the_order(number))
    }
    assert states == {
        "#W100": ("placed", "paid", "unfulfilled"),
        "#W200": ("delivered", "paid", "fulfilled"),
        "#W300": ("processing", "paid", "unfulfilled"),
        "#W400": ("cancelled", "refunded", "unfulfilled"),
    }
    assert the_order("#W400").cancel_reason == "ordered by mistake"
    assert the_order("#W200").placed_at < the_order("#W100").placed_at  # as in the customer's list
    events = session().execute(
        sa.select(OrderEvent.kind, OrderEvent.from_status, OrderEvent.to_status, OrderEvent.note)
        .where(OrderEvent.order_id == the_order("#W400").id)
        .order_by(OrderEvent.created_at, OrderEvent.id)
    )
    assert [tuple(event) for event in events] == [
        ("placed", None, "placed", "time of the import"),
        ("cancelled", "placed", "cancelled", "time of the import"),
    ]


def test_the_assistant_reads_in_the_customers_name_what_the_books_say_of_them(tmp_path: Path) -> None:
    content = books()
    content["orders"]["#W400"] = order("#W400", "cancelled")
    imported(tmp_path, content)
    noah = session().scalars(sa.select(User.id)).one()
    release()
    with acting_as(Identity(user_id=noah)):
        ids = dict(session().execute(sa.select(Order.external_id, Order.id)).all())
        assert set(ids) == {"#W100", "#W200", "#W400"}
        assert external_ids_of("order", ids.values()) == {row_id: name for name, row_id in ids.items()}
        assert external_ids_of("user", [noah]) == {noah: "noah_brown_1"}
        assert [(one.external_id, one.balance) for one in saved_methods_of(noah)] == [
            ("paypal_1", None),
            ("credit_card_2", None),
            ("gift_card_3", Decimal(60)),
        ]
        assert [(one.kind, one.amount, one.method_external_id) for one in money_of(ids["#W400"])] == [
            ("payment", Decimal("50.88"), "credit_card_2"),
            ("refund", Decimal("50.88"), "credit_card_2"),
        ]
    with acting_as(Identity()):
        assert money_of(ids["#W400"]) == saved_methods_of(noah) == []


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    imported(tmp_path)
    before = all_rows()
    report = imported(tmp_path)
    assert figures(report) == {"products": (0, 0, 1, 0), "customers": (0, 0, 1, 0), "orders": (0, 0, 2, 0)}
    assert all_rows() == before


def test_what_happened_here_since_stays_where_the_books_say_the_same(tmp_path: Path) -> None:
    imported(tmp_path)
    user = session().scalars(sa.select(User)).one()
    variant = session().scalars(sa.select(Product.id).where(Product.sku == "961")).one()
    with transaction():
        user.first_name = "Noa"
        adjust_stock(variant, 3, "adjustment")
    imported(tmp_path)
    session().expire_all()
    assert session().scalars(sa.select(User.first_name)).one() == "Noa"
    assert session().get_one(Product, variant).stock_quantity == 28


def test_a_dry_run_says_what_would_happen_and_writes_nothing(tmp_path: Path) -> None:
    before = all_rows()
    content = books()
    content["orders"]["#W300"] = order("#W300", user_id="nobody_9")
    report = imported(tmp_path, content, is_dry_run=True, errors_folder=tmp_path / "errors")
    assert figures(report) == {"products": (1, 0, 0, 0), "customers": (1, 0, 0, 0), "orders": (2, 0, 0, 1)}
    assert all_rows() == before
    assert session().scalars(sa.select(ImportRun)).all() == []
    assert report.error_file is not None
    assert list(csv.reader(report.error_file.read_text().splitlines())) == [
        ["record", "id", "kind", "reason"],
        ["orders", "#W300", "refused", "its customer nobody_9 is not here"],
    ]


def test_changed_books_change_what_they_say(tmp_path: Path) -> None:
    imported(tmp_path)
    content = books()
    content["products"]["952"]["variants"]["961"] |= {"price": 55, "available": False}
    content["products"]["952"]["variants"]["812"]["available"] = True
    noah = content["users"]["noah_brown_1"]
    noah["address"]["city"] = "Austin"
    noah["payment_methods"]["gift_card_3"]["balance"] = 9.12
    del noah["payment_methods"]["paypal_1"]
    content["orders"]["#W100"] = order("#W100", "delivered")
    report = imported(tmp_path, content)
    assert report.refusals == []
    assert figures(report) == {"products": (0, 1, 0, 0), "customers": (0, 1, 0, 0), "orders": (0, 1, 1, 0)}
    assert books_from_here() == as_read(content)
    assert stock_differences() == order_differences() == []
    ledger = session().execute(
        sa.select(GiftCardEntry.delta, GiftCardEntry.reason).order_by(GiftCardEntry.id)
    )
    assert [tuple(one) for one in ledger] == [(Decimal(60), "issued"), (Decimal("-50.88"), "adjustment")]
    assert session().scalars(
        sa.select(OrderEvent.kind).where(OrderEvent.order_id == the_order("#W100").id).order_by(OrderEvent.id)
    ).all() == ["placed", "delivered"]


def test_a_cancelled_order_is_refunded_to_what_paid_it(tmp_path: Path) -> None:
    imported(tmp_path)
    content = books()
    content["orders"]["#W100"] = order("#W100", "cancelled")
    assert imported(tmp_path, content).refusals == []
    payment = session().scalars(sa.select(Payment).where(Payment.order_id == the_order("#W100").id)).one()
    refund = session().scalars(sa.select(Refund)).one()
    assert (payment.status, payment.refunded_amount) == ("refunded", Decimal("50.88"))
    assert (refund.payment_id, refund.saved_method_id) == (payment.id, payment.saved_method_id)
    assert the_order("#W100").payment_status == "refunded"
    assert books_from_here() == as_read(content)


def test_another_way_to_pay_is_a_payment_and_a_refund(tmp_path: Path) -> None:
    content = books()
    first = content["orders"]["#W100"]["payment_history"][0]
    content["orders"]["#W100"]["payment_history"] += [
        {**first, "payment_method_id": "gift_card_3"},
        {**first, "transaction_type": "refund"},
    ]
    assert imported(tmp_path, content).refusals == []
    assert the_order("#W100").payment_status == "paid"
    assert books_from_here() == as_read(content)
    net = sa.func.sum(Payment.captured_amount - Payment.refunded_amount)
    assert session().scalar(sa.select(net).where(Payment.order_id == the_order("#W100").id)) == Decimal(
        "50.88"
    )


def test_the_state_machine_guards_later_imports(tmp_path: Path) -> None:
    imported(tmp_path)
    content = books()
    content["orders"]["#W200"]["status"] = "pending"
    assert "cannot go from delivered to placed" in reason(imported(tmp_path, content))
    assert the_order("#W200").status == "delivered"


def test_money_that_came_is_never_rewritten(tmp_path: Path) -> None:
    imported(tmp_path)
    content = books()
    content["orders"]["#W100"]["payment_history"][0]["payment_method_id"] = "paypal_1"
    assert "not a continuation" in reason(imported(tmp_path, content))


@pytest.mark.parametrize(
    ("kind", "path", "value", "expected"),
    [
        ("orders", ("#W100", "status"), "lost", "status: Input should be 'pending'"),
        ("orders", ("#W100", "colour"), "red", "colour: is not known here"),
        ("orders", ("#W100", "order_id"), "#W9", "the record under #W100 calls itself #W9"),
        ("orders", ("#W100", "items"), [], "items: List should have at least 1 item"),
        ("orders", ("#W100", "items", 0, "price"), -1, "items.0.price: Input should be greater than"),
        ("orders", ("#W100", "items", 0, "price"), 49.99, "paid less refunded is 50.88, and 49.99"),
        ("orders", ("#W100", "payment_history", 0, "amount"), 50.885, "no more than 2 decimal places"),
        ("orders", ("#W100", "payment_history", 0, "transaction_type"), "refund", "more went back to"),
        ("orders", ("#W200", "fulfillments", 0, "item_ids"), ["777"], "a parcel holds 777"),
        ("orders", ("#W100", "address", "country"), "Utopia", "address.country: is no country code"),
        ("orders", ("#W100", "user_id"), "nobody_9", "its customer nobody_9 is not here"),
        ("orders", ("#W100", "items", 0, "name"), "half \ud800", "holds half a character"),
        ("orders", ("#W100", "items", 0, "name"), "zero \0", "holds the character zero"),
        ("orders", ("#W100",), [], "is no JSON object"),
        ("users", ("noah_brown_1", "email"), "nowhere", "email: is no e-mail address"),
        (
            "users",
            ("noah_brown_1", "payment_methods", "credit_card_2", "number"),
            "4111111111111111",
            "payment_methods.credit_card_2.number: is not known here",
        ),
        (
            "users",
            ("noah_brown_1", "payment_methods", "credit_card_2", "last_four"),
            "4111111111111111",
            "payment_methods.credit_card_2.last_four: String should match pattern",
        ),
        ("users", ("noah_brown_1", "payment_methods", "gift_card_3", "balance"), None, "a gift card, and"),
        ("products", ("952", "variants", "961", "item_id"), "9", "the variant under 961 calls itself 9"),
        ("products", ("952", "variants", "961", "options"), {}, "options: Dictionary should have at least 1"),
        (
            "products",
            ("952", "variants", "961", "options"),
            {"color": "red", "size": "XL"},
            "the database refuses it: duplicate key value",
        ),
    ],
)
def test_a_wrong_record_is_refused_with_its_reason(
    tmp_path: Path, kind: str, path: tuple[Any, ...], value: object, expected: str
) -> None:
    content = books()
    place: Any = content[kind]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    report = imported(tmp_path, content)
    mine = [one for one in report.refusals if one.kind == {"users": "customers"}.get(kind, kind)]
    assert len(mine) == 1, report.refusals
    assert expected in mine[0].reason
    assert "4111111111111111" not in str(report.refusals)
    assert stock_differences() == order_differences() == []


def test_a_bad_record_harms_no_other(tmp_path: Path) -> None:
    content = books()
    content["orders"] |= {f"#W5{turn:02}": order(f"#W5{turn:02}") for turn in range(20)}
    content["orders"]["#W507"]["user_id"] = "nobody_9"
    report = imported(tmp_path, content)
    assert figures(report)["orders"] == (21, 0, 0, 1)
    assert report.refusals[0].key == "#W507"
    run = session().scalars(sa.select(ImportRun)).one()
    assert (run.status, run.counts["orders"]["refused"]) == ("finished", 1)


def test_the_sku_of_our_own_product_is_not_taken_over(tmp_path: Path) -> None:
    make_product("Kettle", sku="961")
    report = imported(tmp_path)
    assert "961 is the SKU of another product here" in [one.reason for one in report.refusals]
    assert session().scalars(sa.select(Product.name)).all() == ["Kettle"]


def test_orders_of_goods_nobody_sells_any_more_stand_alone(tmp_path: Path) -> None:
    content = books()
    content["orders"]["#W100"]["items"][0]["product_id"] = "1"
    report = imported(tmp_path, content)
    assert report.refused == 0
    assert [(one.key, one.is_warning) for one in report.refusals] == [("#W100", True)]
    line = session().scalars(sa.select(OrderItem).where(OrderItem.order_id == the_order("#W100").id)).one()
    assert (line.product_id, line.sku, line.name) == (None, "961", "T-Shirt")


def test_the_account_somebody_has_here_is_kept_and_gets_the_orders(tmp_path: Path) -> None:
    user = make_user("noah.brown@example.com")
    imported(tmp_path)
    assert session().scalars(sa.select(User.id)).all() == [user.id]
    assert the_order("#W100").user_id == user.id
    assert external_ids_of("user", [user.id]) == {user.id: "noah_brown_1"}


def test_an_import_brings_nobody_back_who_was_erased_here(tmp_path: Path) -> None:
    imported(tmp_path)
    erase(person_of("noah.brown@example.com"))
    content = books()
    content["users"]["noah_brown_1"]["address"]["city"] = "Elsewhere"
    content["orders"]["#W100"]["cancel_reason"] = "changed there"
    content["orders"]["#W500"] = order("#W500", "processed")
    report = imported(tmp_path, content)
    assert {(one.key, one.reason) for one in report.refusals} == {
        (key, "the person behind it was erased here") for key in ("noah_brown_1", "#W100", "#W500")
    }
    assert session().scalars(sa.select(User.email)).all() == []
    assert session().scalars(sa.select(Address.id)).all() == []
    everything = sa.text("SELECT one::text FROM external_ids AS one WHERE kind = 'user'")
    (kept,) = session().scalars(everything)
    release()
    assert "noah" not in kept


def test_two_customers_with_one_address_are_told_apart(tmp_path: Path) -> None:
    content = books()
    content["users"]["noah_2"] = {**NOAH, "payment_methods": {}, "orders": []}
    assert reason(imported(tmp_path, content)) == "the customer noah_brown_1 has the same e-mail address"


def test_orders_may_come_after_their_customers(tmp_path: Path) -> None:
    content = books()
    orders = content.pop("orders")
    imported(tmp_path, content)
    (later := tmp_path / "later").mkdir()
    report = import_books(Books.in_folder(written(later, {"orders": orders})))
    assert figures(report)["orders"] == (2, 0, 0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "is no JSON object of records"),
        ("{", "orders.json: "),
        ('{"#W1": {}, "#W1": {}}', "'#W1' stands there twice"),
        ('{"#W1": {"status": 1, "status": 2}}', "'status' stands there twice"),
    ],
)
def test_a_file_that_is_no_book_stops_everything(tmp_path: Path, text: str, expected: str) -> None:
    written(tmp_path, books())
    (tmp_path / "orders.json").write_text(text)
    with pytest.raises(BooksUnreadable, match=expected.replace("[", r"\[")):
        import_books(Books.in_folder(tmp_path))
    assert session().scalars(sa.select(Product.id)).all() == []


def test_the_command_reports_and_ends_with_one_where_something_was_refused(
    app: Flask, tmp_path: Path
) -> None:
    content = books()
    content["orders"]["#W300"] = order("#W300", status="lost", fulfillments=[])
    folder = str(written(tmp_path, content))
    release()
    run = app.test_cli_runner().invoke
    tried = run(args=["orders", "import", folder, "--dry-run"])
    assert tried.exit_code == 1
    assert "orders: 2 would be created, 0 would be updated, 0 unchanged, 1 refused\n" in tried.stdout
    ran = run(args=["orders", "import", folder])
    assert ran.exit_code == 1
    assert "orders #W300 refused: status: Input should be" in ran.stderr
    assert "All of them: " in ran.stderr
    (tmp_path / "orders.json").write_text(json.dumps({"#W100": content["orders"]["#W100"]}))
    again = run(args=["orders", "import", "--orders", str(tmp_path / "orders.json")])
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (
        0,
        "orders: 0 created, 0 updated, 1 unchanged, 0 refused",
    )
    assert run(args=["orders", "import"]).exit_code == 2
    assert run(args=["ops", "verify"]).exit_code == 0


def test_the_real_books_are_taken_whole(app: Flask, tmp_path: Path) -> None:
    if not SUPPORT.exists():
        pytest.skip("the real books are not beside this checkout (../shared/data/support)")
    report = import_books(Books.in_folder(SUPPORT))
    assert report.refusals == []
    assert figures(report) == {
        "products": (50, 0, 0, 0),
        "customers": (500, 0, 0, 0),
        "orders": (1000, 0, 0, 0),
    }
    source = {
        name: json.loads((SUPPORT / f"{name}.json").read_text(), parse_float=Decimal)
        for name in ("products", "users", "orders")
    }
    assert books_from_here() == source
    assert session().scalar(sa.select(sa.func.count()).where(Product.parent_id.is_not(None))) == 591
    total = sum(item["price"] for one in source["orders"].values() for item in one["items"])
    assert session().scalar(sa.select(sa.func.sum(Order.total_amount))) == total
    assert stock_differences() == order_differences() == []
    before = all_rows()
    again = import_books(Books.in_folder(SUPPORT))
    assert figures(again) == {
        "products": (0, 0, 50, 0),
        "customers": (0, 0, 500, 0),
        "orders": (0, 0, 1000, 0),
    }
    assert all_rows() == before
    release()
    verified = app.test_cli_runner().invoke(args=["ops", "verify"])
    assert (verified.exit_code, verified.stdout) == (
        0,
        "Stock movements, holds, order totals, refunds, returns, promotions, gift cards and invoices all agree.\n",
    )


def stock_by_sku() -> dict[str, int]:
    release()
    return dict(session().execute(sa.select(Product.sku, Product.stock_quantity)).all())


def customer() -> Identity:
    return Identity(session().scalar(sa.select(User.id)))


def test_cancelling_one_here_adds_no_units_that_our_ledger_never_took(tmp_path: Path) -> None:
    content = books()
    content["orders"]["#W100"]["payment_history"] = []
    assert imported(tmp_path, content).refusals == []
    before = stock_by_sku()
    cancel_order(customer(), "W100")
    assert session().scalar(sa.select(Order.status).where(Order.order_number == "W100")) == "cancelled"
    assert stock_by_sku() == before
    assert session().scalar(sa.select(StockMovement.id).where(StockMovement.order_id.is_not(None))) is None
    assert stock_differences() == order_differences() == []


def test_units_of_a_delivered_one_arrive_on_our_shelf_once(tmp_path: Path) -> None:
    imported(tmp_path)
    before = stock_by_sku()
    lines = refundable("W200").lines
    for line in lines:
        wanted = RefundRequest(lines=[RefundLine(line.id, 1, restock=True)])
        refund_order(None, "W200", wanted)
    after = stock_by_sku()
    assert {sku: after[sku] - before[sku] for sku in ("961", "812")} == {"961": 2, "812": 1}
    given = session().execute(sa.select(Refund.amount, Refund.status, Refund.provider_reference.is_not(None)))
    assert sorted(given.all()) == [
        (Decimal("49.60"), "succeeded", True),
        (Decimal("50.88"), "succeeded", True),
        (Decimal("50.88"), "succeeded", True),
    ], "the other shop's card is given back by hand, and recorded"
    assert stock_differences() == order_differences() == []


def test_what_a_gift_card_paid_there_goes_back_on_it_with_a_ledger_row(tmp_path: Path) -> None:
    content = books()
    content["orders"]["#W200"]["payment_history"][0]["payment_method_id"] = "gift_card_3"
    imported(tmp_path, content)
    line = refundable("W200").lines[0]
    refund_order(None, "W200", RefundRequest(lines=[RefundLine(line.id, 1)]))
    assert session().scalar(sa.select(GiftCard.balance)) == 60 + line.left.amount
    entry = session().execute(
        sa.select(
            GiftCardEntry.reason, GiftCardEntry.delta, GiftCardEntry.order_refund_id.is_not(None)
        ).where(GiftCardEntry.reason != "issued")
    )
    assert entry.all() == [("refunded", line.left.amount, True)]
    assert stock_differences() == order_differences() == promotion_differences() == []


def as_read(content: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(content), parse_float=Decimal)


def books_from_here() -> dict[str, Any]:
    """The books, written anew from our own tables only: what is equal to the source was not lost."""
    session().expire_all()
    users = session().scalars(sa.select(User)).all()
    names = external_ids_of("user", [user.id for user in users])
    numbers = defaultdict(list)
    orders = session().scalars(sa.select(Order).order_by(Order.created_at)).all()
    for one in orders:
        numbers[one.user_id].append(one.external_id)
    return {
        "products": products_from_here(),
        "users": {
            names[user.id]: {
                "name": {"first_name": user.first_name, "last_name": user.last_name},
                "address": default_address(user),
                "email": user.email,
                "payment_methods": {
                    method.external_id: method_from_here(method) for method in saved_methods_of(user.id)
                },
                "orders": numbers[user.id],
            }
            for user in users
        },
        "orders": {one.external_id: order_from_here(one, names) for one in orders},
    }


def products_from_here() -> dict[str, Any]:
    products = session().scalars(sa.select(Product)).all()
    families = {one.id: one for one in products if one.parent_id is None}
    known = known_by_external_id("product", [one.sku for one in families.values()])
    assert {one.row_id for one in known.values()} == set(families)
    return {
        family.sku: {
            "name": family.name,
            "product_id": family.sku,
            "variants": {
                one.sku: {
                    "item_id": one.sku,
                    "options": one.options,
                    "available": one.stock_quantity > 0,
                    "price": one.price,
                }
                for one in products
                if one.parent_id == family.id
            },
        }
        for family in families.values()
    }


def address_from_here(line1: Any, line2: Any, city: Any, region: Any, postal_code: Any) -> dict[str, Any]:
    return {
        "address1": line1,
        "address2": line2,
        "city": city,
        "country": "USA",
        "state": region,
        "zip": postal_code,
    }


def default_address(user: User) -> dict[str, Any]:
    one = (
        session()
        .scalars(
            sa.select(Address).where(
                Address.user_id == user.id, Address.is_default_shipping, Address.country == "US"
            )
        )
        .one()
    )
    return address_from_here(one.line1, one.line2, one.city, one.region, one.postal_code)


def method_from_here(method: Any) -> dict[str, Any]:
    own = {
        "credit_card": {"brand": method.brand, "last_four": method.last_four},
        "gift_card": {"balance": method.balance},
        "paypal": {},
    }
    return {"source": method.kind, "id": method.external_id, **own[method.kind]}


def order_from_here(one: Order, names: dict[Any, str]) -> dict[str, Any]:
    status = {"placed": "pending", "processing": "processed"}.get(one.status, one.status)
    lines = (
        session()
        .execute(
            sa.select(OrderItem, Product.parent_id)
            .join(Product, Product.id == OrderItem.product_id)
            .where(OrderItem.order_id == one.id)
            .order_by(OrderItem.position)
        )
        .all()
    )
    families = dict(session().execute(sa.select(Product.id, Product.sku)).all())
    sku_of = {str(line.id): line.sku for line, _ in lines}
    parcels = session().scalars(sa.select(Shipment).where(Shipment.order_id == one.id)).all()
    where = one.shipping_address
    return {
        "order_id": one.external_id,
        "user_id": names[one.user_id],
        "address": address_from_here(
            where["line1"], where["line2"], where["city"], where["region"], where["postal_code"]
        ),
        "items": [
            {
                "name": line.name,
                "product_id": families[parent_id],
                "item_id": line.sku,
                "price": line.unit_price,
                "options": line.options,
            }
            for line, parent_id in lines
        ],
        "fulfillments": [
            {
                "tracking_id": [parcel.tracking_number],
                "item_ids": [sku_of[item["order_item_id"]] for item in parcel.items],
            }
            for parcel in parcels
        ],
        "status": status,
        "payment_history": history_from_here(one),
    }


def history_from_here(one: Order) -> list[dict[str, Any]]:
    found = []
    for kind, row in (("payment", Payment), ("refund", Refund)):
        rows = session().execute(
            sa.select(row.raw, row.amount, SavedPaymentMethod.external_id)
            .join(SavedPaymentMethod, SavedPaymentMethod.id == row.saved_method_id)
            .where(row.order_id == one.id)
        )
        for raw, amount, name in rows:
            entry = {"transaction_type": kind, "amount": amount, "payment_method_id": name}
            found.append((raw["place"], entry))
    return [entry for _place, entry in sorted(found, key=lambda pair: pair[0])]


def test_one_import_at_a_time(app: Flask, tmp_path: Path) -> None:
    folder = str(written(tmp_path, books()))
    with one_at_a_time():
        release()
        ran = app.test_cli_runner().invoke(args=["orders", "import", folder])
    assert ran.exit_code == 1
    assert "Another import is running; wait until it is done." in ran.stderr


def test_a_broken_off_import_is_simply_run_again(tmp_path: Path) -> None:
    def stop(kind: str, _done: int, _whole: int) -> None:
        if kind == "customers":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path, progress=stop)
    report = imported(tmp_path)
    assert figures(report) == {"products": (0, 0, 1, 0), "customers": (0, 0, 1, 0), "orders": (2, 0, 0, 0)}
    runs = session().scalars(sa.select(ImportRun.status).order_by(ImportRun.created_at)).all()
    assert runs == ["broken_off", "finished"]
    assert books_from_here() == as_read(books())


def test_a_customer_list_that_names_a_strange_order_is_a_warning(tmp_path: Path) -> None:
    content = books()
    content["users"]["noah_brown_1"]["orders"].append("#W999")
    report = imported(tmp_path, content)
    assert [(one.kind, one.is_warning) for one in report.refusals] == [("customers", True)]
    assert "#W999" in report.refusals[0].reason
    assert report.refused == 0
