"""Health for monitors: public, no patient data, 503 as soon as one part is not well."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from portal.db import db
from portal.queries.health import Part, database_parts, disk_part, no_database, redis_part
from portal.services import doorbell, settings, storage
from portal.settings import MIB
from portal.web.access import public

pages = Blueprint("health", __name__)


@pages.get("/health")
@public
def show() -> ResponseReturnValue:
    found = parts()
    is_well = all(part.ok for part in found.values())
    told = {name: {"ok": part.ok, "message": part.message, **part.facts} for name, part in found.items()}
    return jsonify(ok=is_well, parts=told), 200 if is_well else 503


def parts() -> dict[str, Part]:
    return {
        **_database_parts(),
        "redis": redis_part(doorbell().length("inference")),
        "disk": disk_part(storage().free_bytes(), settings().min_free_mib * MIB),
    }


def _database_parts() -> dict[str, Part]:
    try:
        return database_parts()
    except SQLAlchemyError:
        db.session.rollback()
        return no_database()
