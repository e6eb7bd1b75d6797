"""Signing in, one's own password, and the admin's forms about people."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, ValidationError
from wtforms.validators import EqualTo, InputRequired

from portal.actions.accounts import MIN_PASSWORD_LENGTH
from portal.forms.choices import choices, same
from portal.forms.text import at_most, line
from portal.models import ROLES

LONGEST_PASSWORD = 200


def password(label: str, missing: str, **options: object) -> PasswordField:
    return PasswordField(label, [InputRequired(missing), at_most(LONGEST_PASSWORD)], **options)


class SignInForm(FlaskForm):
    username = line("User name", 64, "Enter your user name.")
    password = password("Password", "Enter your password.")
    next = HiddenField()


class OwnPasswordForm(FlaskForm):
    present = password("Present password", "Enter your present password.")
    chosen = password(
        "New password", "Enter a new password.", description=f"At least {MIN_PASSWORD_LENGTH} characters."
    )
    repeated = PasswordField(
        "New password again",
        [
            InputRequired("Enter the new password again."),
            EqualTo("chosen", message="The two new passwords are not the same."),
        ],
    )

    def validate_chosen(self, field: PasswordField) -> None:
        if len(field.data) < MIN_PASSWORD_LENGTH:
            raise ValidationError(f"A password needs at least {MIN_PASSWORD_LENGTH} characters.")
        if field.data == self.present.data:
            raise ValidationError("This is your present password. Choose another one.")


class NewUserForm(FlaskForm):
    username = line("User name", 64, "Enter a user name.")
    role = SelectField("Role", choices=choices(*same(ROLES)))
    password = password("First password", "Enter a first password.",
                        description=f"At least {MIN_PASSWORD_LENGTH} characters.")  # fmt: skip


class RoleForm(FlaskForm):
    role = SelectField("Role", choices=choices(*same(ROLES)))


class PasswordForm(FlaskForm):
    password = password("New password", "Enter a new password.")


class EnabledForm(FlaskForm):
    is_enabled = BooleanField()
