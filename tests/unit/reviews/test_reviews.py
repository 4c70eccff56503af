"""Reviews: what a page shows, who may write, what waits, what a vote does."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from storefront.analytics.models import AuditLog
from storefront.catalog.queries import product_cards
from storefront.core.db import session
from storefront.core.errors import InvalidInput, NotAllowed, NotFound
from storefront.core.identity import ANONYMOUS
from storefront.core.ids import new_id
from storefront.orders.services import place_order
from storefront.reviews.errors import AlreadyReviewed, OwnReview, SignInToReview
from storefront.reviews.models import Review
from storefront.reviews.queries import reviews_page
from storefront.reviews.services import NewReview, moderate, vote_helpful, write_review
from tests.factories import buying
from tests.factories.accounts import make_staff, make_user
from tests.factories.catalog import Made, make_product, make_review, make_variants

pytestmark = pytest.mark.usefixtures("app_context")

GOOD = NewReview(5, "Dry", "Six days of rain.", pros=("hood", " ", "pockets"), cons=())


@pytest.fixture
def tent(app_context: object) -> Made:
    return make_product("Drift")


def test_page_shows_published_reviews_with_counts_in_one_statement(tent: Made, assert_queries) -> None:
    for rating in (5, 5, 4, 2):
        make_review(tent, rating)
    make_review(tent, 1, status="pending")
    make_review(tent, 1, status="rejected")
    make_review(make_product("Other"), 1)
    with assert_queries(1):
        page = reviews_page(tent.id)
    assert page.by_stars == ((5, 2), (4, 1), (3, 0), (2, 1), (1, 0))
    assert (page.total, page.average) == (4, Decimal("4.00"))
    assert sorted(one.rating for one in page.items) == [2, 4, 5, 5]
    assert page.items[0].author == "Agnes"


def test_filter_by_stars_keeps_the_counts_of_all(tent: Made) -> None:
    for rating in (5, 5, 2):
        make_review(tent, rating)
    page = reviews_page(tent.id, stars=5)
    assert ([one.rating for one in page.items], page.shown_total, page.total) == ([5, 5], 2, 3)
    none = reviews_page(tent.id, stars=1)
    assert (none.items, none.shown_total, none.total) == ((), 0, 3)
    assert reviews_page(tent.id, stars=9).stars is None


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("helpful", [4, 5, 1]), ("best", [5, 4, 1]), ("worst", [1, 4, 5]), ("nonsense", [4, 5, 1])],
)
def test_orders(tent: Made, sort: str, expected: list[int]) -> None:
    make_review(tent, 1, helpful_count=0)
    make_review(tent, 5, helpful_count=2)
    make_review(tent, 4, helpful_count=7)
    assert [one.rating for one in reviews_page(tent.id, sort=sort).items] == expected


def test_pages_hold_five_and_a_page_too_far_is_the_last(tent: Made) -> None:
    for _number in range(7):
        make_review(tent, 4)
    first, far = reviews_page(tent.id), reviews_page(tent.id, number=10**9)
    assert (len(first.items), first.pages) == (5, 2)
    assert (len(far.items), far.number) == (2, 2)
    assert {one.id for one in first.items}.isdisjoint({one.id for one in far.items})


def test_product_without_reviews_has_an_empty_page(tent: Made) -> None:
    page = reviews_page(tent.id)
    assert (page.items, page.total, page.average, page.pages) == ((), 0, None, 1)


def test_new_review_waits_and_shows_once_published(tent: Made) -> None:
    author = make_user(first_name="Rosa")
    written = write_review(author.identity, tent.id, GOOD)
    assert (written.status, written.is_verified_purchase) == ("pending", False)
    waiting = reviews_page(tent.id, viewer_id=author.id)
    assert (waiting.items, waiting.own_status) == ((), "pending")
    assert product_cards([tent.id])[0].review_count == 0
    moderate(None, written.id, status="published")
    shown = reviews_page(tent.id, viewer_id=author.id)
    assert [(one.title, one.pros, one.author, one.own) for one in shown.items] == [
        ("Dry", ("hood", "pockets"), "Rosa", True)
    ]
    card = product_cards([tent.id])[0]
    assert (card.rating, card.review_count) == (Decimal("5.00"), 1)


def test_buyer_of_a_variant_is_verified(tent: Made) -> None:
    variant = make_variants(tent, [{"Colour": "Fir"}], price="20.00")[0]
    buying.make_shipping()
    buyer = buying.make_shopper()
    buying.fill_cart(buyer, (variant.id, 1))
    place_order(buyer, buying.order_request("24.90"))
    assert write_review(buyer, tent.id, GOOD).is_verified_purchase


@pytest.mark.parametrize(
    ("review", "field"),
    [
        (NewReview(0, "", "Fine."), "rating"),
        (NewReview(6, "", "Fine."), "rating"),
        (NewReview(4, "", "  "), "comment"),
        (NewReview(4, "", "x" * 4_001), "comment"),
        (NewReview(4, "x" * 121, "Fine."), "title"),
    ],
)
def test_incomplete_review_is_refused(tent: Made, review: NewReview, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        write_review(make_user().identity, tent.id, review)
    assert refused.value.field == field


def test_guests_cannot_write_or_vote(tent: Made) -> None:
    review_id = make_review(tent)
    with pytest.raises(SignInToReview):
        write_review(ANONYMOUS, tent.id, GOOD)
    with pytest.raises(SignInToReview):
        vote_helpful(ANONYMOUS, review_id)


def test_second_review_of_the_same_product_is_refused(tent: Made) -> None:
    author = make_user()
    write_review(author.identity, tent.id, GOOD)
    with pytest.raises(AlreadyReviewed) as refused:
        write_review(author.identity, tent.id, GOOD)
    assert refused.value.status == "pending"
    assert session().query(Review).count() == 1
    session().rollback()


def test_variants_and_unknown_products_cannot_be_reviewed(tent: Made) -> None:
    variant = make_variants(tent, [{"Colour": "Fir"}])[0]
    author = make_user().identity
    for product_id in (variant.id, new_id()):
        with pytest.raises(NotFound):
            write_review(author, product_id, GOOD)


def test_vote_counts_once_and_can_be_taken_back(tent: Made) -> None:
    review_id, voter = make_review(tent), make_user()
    assert vote_helpful(voter.identity, review_id) is True
    seen = reviews_page(tent.id, viewer_id=voter.id).items[0]
    assert (seen.helpful_count, seen.voted) == (1, True)
    assert reviews_page(tent.id).items[0].voted is False
    assert vote_helpful(voter.identity, review_id) is False
    assert reviews_page(tent.id).items[0].helpful_count == 0


def test_own_and_hidden_reviews_take_no_votes(tent: Made) -> None:
    author = make_user()
    own = make_review(tent, user_id=author.id)
    hidden = make_review(tent, status="pending")
    with pytest.raises(OwnReview):
        vote_helpful(author.identity, own)
    with pytest.raises(NotFound):
        vote_helpful(author.identity, hidden)


def test_moderation_needs_its_permission_and_leaves_a_trail(tent: Made) -> None:
    review_id, staff = make_review(tent, status="pending"), make_staff("admin")
    with pytest.raises(NotAllowed):
        moderate(make_user().id, review_id, status="published")
    moderate(staff.id, review_id, status="published")
    moderate(staff.id, review_id, status="published")
    trail = session().query(AuditLog).filter_by(resource_type="review").all()
    assert [(row.user_id, row.resource_id, row.changes) for row in trail] == [
        (staff.id, str(review_id), {"status": {"before": "pending", "after": "published"}})
    ]
    session().rollback()


def test_moderation_knows_three_outcomes(tent: Made) -> None:
    with pytest.raises(InvalidInput):
        moderate(None, make_review(tent), status="burnt")
    with pytest.raises(NotFound):
        moderate(None, new_id(), status="published")


def test_command_line_shows_what_waits_and_publishes_it(tent: Made, app: Flask) -> None:
    first = make_review(tent, 4, "Line one.\nLine two.", status="pending", title="Fine")
    second = make_review(tent, 1, "Buy gold.", status="pending")
    runner = app.test_cli_runner()
    listed = runner.invoke(args=["reviews", "waiting"]).output
    assert f"{first}  4 stars for Drift\n  Fine: Line one. Line two.\n" in listed
    assert runner.invoke(args=["reviews", "publish", str(first)]).output == f"{first}: published\n"
    assert runner.invoke(args=["reviews", "reject", str(second)]).output == f"{second}: rejected\n"
    assert runner.invoke(args=["reviews", "waiting"]).output == "No review is waiting.\n"
    assert [one.id for one in reviews_page(tent.id).items] == [first]
    unknown = runner.invoke(args=["reviews", "publish", str(new_id())])
    assert unknown.exit_code == 1
    assert "We could not find that." in unknown.output
