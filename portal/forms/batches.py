"""Re-running with a release and a reason; which batches to list."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import Form, SelectField
from wtforms.validators import InputRequired

from portal.forms.choices import choices, whole_or_none
from portal.forms.text import line


class RerunForm(FlaskForm):
    release_id = SelectField(
        "Release", [InputRequired("Choose a release.")], coerce=whole_or_none, validate_choice=True
    )
    reason = line("Reason", 200, "Say why, for those who find the new results.")

    def __init__(self, releases: Sequence[tuple[int, str]], is_sent: bool = True) -> None:
        """`is_sent`: false on a page that came by POST, but from another form than this."""
        super().__init__(**({} if is_sent else {"formdata": None}))
        self.release_id.choices = choices(*releases)


class BatchListForm(Form):
    kind = SelectField(
        "Kind", choices=choices(("rerun", "re-runs"), ("upload", "uploads"), any_is="all"), default=""
    )
