"""Faults of the machine refuse no file: it waits untried, and is opened when the machine works again."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from portal import storage as files
from portal.actions import images
from portal.db import transaction
from portal.models import Case, Image
from portal.models.columns import utc_now
from portal.queueing import Doorbell
from portal.settings import Settings
from portal.storage import Storage
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.pictures import limb_png
from tests.fixtures.rows import TERMS, images_of, new_case, new_release, received_file
from worker.intake.decoder import Decoder
from worker.pipeline.intake import IntakePipeline
from worker.watchdog import Watch

BACK_AFTER_S = 1.0


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as made:
        yield made


@pytest.fixture
def intake(decoder: Decoder, storage: Storage) -> IntakePipeline:
    doorbell: Doorbell = RecordingDoorbell()
    return IntakePipeline(decoder, storage, doorbell, TERMS, 2, Watch(120, 60), threading.Event())


@pytest.fixture
def killed() -> Iterator[Decoder]:
    """Whose children the kernel kills, as when the host has no memory left."""
    with Decoder(target="tests.intake.hostile:be_killed") as made:
        yield made


def let_leases_pass() -> None:
    with transaction() as session:
        session.execute(update(Image).values(lease_until=utc_now() - timedelta(seconds=1)))


def received_case(storage: Storage, *seeds: int) -> Case:
    """Its images are on the shelf and not opened yet."""
    new_release()
    contents = [limb_png(seed) for seed in seeds]
    for content in contents:
        storage.keep_bytes("originals", content)
    return new_case(files=[received_file(content=content) for content in contents])


def tries_of(case: Case) -> list[tuple[str, str | None, int]]:
    return [(image.state, image.refusal_code, image.attempts) for image in images_of(case)]


def comes_back(shelf: Path, away: Path) -> None:
    """The shelf, mounted again while the worker goes on."""

    def mount() -> None:
        if shelf.exists():
            shelf.rename(shelf.with_name("mount-point"))
        away.rename(shelf)

    threading.Timer(BACK_AFTER_S, mount).start()


def test_file_whose_shelf_is_away_waits_until_it_is_back(
    app: Flask, storage: Storage, intake: IntakePipeline
) -> None:
    with app.app_context():
        case = received_case(storage, 1)
        shelf, away = storage.root / "originals", storage.root / "away"
        shelf.rename(away)
        comes_back(shelf, away)
        intake.drain()
        assert tries_of(case) == [("ready", None, 1)]


def test_file_whose_shelf_was_made_anew_where_a_share_was_waits_for_the_share(
    app: Flask, storage: Storage, intake: IntakePipeline, sqlite_settings: Settings
) -> None:
    with app.app_context():
        case = received_case(storage, 1)
        shelf, away = storage.root / "originals", storage.root / "away"
        shelf.rename(away)
        Storage(sqlite_settings)  # a process that starts meanwhile
        comes_back(shelf, away)
        intake.drain()
        assert tries_of(case) == [("ready", None, 1)]


def test_file_that_could_not_be_read_for_a_moment_is_opened(
    app: Flask, storage: Storage, intake: IntakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([OSError(errno.EIO, "Input/output error")])
    sha256_of = files.sha256_of

    def ailing(path: Path) -> str:
        for fault in moments:
            raise fault
        return sha256_of(path)

    with app.app_context():
        case = received_case(storage, 1)
        monkeypatch.setattr(files, "sha256_of", ailing)
        intake.drain()
        assert tries_of(case) == [("ready", None, 1)]


def test_file_whose_decoding_is_killed_once_is_opened_at_the_next_try(
    app: Flask, storage: Storage, intake: IntakePipeline, decoder: Decoder, killed: Decoder
) -> None:
    with app.app_context():
        case = received_case(storage, 1)
        intake.decoder = killed
        intake.drain()
        assert tries_of(case) == [("received", None, 1)]
        let_leases_pass()
        intake.decoder = decoder
        intake.drain()
        assert tries_of(case) == [("ready", None, 2)]


def test_file_whose_decoding_is_killed_each_time_is_refused(
    app: Flask, storage: Storage, intake: IntakePipeline, killed: Decoder
) -> None:
    with app.app_context():
        case = received_case(storage, 1)
        intake.decoder = killed
        for _ in range(TERMS.max_attempts + 1):
            intake.drain()
            let_leases_pass()
        images.refuse_worn_out(TERMS.max_attempts, TERMS.lease_s)
        assert tries_of(case) == [("refused", "decoder_crashed", TERMS.max_attempts)]


def test_worker_whose_database_failed_holds_nothing_and_need_not_end(
    app: Flask, storage: Storage, intake: IntakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> bool:
        raise OperationalError("UPDATE image", {}, Exception("database is locked"))

    now_s = 0.0
    intake.watch = Watch(120, 60, lambda: now_s)
    with app.app_context():
        received_case(storage, 1, 2)
        monkeypatch.setattr(images, "accept", locked)
        with pytest.raises(OperationalError):
            intake.drain()
        now_s = 1000
        assert intake.watch.trouble(is_work_due=False) is None


def test_missing_and_changed_files_on_a_shelf_that_works_are_refused(
    app: Flask, storage: Storage, intake: IntakePipeline
) -> None:
    with app.app_context():
        case = received_case(storage, 1, 2, 3)
        missing, changed, _ = images_of(case)
        storage.path("originals", missing.sha256).unlink()
        storage.path("originals", changed.sha256).write_bytes(b"something else")
        intake.drain()
        damaged = ("refused", "stored_damaged", 1)
        assert tries_of(case) == [damaged, damaged, ("ready", None, 1)]
