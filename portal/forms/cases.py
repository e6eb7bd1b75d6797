"""What is said of one case: at its upload, and when that is corrected."""

from __future__ import annotations

import secrets

from flask_wtf import FlaskForm
from wtforms import HiddenField, MultipleFileField, RadioField

from portal.actions.cases import CaseForm
from portal.forms.choices import choices
from portal.forms.text import as_sent, line, paragraphs

BODY_PARTS = (
    "finger", "hand", "wrist", "forearm", "elbow", "upper arm", "shoulder", "clavicle", "pelvis", "hip",
    "femur", "knee", "lower leg", "ankle", "foot", "toe", "rib", "spine",
)  # fmt: skip
PRIORITIES = choices(("routine", "Routine"), ("urgent", "Urgent"))
NO_FILE = "Choose at least one file."


class UploadForm(FlaskForm):
    """`submission` names the page the form was sent from, so that sending it twice makes one case."""

    images = MultipleFileField("X-ray files")
    patient_ref = line("Patient reference", 64, "Enter the patient reference.")
    accession = line("Accession number", 64)
    body_part = line("Body part", 40)
    notes = paragraphs("Notes", 2000)
    priority = RadioField("Priority", choices=PRIORITIES, default="routine")
    submission = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def details(self) -> CaseForm:
        return CaseForm(
            patient_ref=self.patient_ref.data,
            accession=self.accession.data,
            body_part=self.body_part.data,
            notes=self.notes.data,
            priority=self.priority.data,
        )

    def token(self) -> str:
        """Scripts send only the listed fields: then the CSRF token stands for the page."""
        return as_sent(self.submission) or str(self.csrf_token.data)

    def add_file_error(self, message: str) -> None:
        self.images.errors = [*self.images.errors, message]
