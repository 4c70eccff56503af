"""What every form of the shop is made of."""

from __future__ import annotations

import gettext
from functools import cache
from typing import Any

from flask_wtf import FlaskForm
from wtforms.i18n import messages_path

from storefront.core.texts import language


class Form(FlaskForm):
    """A form with its CSRF token. WTForms' own texts come in the request's language."""

    class Meta(FlaskForm.Meta):
        """Flask-WTF reads the file of these texts anew for each request that has a form: half a millisecond."""

        def get_translations(self, form: Any) -> gettext.NullTranslations:
            """The texts of the request's language; English where there are none in it."""
            return _texts(language())


@cache
def _texts(spoken: str) -> gettext.NullTranslations:
    return gettext.translation("wtforms", messages_path(), [spoken], fallback=True)
