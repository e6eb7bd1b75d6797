"""What a reader says about a case."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import uuid
from typing import Any, NamedTuple

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, RadioField, ValidationError
from wtforms.validators import InputRequired, Optional

from portal.actions.reviews import CHANGED, Opinion
from portal.forms.choices import choices
from portal.forms.regions import Sizes, parse_regions
from portal.forms.text import as_sent, paragraphs
from portal.models import Review
from portal.queries.cases import ReadCase
from portal.queries.reviews import Spoken

IS_FRACTURE = {"yes": True, "no": False, "unsure": None}
AGREES = {True: "yes", False: "no", None: None}


class Contradiction(NamedTuple):
    """`answer`: to `is_fracture`, which nobody can mean who agrees with the reading; `words`: of the two."""

    answer: str
    words: str


AGAINST = {
    True: Contradiction("no", "The reading says fracture, and you say no fracture: disagree, or change your "
                        "answer."),
    False: Contradiction("yes", "The reading says no fracture, and you say fracture: disagree, or change "
                         "your answer."),
}  # fmt: skip


def contradiction(read: ReadCase) -> Contradiction | None:
    """None where the reading goes with every answer."""
    return None if read.says_fracture is None else AGAINST[read.says_fracture]


class RequiredBesideReading(InputRequired):
    """Where the page showed no reading, there is nothing to agree with."""

    def __call__(self, form: ReviewForm, field: Field) -> None:
        if form.finding_ids():
            super().__call__(form, field)
        else:
            Optional()(form, field)


class ReviewForm(FlaskForm):
    is_fracture = RadioField(
        "Is there a fracture?",
        [InputRequired("Say whether there is a fracture.")],
        choices=choices(("yes", "Fracture"), ("no", "No fracture"), ("unsure", "Unsure")),
    )
    agrees = RadioField(
        "Do you agree with the reading?",
        [RequiredBesideReading("Say whether you agree with the reading.")],
        choices=choices(("yes", "Agree"), ("no", "Disagree")),
    )
    comment = paragraphs("Comment", 2000)
    asks_second = BooleanField("Ask for a second reader, who does not see this first")
    regions = HiddenField("Marked places")
    submission = HiddenField(default=lambda: secrets.token_urlsafe(16))
    findings = HiddenField(default="")
    """What the page showed, by ids: `12.15`; empty: no reading."""

    def __init__(self, formdata: Any, read: ReadCase, own: Spoken | None = None) -> None:
        """`own`: this reader's earlier review, to be corrected."""
        super().__init__(formdata, data=_as_fields(own, own.said) if own and own.said else None)
        self.read = read
        self.sizes = _sizes_of(read)
        self.is_sent = formdata is not None

    def finding_ids(self) -> tuple[int, ...]:
        return tuple(int(digits) for digits in re.findall("[0-9]{1,18}", self.findings.data))

    def ask_about(self, finding_ids: tuple[int, ...]) -> None:
        """Stand beside these, which the page shows: an answer about others is taken back, and asked anew."""
        if self.finding_ids() != finding_ids:
            self.agrees.data = None
            self.agrees.errors = [CHANGED] if self.is_sent else []
        self.findings.data = _as_text(finding_ids)

    def validate_agrees(self, field: RadioField) -> None:
        """Only against the reading that was shown; of another one `ask_about` tells."""
        against = contradiction(self.read) if self.finding_ids() == self.read.finding_ids else None
        if against and field.data == "yes" and self.is_fracture.data == against.answer:
            raise ValidationError(against.words)

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
            finding_ids=self.finding_ids(),
        )

    def submission_key(self, case_id: uuid.UUID, user_id: int) -> str:
        """The same page sent again with the same content is the same review."""
        token = as_sent(self.submission) or self.csrf_token.data
        said = (self.is_fracture, self.agrees, self.comment, self.asks_second, self.regions, self.findings)
        parts = "\x1f".join(str(part) for part in (token, case_id, user_id, *(field.data for field in said)))
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def _sizes_of(read: ReadCase) -> Sizes:
    """Of the images that a reader can mark."""
    return {
        shown.number: (shown.image.width_px, shown.image.height_px)
        for shown in read.images
        if shown.image.width_px and shown.image.height_px
    }


def _as_fields(own: Spoken, said: Review) -> dict[str, Any]:
    return {
        "is_fracture": said.fracture,
        "agrees": AGREES[own.agrees],
        "comment": said.comment,
        "asks_second": said.asks_second,
        "regions": json.dumps(said.regions) if said.regions else "",
        "findings": _as_text(own.finding_ids or ()),
    }


def _as_text(finding_ids: tuple[int, ...]) -> str:
    return ".".join(map(str, finding_ids))
