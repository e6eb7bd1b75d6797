"""What every text field promises: trimmed, printable, within its length."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from wtforms import Field, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Optional, StopValidation


def line(label: str, longest: int, required: str = "", **options: Any) -> StringField:
    """One line of text; `required` is what to say when it is missing."""
    rules = [DataRequired(required)] if required else [Optional()]
    return StringField(label, [*rules, printable, at_most(longest)], filters=[trimmed], **options)


def paragraphs(label: str, longest: int, **options: Any) -> TextAreaField:
    return TextAreaField(
        label, [Optional(), printable, at_most(longest)], filters=[trimmed, plain_breaks], **options
    )


def at_most(longest: int) -> Callable[[object, Field], None]:
    """Refuses what is longer.

    The page states no `maxlength`: a browser cuts what is pasted without a word, and a patient reference that
    was cut is another patient's.
    """

    def check(_form: object, field: Field) -> None:
        length = len(field.data or "")
        if length > longest:
            raise ValidationError(f"Use at most {longest} characters; these are {length}.")

    return check


def printable(_form: object, field: Field) -> None:
    """Control characters would break lists, exports and one of the two databases."""
    text = str(field.data or "")
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in text):
        raise StopValidation("Remove the control characters; they usually come from copying.")


def trimmed(text: str | None) -> str:
    return (text or "").strip()


def plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_sent(field: Field) -> str:
    """What the browser sent, without the default that stands in when it sent nothing."""
    return str(field.raw_data[0]) if field.raw_data else ""
