"""What a reader says about a case."""

from __future__ import annotations

import hashlib
import secrets
import uuid

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired

from portal.forms.choices import choices
from portal.forms.text import as_sent, paragraphs


class ReviewForm(FlaskForm):
    is_fracture = RadioField(
        "Is there a fracture?",
        [InputRequired("Say whether there is a fracture.")],
        choices=choices(("yes", "Fracture"), ("no", "No fracture")),
    )
    agrees = RadioField(
        "Do you agree with the reading?",
        [InputRequired("Say whether you agree with the reading.")],
        choices=choices(("yes", "Agree"), ("no", "Disagree")),
    )
    comment = paragraphs("Comment", 2000)
    submission = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def submission_key(self, case_id: uuid.UUID, user_id: int) -> str:
        """The same page sent again with the same content is the same review."""
        token = as_sent(self.submission) or self.csrf_token.data
        said = (self.is_fracture.data, self.agrees.data, self.comment.data)
        parts = "\x1f".join(str(part) for part in (token, case_id, user_id, *said))
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
