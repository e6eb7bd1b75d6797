"""People: adding them, changing their role or password, disabling them.

A new password and disabling end their sessions; a new role holds at once in those that they have.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.actions.events import Actor, record
from portal.db import transaction
from portal.errors import BadRequest, NotFound
from portal.models import ROLES, LoginAttempt, LoginSession, User
from portal.models.columns import utc_now

MIN_PASSWORD_LENGTH = 10
hasher = PasswordHasher()


def add_user(
    username: str,
    password: str,
    role: str,
    actor: Actor,
    min_length: int = MIN_PASSWORD_LENGTH,
    must_change: bool = False,
) -> User:
    """A new person who may sign in; raises BadRequest for a taken name, a short password, an unknown role.

    `must_change`: the password is known to someone else, and is to be replaced first of all.
    """
    key = username.strip().casefold()
    if not key or len(key) > 64 or not key.isprintable():
        raise BadRequest("Give a user name of 1 to 64 characters.")
    if role not in ROLES:
        raise BadRequest(f"The role must be one of {', '.join(ROLES)}.")
    password_hash = _hashed(password, min_length)
    with transaction() as session:
        if session.scalar(select(User.id).where(User.username == key)):
            raise BadRequest("This user name is taken.")
        user = User(username=key, password_hash=password_hash, role=role, must_change_password=must_change)
        session.add(user)
        session.flush()
        record(session, actor, "user.added", "user", user.id, role=role)
    return user


def set_password(user_id: int, password: str, actor: Actor, must_change: bool = False) -> None:
    """Replace the password and end every session of this person, who need not wait to use the new one."""
    password_hash = _hashed(password)
    with transaction() as session:
        user = _existing(session, user_id)
        user.password_hash = password_hash
        user.must_change_password = must_change
        _forget_tries(session, user)
        _end_sessions(session, user_id)
        record(session, actor, "user.password_set", "user", user_id)


def set_role(user_id: int, role: str, actor: Actor) -> None:
    """Change what this person may do, at once; the last admin stays admin."""
    if role not in ROLES:
        raise BadRequest(f"The role must be one of {', '.join(ROLES)}.")
    with transaction() as session:
        user = _existing(session, user_id)
        if role != "admin":
            _keep_one_admin(session, user)
            _refuse_oneself(user, actor)
        user.role = role
        record(session, actor, "user.role_set", "user", user_id, role=role)


def set_enabled(user_id: int, is_enabled: bool, actor: Actor) -> None:
    """Let someone sign in again, or end all their sessions and refuse new ones."""
    with transaction() as session:
        user = _existing(session, user_id)
        if not is_enabled:
            _keep_one_admin(session, user)
            _refuse_oneself(user, actor)
            _end_sessions(session, user_id)
        user.is_enabled = is_enabled
        record(session, actor, "user.enabled" if is_enabled else "user.disabled", "user", user_id)


def sign_out_everywhere(user_id: int, actor: Actor) -> None:
    """End every session of this person; their password stays."""
    with transaction() as session:
        _existing(session, user_id)
        _end_sessions(session, user_id)
        record(session, actor, "user.signed_out_everywhere", "user", user_id)


def _hashed(password: str, min_length: int = MIN_PASSWORD_LENGTH) -> str:
    if len(password) < min_length:
        raise BadRequest(f"A password needs at least {min_length} characters.")
    return hasher.hash(password)


def _existing(session: Session, user_id: int) -> User:
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _keep_one_admin(session: Session, leaving: User) -> None:
    """Admin rows are locked, so that two admins cannot remove each other at the same moment."""
    admins = session.scalars(
        select(User.id).where(User.role == "admin", User.is_enabled).order_by(User.id).with_for_update()
    ).all()
    if list(admins) == [leaving.id]:
        raise BadRequest("This is the last admin. Make someone else admin first.")


def _refuse_oneself(leaving: User, actor: Actor) -> None:
    if leaving.id == actor.user_id:
        raise BadRequest("You cannot take this from yourself. Ask another admin to do it.")


def _forget_tries(session: Session, user: User) -> None:
    """The throttle forgets tries of this account; for the address that they came from they still count."""
    session.execute(
        update(LoginAttempt).where(LoginAttempt.username_key == user.username).values(username_key="")
    )


def _end_sessions(session: Session, user_id: int) -> None:
    session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=utc_now())
    )
