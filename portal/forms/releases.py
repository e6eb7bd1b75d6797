"""Publishing a release by its files."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import MultipleFileField


class PublishForm(FlaskForm):
    files = MultipleFileField("Release files")

    def add_file_error(self, message: str) -> None:
        self.files.errors = [*self.files.errors, message]
