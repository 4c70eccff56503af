"""Synonyms in the staff pages: added, changed, deleted, refused in words."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from storefront.search.queries.staff import staff_synonyms
from storefront.search.services import SynonymEdit, create_synonym
from tests.factories.accounts import make_staff, sign_in
from tests.web.paper_browser import PaperBrowser

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


def browser_of(app: Flask, role: str) -> PaperBrowser:
    browser = PaperBrowser(app)
    with app.app_context():
        person = make_staff(role)
    sign_in(browser.client, person)
    return browser


@pytest.fixture
def editor(app: Flask) -> PaperBrowser:
    return browser_of(app, "catalog_editor")


def _words(app: Flask) -> list[tuple[str | None, tuple[str, ...]]]:
    with app.app_context():
        return [(entry.typed, entry.words) for entry in staff_synonyms().items]


def test_an_entry_is_added_changed_and_deleted(app: Flask, editor: PaperBrowser) -> None:
    form = editor.form(editor.get("/admin/synonyms/new"), "")
    answer = editor.client.post("/admin/synonyms/new", data=form.values | {"words": "Sofa\r\ncouch\r\n"})
    listed = editor.follow(answer)
    assert "couch = sofa" in listed.text
    assert "Saved." in listed.text

    [address] = {
        part.split('"')[0] for part in listed.text.split('href="') if part.startswith("/admin/synonyms/0")
    }
    page = editor.get(address)
    form = editor.form(page, "")
    assert form.values["words"] == "couch\nsofa"
    changed = form.values | {"kind": "one_way", "typed": "settee"}
    assert editor.client.post(address, data=changed).status_code == 303
    assert _words(app) == [("settee", ("couch", "sofa"))]

    refused = editor.client.post(address, data=changed)
    assert refused.status_code == 422, "the form was begun on a version that is gone"
    assert "Somebody else has changed this entry" in refused.text

    deletion = editor.form(editor.get(address), f"{address}/deletion")
    assert editor.submit(deletion).status_code == 303
    assert _words(app) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": ""}, "This field is required"),
        ({"words": "sofa"}, "at least two words"),
        ({"words": "sofa\n(couch)"}, "is not a plain word or phrase"),
        ({"words": "sofa", "kind": "one_way"}, "Please write what somebody types."),
        ({"words": "sofa\ncouch", "language": "xx"}, "Not a valid choice"),
    ],
)
def test_a_mistake_is_said_and_nothing_typed_is_lost(
    app: Flask, editor: PaperBrowser, fields: dict[str, str], sentence: str
) -> None:
    form = editor.form(editor.get("/admin/synonyms/new"), "")
    answer = editor.client.post("/admin/synonyms/new", data=form.values | fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert editor.form(answer, "").values["words"] == fields["words"]
    assert _words(app) == []


def test_what_was_searched_for_is_filled_in(editor: PaperBrowser) -> None:
    values = editor.form(editor.get("/admin/synonyms/new?typed=headfones"), "").values
    assert (values["kind"], values["typed"]) == ("one_way", "headfones")


def test_who_only_reads_changes_nothing(app: Flask) -> None:
    with app.app_context():
        entry = create_synonym(None, SynonymEdit(["sofa", "couch"]))
    support = browser_of(app, "support")
    page = support.get(f"/admin/synonyms/{entry}")
    assert page.status_code == 200
    assert "Delete this entry" not in page.text
    assert support.get("/admin/synonyms/new").status_code == 403
    values = support.form(page, "").values | {"words": "mug\ncup"}
    assert support.client.post(f"/admin/synonyms/{entry}", data=values).status_code == 422
    assert support.post(f"/admin/synonyms/{entry}/deletion", {}).status_code == 403
    assert _words(app) == [(None, ("couch", "sofa"))]


def test_the_pages_ask_little(app: Flask, editor: PaperBrowser, assert_queries: AssertQueries) -> None:
    with app.app_context():
        entry = create_synonym(None, SynonymEdit(["sofa", "couch"]))
    with assert_queries(3):  # the visitor, how many there are, one page of them
        editor.get("/admin/synonyms")
    with assert_queries(2):
        editor.get(f"/admin/synonyms/{entry}")
