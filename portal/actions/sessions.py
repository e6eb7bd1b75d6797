"""Signing in and out. Sessions and the throttle live in the database, so they hold when Redis is gone."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.actions.accounts import hasher
from portal.actions.events import Actor, record
from portal.db import transaction
from portal.errors import BadRequest, TooManyTries
from portal.models import Event, LoginAttempt, LoginSession, User
from portal.models.columns import utc_now

WINDOW = timedelta(minutes=15)
ADDRESS_FACTOR = 5
TOUCH_EVERY = timedelta(seconds=60)
UNKNOWN_USER_HASH = hasher.hash(secrets.token_urlsafe(16))
"""Verified against when the name is unknown, so that both answers take the same time."""


def sign_in(username: str, password: str, tries: int, address: str) -> str:
    """The token of a new session; raises BadRequest for a wrong pair, TooManyTries when throttled."""
    key = username.strip().casefold()[:64]
    user = _count_try(key, tries, address)
    known_hash = user.password_hash if user else UNKNOWN_USER_HASH
    is_right = _matches(known_hash, password)
    token = _open_session(user.id, known_hash, key, address) if user and is_right else None
    if token is None:
        _note_failure(user, address)
        raise BadRequest("User name and password do not match an account that may sign in.")
    return token


def confirm_password(user: User, password: str, tries: int, address: str) -> None:
    """Ask a signed-in person for their password again; the throttle counts and forgets as at sign-in."""
    known_hash, key = user.password_hash, user.username
    _count_try(key, tries, address)
    if not _matches(known_hash, password):
        _note_failure(user, address)
        raise BadRequest("This is not your present password.")
    with transaction() as session:
        _forget_tries(session, key)


def sign_out(token: str, actor: Actor) -> None:
    """Revoke one session; a copy of its cookie is worth nothing from now on."""
    with transaction() as session:
        session.execute(
            update(LoginSession)
            .where(LoginSession.token_sha256 == token_hash(token))
            .values(revoked_at=utc_now())
        )
        record(session, actor, "user.signed_out", "user", actor.user_id)


def touch(login: LoginSession) -> None:
    """Move the idle limit on, at most once a minute."""
    now = utc_now()
    if now - login.seen_at < TOUCH_EVERY:
        return
    with transaction() as session:
        session.execute(update(LoginSession).where(LoginSession.id == login.id).values(seen_at=now))


def forget_old(max_age: timedelta) -> None:
    """Delete sessions and counted tries that can no longer matter."""
    now = utc_now()
    with transaction() as session:
        session.execute(delete(LoginSession).where(LoginSession.created_at < now - max_age))
        session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - WINDOW))


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _count_try(key: str, tries: int, address: str) -> User | None:
    """Count this try before looking at the password, and under the account's lock, so that parallel guesses
    cannot slip through.
    """
    with transaction() as session:
        named = select(User).where(User.username == key).with_for_update(key_share=True)
        user = session.scalars(named).one_or_none()
        now = utc_now()
        by_account = _tries(session, LoginAttempt.username_key == key, now) >= tries
        by_address = _tries(session, LoginAttempt.address == address, now) >= tries * ADDRESS_FACTOR
        if by_account and user:
            _record_throttled(session, "user", str(user.id), address, now)
        elif by_account or by_address:
            _record_throttled(session, "address", address, address, now)
        else:
            session.add(LoginAttempt(username_key=key, address=address, at=now))
    if by_account or by_address:
        wait_s = int(WINDOW.total_seconds())
        raise TooManyTries(f"Too many failed sign-ins. Try again in {wait_s // 60} minutes.", wait_s)
    return user


def _record_throttled(session: Session, subject: str, subject_id: str, address: str, now: datetime) -> None:
    """Once in a window of an account or an address: events stay for ever, and strangers can cause these."""
    told = select(Event.id).where(
        Event.subject == subject,
        Event.subject_id == subject_id,
        Event.action == "user.throttled",
        Event.at > now - WINDOW,
    )
    if session.scalar(told.limit(1)) is None:
        record(session, Actor(None, address), "user.throttled", subject, subject_id)


def _tries(session: Session, which: object, now: datetime) -> int:
    counted = select(func.count()).select_from(LoginAttempt).where(which, LoginAttempt.at > now - WINDOW)  # type: ignore[arg-type]
    return session.scalar(counted) or 0


def _matches(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except VerificationError:
        return False


def _note_failure(user: User | None, address: str) -> None:
    """The typed name is not kept: people type passwords into that field."""
    with transaction() as session:
        record(session, Actor(None, address), "user.sign_in_failed", "user", user.id if user else "")


def _open_session(user_id: int, known_hash: str, key: str, address: str) -> str | None:
    """None for who may not sign in, or not any more with the password that was compared meanwhile."""
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        user = session.get(User, user_id, with_for_update=True, populate_existing=True)
        if user is None or not user.is_enabled or user.password_hash != known_hash:
            return None
        _forget_tries(session, key)
        session.add(LoginSession(token_sha256=token_hash(token), user_id=user_id))
        record(session, Actor(user_id, address), "user.signed_in", "user", user_id)
    return token


def _forget_tries(session: Session, key: str) -> None:
    session.execute(delete(LoginAttempt).where(LoginAttempt.username_key == key))
