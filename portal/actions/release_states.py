"""Which release reads new images, and which may still be used: `available`, `active`, `retired`."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actions.events import Actor, record
from portal.db import transaction
from portal.errors import BadRequest, Conflict, NotFound
from portal.models import Release


def activate(release_id: int, instead_of: int | None, actor: Actor) -> None:
    """Let this release read new uploads from now on; `instead_of` is the active one that the admin saw.

    Twice is harmless. Raises Conflict when the active one changed meanwhile, BadRequest for a retired one.
    """
    with transaction() as session:
        release, active = _locked(session, release_id)
        if release is active:
            return
        if release.state == "retired":
            raise BadRequest("This release is retired. Make it available again first.")
        if instead_of != (active.id if active else None):
            now = f"“{active.name}” is active now" if active else "none is active now"
            raise Conflict(f"Someone else has just changed the active release: {now}. Look again first.")
        if active:
            active.state = "available"
            session.flush()  # the database allows one active release at a time
        release.state = "active"
        record(session, actor, "release.activated", "release", release.id, name=release.name,
               instead_of=active.name if active else "none")  # fmt: skip


def retire(release_id: int, actor: Actor) -> None:
    """Offer this release for nothing new; its findings stay. Raises BadRequest for the active one."""
    with transaction() as session:
        release, active = _locked(session, release_id)
        if release is active:
            raise BadRequest("This release is active. Make another one active first.")
        if release.state != "retired":
            release.state = "retired"
            record(session, actor, "release.retired", "release", release.id, name=release.name)


def restore(release_id: int, actor: Actor) -> None:
    """Make a retired release available again; any other stays as it is."""
    with transaction() as session:
        release, _ = _locked(session, release_id)
        if release.state == "retired":
            release.state = "available"
            record(session, actor, "release.restored", "release", release.id, name=release.name)


def _locked(session: Session, release_id: int) -> tuple[Release, Release | None]:
    """(the release, the active one). All rows are locked in one order, so that two admins take turns."""
    rows = session.scalars(
        select(Release).order_by(Release.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    release = next((row for row in rows if row.id == release_id), None)
    if release is None:
        raise NotFound("There is no such release.")
    return release, next((row for row in rows if row.state == "active"), None)
