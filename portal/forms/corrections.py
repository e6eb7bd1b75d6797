"""Correcting what was said of a case."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wtforms import Field, HiddenField

from portal.forms.cases import UploadForm
from portal.models import Case
from portal.queries.corrections import DETAILS

NEVER = -1


class CorrectionForm(UploadForm):
    """The upload form without files. What a script does not send stays as the case has it."""

    images = None
    submission = None
    version = HiddenField()
    """Of the case, as the page showed it."""

    def shown_version(self) -> int:
        """NEVER where it is missing or damaged."""
        digits = str(self.version.data)
        return int(digits) if re.fullmatch("[0-9]{1,9}", digits) else NEVER

    def stand_beside(self, case: Case, shown: Mapping[str, str]) -> list[str]:
        """Keep what was typed since the page showed `shown`, and say beside it what the case says now.

        A field that was left as it was follows the case; one that nobody else changed needs no word. Returns
        the names of those that someone else changed.
        """
        self.version.data = str(case.version)
        for name in DETAILS:
            field, now = self[name], getattr(case, name)
            if field.data == shown[name]:
                field.data = now
            elif now not in (field.data, shown[name]):
                field.errors = [_told(field, now)]
        return [name for name in DETAILS if getattr(case, name) != shown[name]]


def _told(field: Field, now: str) -> str:
    words = f"“{now}”" if now else "empty"
    return f"{field.label.text} is now {words}. Keep what you typed, or take that."
