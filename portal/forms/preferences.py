"""The worklist's columns, and the name of a saved filter."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from portal.forms.choices import choices
from portal.forms.text import line
from portal.queries.preferences import COLUMNS

COLUMN_WORDS = {
    "priority": "Priority", "result": "Result", "accession": "Accession", "part": "Body part",
    "uploaded": "Uploaded", "uploader": "Uploaded by", "images": "Images", "review": "Review", "reading":
    "Reading",
}  # fmt: skip


class ColumnsForm(FlaskForm):
    columns = SelectMultipleField(
        "Columns",
        choices=choices(*((column, COLUMN_WORDS[column]) for column in COLUMNS)),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class SavedFilterForm(FlaskForm):
    name = line("Name of this selection", 40, "Give the selection a name.")
