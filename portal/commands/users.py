"""Add users, set passwords, disable accounts: `./run user add|passwd|disable NAME`."""

from __future__ import annotations

import argparse
import getpass
import os

from sqlalchemy import select

from portal.actions import accounts
from portal.actions.events import SYSTEM
from portal.commands.failures import failures_in_words
from portal.commands.migrate import apply_migrations
from portal.core import create_core
from portal.db import db
from portal.errors import BadRequest, NotFound
from portal.models import ROLES, User

PASSWORD_VARIABLE = "GREENSTICK_USER_PASSWORD"


def main(arguments: list[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    os.umask(0o077)
    with failures_in_words():
        app = create_core()
        apply_migrations(app)
        with app.app_context():
            print(options.change(options))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="./run user", description=__doc__)
    changes = top.add_subparsers(required=True)
    add = changes.add_parser("add", help="a new user")
    add.add_argument("username")
    add.add_argument("--role", choices=ROLES, default="radiographer")
    add.set_defaults(change=_add)
    passwd = changes.add_parser("passwd", help="a new password; ends the user's sessions")
    passwd.add_argument("username")
    passwd.set_defaults(change=_passwd)
    disable = changes.add_parser("disable", help="no more sign-in; ends the user's sessions")
    disable.add_argument("username")
    disable.set_defaults(change=_disable)
    return top


def _add(options: argparse.Namespace) -> str:
    user = accounts.add_user(options.username, _password(), options.role, SYSTEM)
    return f"Added {user.username} as {user.role}."


def _passwd(options: argparse.Namespace) -> str:
    accounts.set_password(_user_id(options.username), _password(), SYSTEM)
    return "The password is changed; open sessions are ended."


def _disable(options: argparse.Namespace) -> str:
    accounts.set_enabled(_user_id(options.username), False, SYSTEM)
    return "The account is disabled; open sessions are ended."


def _user_id(username: str) -> int:
    user_id = db.session.scalar(select(User.id).where(User.username == username.strip().casefold()))
    if user_id is None:
        raise NotFound("There is no user of this name.")
    return user_id


def _password() -> str:
    """From GREENSTICK_USER_PASSWORD, else asked for: never from the command line, which others can see."""
    try:
        return os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("Password: ")
    except EOFError as error:
        raise BadRequest(f"No password was given: type one, or set {PASSWORD_VARIABLE}.") from error


if __name__ == "__main__":
    main()
