"""Synonyms: the list, and the form of one entry."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from storefront.admin.access import actor_id, requires
from storefront.admin.area import blueprint
from storefront.core.errors import DomainError
from storefront.core.pagination import page_number
from storefront.core.texts import gettext as _
from storefront.http.forms import Form
from storefront.http.wording import explain
from storefront.search.errors import SynonymRefused
from storefront.search.queries import clean_text
from storefront.search.queries.staff import staff_synonym, staff_synonyms
from storefront.search.queries.words import LANGUAGE
from storefront.search.services import SynonymEdit, create_synonym, delete_synonym, update_synonym

LANGUAGES = (
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("nb", "Norsk"),
    ("nl", "Nederlands"),
    ("pt", "Português"),
    ("sv", "Svenska"),
)
"""The languages whose words the search stems, each by its own name."""


class SynonymForm(Form):
    """Words that mean the same, or what one word means besides itself."""

    version = HiddenField()
    kind = RadioField(
        _l("How they belong together"),
        choices=[
            SelectChoice("equal", _l("They all mean the same")),
            SelectChoice("one_way", _l("One word also means the others")),
        ],
        default="equal",
    )
    typed = StringField(_l("Who types this"), validators=[Length(max=200)])
    words = TextAreaField(
        _l("Words and phrases, one a line"),
        validators=[InputRequired(), Length(max=2_000)],
        render_kw={"rows": 6},
    )
    language = SelectField(
        _l("Language"), choices=[SelectChoice(*one) for one in LANGUAGES], default=LANGUAGE
    )

    def validate_typed(self, field: StringField) -> None:
        """One way needs a word to begin from."""
        if self.kind.data == "one_way" and not (field.data or "").strip():
            raise ValidationError(_("Please write what somebody types."))

    def edit(self) -> SynonymEdit:
        """The form as the service takes it. Only after validation."""
        typed = (self.typed.data or "") if self.kind.data == "one_way" else ""
        return SynonymEdit((self.words.data or "").splitlines(), typed, self.language.data or LANGUAGE)


@blueprint.get("/synonyms")
@requires("search", "read")
def synonyms() -> ResponseReturnValue:
    """All entries."""
    text = clean_text(request.args.get("q"))
    page = staff_synonyms(text, page_number(request.args.get("page")))
    return render_template("admin/synonyms.html", page=page, text=text)


@blueprint.route("/synonyms/new", methods=["GET", "POST"])
@requires("search", "write")
def new_synonym() -> ResponseReturnValue:
    """A new entry; ``typed`` in the address fills in what somebody has searched for."""
    typed = clean_text(request.args.get("typed"), 60)
    form = SynonymForm(kind="one_way" if typed else "equal", typed=typed)
    if form.validate_on_submit() and _saved(form, lambda: create_synonym(actor_id(), form.edit())):
        return _to_the_list(_("Saved. Searches understand it within half a minute."))
    return render_template("admin/synonym.html", form=form, entry=None), _status(form)


@blueprint.route("/synonyms/<uuid:synonym_id>", methods=["GET", "POST"])
@requires("search", "read")
def synonym(synonym_id: uuid.UUID) -> ResponseReturnValue:
    """An entry's form; what somebody else saved meanwhile is not overwritten, and nothing typed is lost."""
    entry = staff_synonym(synonym_id)
    form = SynonymForm(
        version=str(entry.version),
        kind="one_way" if entry.typed else "equal",
        typed=entry.typed or "",
        words="\n".join(entry.words),
        language=entry.language,
    )
    if form.validate_on_submit():
        version = form.version.data or ""
        begun_on = int(version) if version.isdecimal() else 0
        if _saved(form, lambda: update_synonym(actor_id(), synonym_id, begun_on, form.edit())):
            return _to_the_list(_("Saved. Searches understand it within half a minute."))
    return render_template("admin/synonym.html", form=form, entry=entry), _status(form)


@blueprint.post("/synonyms/<uuid:synonym_id>/deletion")
@requires("search", "write")
def drop_synonym(synonym_id: uuid.UUID) -> ResponseReturnValue:
    """Delete an entry."""
    delete_synonym(actor_id(), synonym_id)
    return _to_the_list(_("Deleted."))


def _saved(form: SynonymForm, save: Callable[[], object]) -> bool:
    try:
        save()
    except SynonymRefused as error:
        form.words.errors = [explain(error)]
    except DomainError as error:
        form.form_errors = [explain(error)]
    else:
        return True
    return False


def _to_the_list(said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("admin.synonyms"), 303)


def _status(form: SynonymForm) -> int:
    return 422 if form.is_submitted() else 200
