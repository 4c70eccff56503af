"""Forms of the product page: the shape of what is sent; the rules are the services'."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from storefront.http.forms import Form
from storefront.http.visitor import current_visitor
from storefront.reviews.services import LONGEST_COMMENT, LONGEST_TITLE, MOST_POINTS, NewReview


class ReviewForm(Form):
    """A review: stars, a title if one likes, the text, points for and against by line."""

    class Meta:
        csrf = False  # the page's own token is checked for every POST; a form's would be made on every page

    rating = IntegerField(
        _("Your rating"),
        [
            DataRequired(_("Please choose one to five stars.")),
            NumberRange(1, 5, _("Please choose one to five stars.")),
        ],
    )
    title = StringField(_("In one line"), [Optional(), Length(max=LONGEST_TITLE)])
    comment = TextAreaField(
        _("Your review"),
        [
            DataRequired(_("Please write a sentence or two.")),
            Length(max=LONGEST_COMMENT, message=_("Please keep it below %(max)d characters.")),
        ],
    )
    pros = TextAreaField(_("What is good"), [Optional(), Length(max=1_000)])
    cons = TextAreaField(_("What is not so good"), [Optional(), Length(max=1_000)])

    def review(self) -> NewReview:
        """The validated form as the service takes it."""
        return NewReview(
            rating=self.rating.data or 0,
            title=self.title.data or "",
            comment=self.comment.data or "",
            pros=_lines(self.pros.data),
            cons=_lines(self.cons.data),
        )


def empty_review_form() -> ReviewForm | None:
    """What a page offers those who may write one: people who are signed in."""
    return ReviewForm(formdata=None) if current_visitor().user else None


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())[:MOST_POINTS]
