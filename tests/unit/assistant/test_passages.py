"""Documents cut into passages, and the passage that answers a question."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from storefront.assistant.knowledge import cut_into_passages, process_source, save_source
from storefront.assistant.models import TrainingChunk, TrainingSource
from storefront.assistant.passages import find_passages
from storefront.core.db import session
from storefront.journeys.demo.policies import read_policies
from storefront.journeys.demo.seeding import CONTENT

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def policies(app_context: object) -> None:
    """The demo shop's own pages, processed."""
    for policy in read_policies(CONTENT / "policies"):
        process_source(save_source("policy", policy.title, policy.body, url=f"/pages/{policy.slug}"))


def test_a_document_is_cut_at_its_headings() -> None:
    passages = cut_into_passages(
        "Shipping", "Opening.\n\n## Costs & times\n\nFour.\n\n## Empty\n\n### Deeper\n\nFive."
    )
    assert [(passage.heading, passage.anchor, passage.content) for passage in passages] == [
        ("Shipping", "", "Opening."),
        ("Costs & times", "costs-and-times", "Four."),
        ("Deeper", "deeper", "Five."),
    ]


def test_a_long_section_is_cut_between_paragraphs() -> None:
    paragraphs = [f"{letter * 500}" for letter in "abcd"]
    passages = cut_into_passages("Long", "\n\n".join(paragraphs))
    assert [len(passage.content) for passage in passages] == [1002, 1002]


def test_a_source_is_processed_once_and_again_when_it_changes() -> None:
    source_id = save_source("markdown", "Page", "One.\n\n## Two\n\nThree.", url="/pages/page")
    assert process_source(source_id) == 2
    assert process_source(source_id) == 0
    assert save_source("markdown", "Page", "Only one.", url="/pages/page") == source_id
    assert session().scalar(sa.select(TrainingSource.status)) == "pending"
    assert process_source(source_id) == 1
    assert session().scalars(sa.select(TrainingChunk.content)).all() == ["Only one."]
    assert process_source(uuid.uuid4()) == 0


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize(
    ("question", "url"),
    [
        ("how much is shipping to France?", "/pages/shipping#delivery-in-the-eu"),
        ("can I return boots I have worn?", "/pages/returns#what-unused-means"),
        ("can I pay with a credit card?", "/pages/payment#cards"),
        ("do you repair tents?", "/pages/warranty#repair-service"),
        ("do you use cookies?", "/pages/privacy#one-session-cookie"),
        ("can I pick it up in your shop?", "/pages/shipping#store-pick-up"),
        ("is there express delivery", "/pages/shipping#express-delivery"),
        ("do you deliver to Switzerland?", "/pages/shipping#delivery-in-the-eu"),
        ("what does the warranty not cover?", "/pages/warranty#what-is-not-covered"),
    ],
)
def test_questions_find_the_passage_that_answers_them(question: str, url: str) -> None:
    assert find_passages(question)[0].url == url


@pytest.mark.usefixtures("policies")
def test_a_question_about_nothing_here_finds_nothing() -> None:
    assert find_passages("xylophone zeppelin") == []
    assert find_passages("the of and") == []
    assert find_passages("'; DROP TABLE users; -- \\ & | ! ( ) :* <->") == find_passages("drop table users")
