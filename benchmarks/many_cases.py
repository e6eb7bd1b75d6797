"""Fills a migrated database with made-up cases, each with its images, jobs, findings, batch and reviews.

One case every two minutes, so that 1,000,000 of them are almost four years. The same count gives the same
cases.
"""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Engine, Table, insert, text

from portal.db import db
from portal.models import Batch, Case, Finding, Image, Job, Release, Review, User
from portal.models.cases import reading_rank
from portal.models.findings import OUT_OF_SCOPE
from portal.queries.body_parts import part_of
from portal.queries.disagreement import KNOWN, NEW

Row = tuple[Any, ...]
CHUNK = 10_000
EVERY = timedelta(minutes=2)
UPLOADERS = range(1, 13)
READERS = range(13, 21)
ME = READERS[0]
"""Whose lists are measured: has read every urgent fracture and doubt, and each of them awaits a second
reader."""
BODY_PARTS = {
    "wrist": 18, "left wrist": 4, "Hand": 14, "ankle": 14, "foot": 10, "knee": 9, "elbow": 7, "shoulder": 6,
    "hip": 4, "finger": 5, "tibia": 3, "forearm": 2, "clavicle": 2, "spine": 1, "": 1, "skull": 0.1,
    "Zeh": 0.1,
}  # fmt: skip
VERDICTS = {"no fracture": 62, "fracture": 21, "doubt": 13, OUT_OF_SCOPE: 4}
STATES = {"done": 952, "refused": 20, "failed": 15, "waiting": 8, "cancelled": 5}
COLUMNS = {
    "case": "id patient_ref patient_key accession accession_key body_part part notes priority state verdict "
    "reading_rank out_of_scope_count refused_count awaits answer is_reviewed first_reader_id "
    "second_reader_id claimed_by_id claimed_at differs uploaded_by_id created_at submission_key",
    "batch": "id kind reason case_id requested_by_id created_at",
    "image": "id case_id position name sha256 size_bytes kind rank received_at state refusal_code "
    "refusal_reason array_sha256 preview_sha256 width_px height_px source_width_px source_height_px "
    "bit_depth window_low window_high tags flags attempts fence",
    "job": "id image_id release_id batch_id rank state problem queued_at started_at finished_at attempts "
    "fence",
    "finding": "id job_id probability verdict boxes heatmap_sha256 input_sha256 weights_sha256 "
    "preprocessing_version rule_out rule_in device created_at",
    "review": "id case_id reviewer_id is_fracture agrees comment regions asks_second created_at "
    "submission_key",
}


def fill(count: int, engine: Engine) -> None:
    """Adds `count` cases and everyone who has to do with them to an empty, migrated database."""
    _add_people_and_release(engine)
    models = (Case, Batch, Image, Job, Finding, Review)
    tables: list[Table] = [model.__table__ for model in models]  # type: ignore[misc]
    indexes = [index for table in tables for index in table.indexes]
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    write = _write_sqlite if engine.dialect.name == "sqlite" else _write_postgres
    write(engine, _chunks(Maker(count)))
    with engine.begin() as connection:
        for index in indexes:
            index.create(connection)
    _tidy(engine)


def _add_people_and_release(engine: Engine) -> None:
    roles = dict.fromkeys(UPLOADERS, "radiographer") | dict.fromkeys(READERS, "reader")
    now = datetime.now(UTC)
    with engine.begin() as connection:
        connection.execute(
            insert(User),
            [{"username": f"{role}-{number}", "password_hash": "none", "role": role, "is_enabled": True,
              "created_at": now} for number, role in roles.items()],
        )  # fmt: skip
        connection.execute(
            insert(Release).values(
                name="made-up", weights_sha256="c" * 64, card={}, state="active", published_at=now
            )
        )


def _chunks(maker: Maker) -> Iterator[dict[str, list[Row]]]:
    for start in range(0, maker.count, CHUNK):
        rows: dict[str, list[Row]] = defaultdict(list)
        for number in range(start, min(start + CHUNK, maker.count)):
            for table, row in maker.rows_of(number):
                rows[table].append(row)
        yield rows


class Maker:
    """Makes case after case; `rows_of` gives all rows of one, parents first."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.random = random.Random(4711)
        self.now = datetime.now(UTC)
        self.job_ids = iter(range(1, 10 * count))
        self.review_ids = iter(range(1, 10 * count))

    def rows_of(self, number: int) -> Iterator[tuple[str, Row]]:
        draw = self.random
        at = self.now - number * EVERY - timedelta(seconds=1)
        case_id, batch_id = self._id(), self._id()
        state, urgent = _drawn(draw, STATES), draw.random() < 0.15
        was_read = state == "done" or (state in ("failed", "waiting") and draw.random() < 0.3)
        verdict = _drawn(draw, VERDICTS) if was_read else None
        body_part, uploader = _drawn(draw, BODY_PARTS), draw.choice(UPLOADERS)
        priority = "urgent" if urgent else "routine"
        rank = reading_rank(priority, verdict, state)
        awaits, readers = self._readings(rank)
        claimed_by = (
            draw.choice(READERS) if number % max(1, self.count // 25) == 0 and awaits == "first" else None
        )
        patient, accession = f"P-{draw.randrange(self.count):07}", f"A{number:08}"
        images = [
            row
            for position in range(2 if draw.random() < 0.3 else 1)
            for row in self._image(case_id, batch_id, position, state, verdict, urgent, at)
        ]
        refused_count = sum(table == "image" and row[9] == "refused" for table, row in images)
        out_of_scope_count = sum(table == "finding" and row[3] == OUT_OF_SCOPE for table, row in images)
        yield "case", (
            case_id, patient, patient.casefold(), accession, accession.casefold(), body_part,
            part_of(body_part), "", priority, state, verdict, rank, out_of_scope_count,
            refused_count, awaits,
            "no" if awaits == "nothing" else None, awaits == "nothing", readers[0] if readers else None,
            readers[1] if len(readers) > 1 else None, claimed_by, self.now if claimed_by else None,
            _differs(case_id, verdict) if awaits == "nothing" else None, uploader, at, case_id.hex,
        )  # fmt: skip
        yield "batch", (batch_id, "upload", "", case_id, uploader, at)
        yield from images
        for reader in readers:
            review_id = next(self.review_ids)
            yield (
                "review",
                (review_id, case_id, reader, False, True, "", "[]", False, at, f"review-{review_id}"),
            )

    def _readings(self, rank: int) -> tuple[str, list[int]]:
        """What the case awaits and who read it: in front stands what ME read first."""
        if rank in (0, 1):
            return "second", [ME]
        chance, others = self.random.random(), self.random.sample(READERS[1:], 3)
        if chance < 0.65 and rank != 10:
            return "nothing", others[: self.random.choice((1, 1, 1, 2, 3))]
        if chance < 0.70 and rank != 10:
            return "second", others[:1]
        return ("third", others[:2]) if chance < 0.71 and rank != 10 else ("first", [])

    def _image(
        self, case_id: uuid.UUID, batch_id: uuid.UUID, position: int, state: str,
        verdict: str | None, urgent: bool, at: datetime,
    ) -> Iterator[tuple[str, Row]]:  # fmt: skip
        is_refused = state == "refused" or (position == 1 and self.random.random() < 0.05)
        if position == 1 and verdict in ("fracture", "doubt") and case_id.int % 25 == 0:
            verdict = OUT_OF_SCOPE
        image_id, rank = self._id(), 0 if urgent else 1
        reason = "The file ends before the image is complete. Send it again." if is_refused else None
        size = (None,) * 5 if is_refused else (3000, 2500, 3000, 2500, 12)
        kept = (None, None) if is_refused else ("a" * 64, "b" * 64)
        yield "image", (
            image_id, case_id, position, f"image-{position}.dcm", image_id.hex * 2, 15_000_000, "dicom", rank,
            at, "refused" if is_refused else "ready", "truncated" if is_refused else None, reason, *kept,
            *size, 0.0, 4095.0, "{}", "[]", 1, 1,
        )  # fmt: skip
        if not is_refused:
            yield from self._job(image_id, batch_id, state, verdict, rank, at)

    def _job(
        self,
        image_id: uuid.UUID,
        batch_id: uuid.UUID,
        state: str,
        verdict: str | None,
        rank: int,
        at: datetime,
    ) -> Iterator[tuple[str, Row]]:
        job_id = next(self.job_ids)
        job_state = {"waiting": "queued"}.get(state, state)
        ended = None if job_state == "queued" else at
        problem = "The stored image cannot be read. Send it again." if state == "failed" else None
        yield "job", (job_id, image_id, 1, batch_id, rank, job_state, problem, at, ended, ended, 1, 1)
        if job_state == "done" and verdict:
            probability = None if verdict == OUT_OF_SCOPE else 0.5
            boxes = json.dumps([{"x": 1, "y": 2, "width": 3, "height": 4, "score": 0.5, "kind": "solid"}])
            yield "finding", (job_id, job_id, probability, verdict, boxes, "d" * 64, "a" * 64, "c" * 64, "1",
                              0.2, 0.7, "cpu", at)  # fmt: skip

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)


def _differs(case_id: uuid.UUID, verdict: str | None) -> str | None:
    """Of settled cases, which all say no; in one fracture of ten a re-run is to blame."""
    if verdict != "fracture":
        return None
    return NEW if case_id.int % 10 == 0 else KNOWN


def _drawn(draw: random.Random, weights: dict[str, Any]) -> str:
    return draw.choices(list(weights), list(weights.values()))[0]


def _write_sqlite(engine: Engine, chunks: Iterator[dict[str, list[Row]]]) -> None:
    """Past SQLAlchemy, as its file will hold it; a crash meanwhile would cost the whole file."""
    connection = sqlite3.connect(str(engine.url.database), isolation_level=None)
    for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-400000"):
        connection.execute(f"PRAGMA {pragma}")
    for rows in chunks:
        connection.execute("BEGIN")
        for table, lines in rows.items():
            names = COLUMNS[table].split()
            places = ", ".join("?" * len(names))
            statement = f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({places})'
            connection.executemany(statement, [tuple(map(_for_sqlite, line)) for line in lines])
        connection.execute("COMMIT")
    connection.close()


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _write_postgres(engine: Engine, chunks: Iterator[dict[str, list[Row]]]) -> None:
    """Without a look at the foreign keys, row by row: parents come first."""
    url = engine.url
    with psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database) as connection:
        connection.execute("SET session_replication_role = replica")
        for rows in chunks:
            for table, lines in rows.items():
                names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table].split()))
                statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
                with connection.cursor().copy(statement) as copy:
                    for line in lines:
                        copy.write_row(line)


def _tidy(engine: Engine) -> None:
    """What autovacuum does within minutes after a million new rows."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            for table in COLUMNS:
                if table in ("job", "finding", "review"):
                    connection.execute(
                        text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
                    )
    db.session.remove()
