"""Why a case is withdrawn."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import Field, RadioField, ValidationError
from wtforms.validators import InputRequired

from portal.forms.choices import choices
from portal.forms.text import paragraphs

OTHER = "other"
REASON_SENTENCES = {
    "wrong patient": "It was uploaded for the wrong patient",
    "uploaded twice": "It was uploaded twice",
    "wrong images": "It has the wrong images",
    "test": "It was a test",
    OTHER: "Another reason",
}


class WithdrawalForm(FlaskForm):
    reason = RadioField(
        "Why is it withdrawn?", [InputRequired("Say why.")], choices=choices(*REASON_SENTENCES.items())
    )
    note = paragraphs("In words", 500)

    def validate_reason(self, field: Field) -> None:
        if field.data == OTHER and not self.note.data:
            raise ValidationError("Say in words what the other reason is.")
