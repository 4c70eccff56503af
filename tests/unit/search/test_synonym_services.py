"""Staff teach the search: what is kept, what is refused, who may."""

from __future__ import annotations

from threading import Thread

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.analytics.models import AuditLog
from storefront.core.db import session
from storefront.core.errors import NotAllowed, NotFound
from storefront.core.ids import new_id
from storefront.http.wording import explain
from storefront.search.errors import SynonymChangedMeanwhile, SynonymRefused
from storefront.search.queries import synonyms
from storefront.search.queries.staff import staff_synonym, staff_synonyms
from storefront.search.services import SynonymEdit, create_synonym, delete_synonym, update_synonym
from tests.factories.accounts import MadeUser, make_staff, make_user


@pytest.fixture
def editor(app_context: Flask) -> MadeUser:
    return make_staff("catalog_editor")


def _audit() -> list[tuple[str, dict[str, object]]]:
    rows = session().execute(
        sa.select(AuditLog.action, AuditLog.changes)
        .where(AuditLog.resource_type == "synonym")
        .order_by(AuditLog.id)
    )
    return [tuple(row) for row in rows]


def test_words_are_kept_in_lower_case_once_and_sorted(editor: MadeUser) -> None:
    entry = create_synonym(editor.id, SynonymEdit(["  Sofa ", "COUCH", "sofa", "", "day\tbed"]))
    assert staff_synonym(entry).words == ("couch", "day bed", "sofa")
    assert staff_synonym(entry).author == editor.email
    assert synonyms()["sofa"] == ("couch", "day bed"), "this process sees it at once"
    [(action, changes)] = _audit()
    assert action == "create"
    assert changes["words"] == {"before": None, "after": ["couch", "day bed", "sofa"]}


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (SynonymEdit([]), "at least two words"),
        (SynonymEdit(["sofa", " SOFA"]), "at least two words"),
        (SynonymEdit(["sofa"], typed="Sofa"), "at least two words"),
        (SynonymEdit([f"word {number}" for number in range(21)]), "at most 20 words"),
        (SynonymEdit(["sofa", "x" * 61]), "at most 60 characters"),
        (SynonymEdit(["sofa", '"day bed"']), "not a plain word"),
        (SynonymEdit(["sofa", "-couch"]), "not a plain word"),
        (SynonymEdit(["sofa", "couch or bed"]), "not a plain word"),
        (SynonymEdit(["sofa", "couch & !bed"]), "not a plain word"),
        (SynonymEdit(["couch"], typed="sofa:*"), "not a plain word"),
        (SynonymEdit(["settee", "sofa"]), "“sofa” already stands with “couch”"),
        (SynonymEdit(["headset"], typed="headphones"), "“headphones” already stands with “earphones”"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(editor: MadeUser, edit: SynonymEdit, sentence: str) -> None:
    create_synonym(editor.id, SynonymEdit(["sofa", "couch"]))
    create_synonym(editor.id, SynonymEdit(["earphones"], typed="headphones"))
    with pytest.raises(SynonymRefused) as refused:
        create_synonym(editor.id, edit)
    assert sentence in explain(refused.value)
    assert staff_synonyms().total == 2


def test_signs_within_words_are_welcome(editor: MadeUser) -> None:
    words = ["b&w", "men's t-shirt", "usb-c 3.1", "wi-fi"]
    assert staff_synonym(create_synonym(editor.id, SynonymEdit(words))).words == tuple(words)


def test_the_same_word_may_mean_something_in_another_language_or_another_direction(editor: MadeUser) -> None:
    create_synonym(editor.id, SynonymEdit(["sofa", "couch"]))
    create_synonym(editor.id, SynonymEdit(["sofa", "liege"], language="de"))
    create_synonym(editor.id, SynonymEdit(["armchair"], typed="sofa"))
    assert synonyms()["sofa"] == ("couch", "armchair")


def test_an_edit_guards_its_version_and_notes_what_changed(editor: MadeUser) -> None:
    entry = create_synonym(editor.id, SynonymEdit(["sofa", "couch"]))
    assert update_synonym(editor.id, entry, 1, SynonymEdit(["couch", "sofa"])) == 1, (
        "the same: nothing is written"
    )
    assert update_synonym(editor.id, entry, 1, SynonymEdit(["couch", "settee"])) == 2
    with pytest.raises(SynonymChangedMeanwhile):
        update_synonym(editor.id, entry, 1, SynonymEdit(["couch", "bed"]))
    assert synonyms() == {"couch": ("settee",), "settee": ("couch",)}
    assert _audit()[1] == ("update", {"words": {"before": ["couch", "sofa"], "after": ["couch", "settee"]}})


def test_a_deleted_entry_is_gone(editor: MadeUser) -> None:
    entry = create_synonym(editor.id, SynonymEdit(["sofa", "couch"]))
    delete_synonym(editor.id, entry)
    assert synonyms() == {}
    assert [action for action, _changes in _audit()] == ["create", "delete"]
    with pytest.raises(NotFound):
        delete_synonym(editor.id, entry)


def test_who_may_not_changes_nothing(editor: MadeUser) -> None:
    entry = create_synonym(editor.id, SynonymEdit(["sofa", "couch"]))
    support, customer = make_staff("support"), make_user()
    for person in (support, customer):
        with pytest.raises(NotAllowed):
            create_synonym(person.id, SynonymEdit(["mug", "cup"]))
        with pytest.raises(NotAllowed):
            update_synonym(person.id, entry, 1, SynonymEdit(["mug", "cup"]))
        with pytest.raises(NotAllowed):
            delete_synonym(person.id, entry)
    assert staff_synonyms().total == 1
    with pytest.raises(NotFound):
        staff_synonym(new_id())


def test_two_who_take_the_same_word_at_once_do_not_both_get_it(app: Flask) -> None:
    outcomes: list[str] = []

    def take(other: str) -> None:
        with app.app_context():
            try:
                create_synonym(None, SynonymEdit(["sofa", other]))
            except SynonymRefused as error:
                outcomes.append(error.reason)
            else:
                outcomes.append("saved")

    threads = [Thread(target=take, args=(f"other {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved", "taken", "taken", "taken"]


def test_the_list_is_searched_by_a_part_of_a_word(editor: MadeUser) -> None:
    create_synonym(editor.id, SynonymEdit(["sofa", "couch"]))
    create_synonym(editor.id, SynonymEdit(["mug_1"], typed="cup"))
    assert [entry.words for entry in staff_synonyms().items] == [("couch", "sofa"), ("mug_1",)]
    assert [entry.words for entry in staff_synonyms("OFA").items] == [("couch", "sofa")]
    assert [entry.typed for entry in staff_synonyms("g_1").items] == ["cup"]
    assert staff_synonyms("%").total == 0
