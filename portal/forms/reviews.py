"""What a reader says about a case."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, ValidationError
from wtforms.validators import InputRequired

from portal.actions.reviews import Opinion
from portal.forms.choices import choices
from portal.forms.regions import Sizes, parse_regions
from portal.forms.text import as_sent, paragraphs
from portal.models import Review

IS_FRACTURE = {"yes": True, "no": False, "unsure": None}


class ReviewForm(FlaskForm):
    is_fracture = RadioField(
        "Is there a fracture?",
        [InputRequired("Say whether there is a fracture.")],
        choices=choices(("yes", "Fracture"), ("no", "No fracture"), ("unsure", "Unsure")),
    )
    agrees = RadioField(
        "Do you agree with the reading?",
        [InputRequired("Say whether you agree with the reading.")],
        choices=choices(("yes", "Agree"), ("no", "Disagree")),
    )
    comment = paragraphs("Comment", 2000)
    asks_second = BooleanField("Ask for a second reader, who does not see this first")
    regions = HiddenField("Marked places")
    submission = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def __init__(self, formdata: Any, sizes: Sizes, own: Review | None = None) -> None:
        """`own`: this reader's earlier review, to be corrected; `sizes`: of the images that can be marked."""
        super().__init__(formdata, data=_as_fields(own) if own else None)
        self.sizes = sizes

    def validate_regions(self, field: HiddenField) -> None:
        try:
            parse_regions(field.data or "", self.sizes)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def opinion(self) -> Opinion:
        return Opinion(
            IS_FRACTURE[self.is_fracture.data],
            agrees=self.agrees.data == "yes",
            comment=self.comment.data,
            regions=parse_regions(self.regions.data or "", self.sizes),
            asks_second=self.asks_second.data,
        )

    def submission_key(self, case_id: uuid.UUID, user_id: int) -> str:
        """The same page sent again with the same content is the same review."""
        token = as_sent(self.submission) or self.csrf_token.data
        said = (self.is_fracture, self.agrees, self.comment, self.asks_second, self.regions)
        parts = "\x1f".join(str(part) for part in (token, case_id, user_id, *(field.data for field in said)))
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def _as_fields(review: Review) -> dict[str, Any]:
    return {
        "is_fracture": review.fracture,
        "agrees": "yes" if review.agrees else "no",
        "comment": review.comment,
        "asks_second": review.asks_second,
        "regions": json.dumps(review.regions) if review.regions else "",
    }
