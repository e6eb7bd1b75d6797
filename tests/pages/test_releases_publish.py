"""Publishing a release by sending its files."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from portal.actions import release_sets
from portal.actions.release_cards import RELEASE_FILES
from portal.db import db, transaction
from portal.models import Event, Release
from portal.settings import MIB, Settings
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person, new_person, signed_in
from tests.fixtures.portal import running_app
from tests.pages.answers import json_of
from worker.vision import card as vision_card
from worker.vision.detector import Detector
from worker.vision.tiny import write_tiny_release

Files = list[tuple[str, bytes]]


def files_of(folder: Path) -> Files:
    return [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


@pytest.fixture
def tiny(tmp_path: Path) -> Files:
    """card.json, golden.npz, model.onnx, weights.safetensors."""
    return files_of(write_tiny_release(tmp_path / "made" / "tiny"))


def send(person: Person, files: Iterable[tuple[str, bytes]], accept: str = "text/html") -> TestResponse:
    parts = [("files", FileStorage(io.BytesIO(content), name)) for name, content in files]
    boundary, body = encode_multipart(MultiDict([("csrf_token", person.csrf_token()), *parts]))
    return person.client.post(
        "/releases",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        headers={"Accept": accept},
    )


def resealed(files: Files, **changes: Any) -> Files:
    """The set with another card, sealed as if it had been exported so."""
    card = json.loads(dict(files)["card.json"]) | changes
    card.pop("seal")
    canonical = json.dumps(card, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    card["seal"] = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    return [("card.json", json.dumps(card).encode()), *files[1:]]


def published(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {release.name: release.state for release in db.session.scalars(select(Release))}


def left_behind(settings: Settings) -> list[Path]:
    """Everything that lies in the home's folders for releases and for temporary files."""
    folders = [folder for folder in (settings.releases_dir, settings.tmp_dir) if folder.exists()]
    return [path for folder in folders for path in folder.iterdir()]


def test_portal_and_worker_mean_the_same_files() -> None:
    assert RELEASE_FILES == vision_card.RELEASE_FILES


def test_a_published_set_is_available_and_can_be_loaded(
    app: Flask, as_admin: Person, tiny: Files, sqlite_settings: Settings
) -> None:
    answer = send(as_admin, tiny)
    assert answer.status_code == 303
    page = as_admin.get(answer.headers["Location"]).text
    assert "“tiny” is published." in page
    assert "Make it active…" in page
    assert published(app) == {"tiny": "available"}
    assert Detector.load(sqlite_settings.releases_dir / "tiny").card.name == "tiny"
    assert left_behind(sqlite_settings) == [sqlite_settings.releases_dir / "tiny"]
    with app.app_context():
        event = db.session.scalars(select(Event).where(Event.action == "release.published")).one()
    assert (event.user_id, event.detail) == (as_admin.user_id, {"name": "tiny"})


def test_sending_the_active_or_a_retired_release_again_says_how_it_stands(
    app: Flask, as_admin: Person, tiny: Files
) -> None:
    send(as_admin, tiny)
    for state, words in (
        ("active", "“tiny” is published, and was active already: it reads new uploads."),
        ("retired", "“tiny” was published before, and is retired."),
    ):
        with app.app_context(), transaction() as session:
            session.execute(update(Release).values(state=state))
        page = as_admin.get(send(as_admin, tiny).headers["Location"]).text
        assert words in page
        assert "is published. Make it active" not in page


@pytest.mark.parametrize(
    ("count", "words"),
    [(3, "weights.safetensors is missing."), (2, "weights.safetensors, model.onnx are missing.")],
)
def test_files_that_were_not_sent_are_named(as_admin: Person, tiny: Files, count: int, words: str) -> None:
    sent = [tiny[0], tiny[1], tiny[2]][:count]
    assert words in send(as_admin, sent).text


def test_release_whose_body_parts_and_data_are_not_stated_is_published(as_admin: Person, tiny: Files) -> None:
    unstated = dict.fromkeys(("name", "licence", "attribution"), "not stated")
    assert send(as_admin, resealed(tiny, body_parts=[], training_data=unstated)).status_code == 303


def test_a_script_is_told_where_the_release_is(as_admin: Person, tiny: Files) -> None:
    answer = send(as_admin, tiny, accept="application/json")
    assert answer.status_code == 201
    assert as_admin.get(json_of(answer)["location"]).status_code == 200


def test_a_published_release_is_offered_for_reruns(app: Flask, as_admin: Person, tiny: Files) -> None:
    with app.app_context():
        rows.read_case()
    send(as_admin, tiny)
    assert ">tiny<" in as_admin.get("/history/rerun").text


def test_the_same_set_twice_is_one_release(
    app: Flask, as_admin: Person, tiny: Files, sqlite_settings: Settings
) -> None:
    assert send(as_admin, tiny).headers["Location"] == send(as_admin, tiny[::-1]).headers["Location"]
    assert published(app) == {"tiny": "available"}
    assert left_behind(sqlite_settings) == [sqlite_settings.releases_dir / "tiny"]


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_the_set_of_a_published_release_mends_its_files(
    app: Flask, as_admin: Person, tiny: Files, sqlite_settings: Settings, harm: str
) -> None:
    send(as_admin, tiny)
    folder = sqlite_settings.releases_dir / "tiny"
    if harm == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "weights.safetensors").write_bytes(b"half")
    assert send(as_admin, tiny).status_code == 303
    assert files_of(folder) == tiny
    assert left_behind(sqlite_settings) == [folder]
    assert published(app) == {"tiny": "available"}
    with app.app_context():
        actions = [event.action for event in db.session.scalars(select(Event)) if event.subject == "release"]
    assert actions == ["release.published", "release.mended"]


@pytest.mark.parametrize("role", ["radiographer", "reader"])
def test_only_admins_publish(
    app: Flask, tiny: Files, role: str, sqlite_settings: Settings, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(f"as_{role}")
    assert send(person, tiny).status_code == 403
    assert person.get("/releases/new").status_code == 403
    assert published(app) == {}
    assert left_behind(sqlite_settings) == []


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: [file for file in files if file[0] != name]


def with_content(name: str, content: bytes) -> Callable[[Files], Files]:
    return lambda files: [(other, content if other == name else kept) for other, kept in files]


def with_card(**changes: Any) -> Callable[[Files], Files]:
    return lambda files: resealed(files, **changes)


def with_points(rule_out: object, rule_in: object) -> Callable[[Files], Files]:
    return with_card(operating_points={"rule_out": rule_out, "rule_in": rule_in})


WRONG_SETS: list[tuple[str, Callable[[Files], Files], str]] = [
    ("nothing", lambda files: [], "card.json, weights.safetensors, model.onnx, golden.npz are missing"),
    ("no card", without("card.json"), "card.json is missing"),
    ("no golden", without("golden.npz"), "golden.npz is missing"),
    ("a fifth", lambda files: [*files, ("train.py", b"print()")], "“train.py” is no part of a release"),
    ("a pickle", lambda files: [*files[:3], ("weights.pkl", b"\x80")], "“weights.pkl” is no part"),
    ("twice", lambda files: [*files, files[1]], "sent twice"),
    ("other weights", with_content("weights.safetensors", b"x"), "weights.safetensors is not the file"),
    ("other model", with_content("model.onnx", b""), "model.onnx is not the file"),
    ("no JSON", with_content("card.json", b"{"), "cannot be read as JSON"),
    ("no text", with_content("card.json", b"\xff\xfe\x00"), "cannot be read as JSON"),
    ("no object", with_content("card.json", b"[]"), "cannot be read as JSON"),
    ("too deep", with_content("card.json", b"[" * 200_000), "cannot be read as JSON"),
    ("too large", with_content("card.json", b" " * (MIB + 1)), "larger than a card can be"),
    ("broken seal", with_content("card.json", b'{"name": "x", "seal": "0"}'), "its seal does not fit"),
    ("a path", with_card(name="../evil"), "“name” is missing or cannot be used"),
    ("hidden", with_card(name=".evil"), "“name”"),
    ("a long name", with_card(name="x" * 65), "“name”"),
    ("no name", with_card(name=None), "“name”"),
    ("points in disorder", with_points(0.7, 0.2), "“operating_points”"),
    ("points in words", with_points("0.1", "0.2"), "“operating_points”"),
    ("infinite points", with_points(0.1, 1e999), "cannot be read as JSON"),
    ("no body parts", with_card(body_parts=None), "“body_parts”"),
    ("no licence", with_card(training_data={"name": "x", "attribution": "y"}), "“training_data”"),
    ("half a text", with_card(architecture="\ud800"), "cannot be read as JSON"),
    ("figures as list", with_card(metrics=[]), "“metrics”"),
    ("no side", with_card(preprocessing={"version": 1}), "“preprocessing”"),
    ("few checksums", with_card(checksums={"model.onnx": "a" * 64}), "“checksums”"),
    ("odd checksum", with_card(checksums=dict.fromkeys(RELEASE_FILES, "../x")), "“checksums”"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"), [case[1:] for case in WRONG_SETS], ids=[c[0] for c in WRONG_SETS]
)
def test_a_wrong_set_is_refused_with_the_reason_and_leaves_nothing(
    app: Flask,
    as_admin: Person,
    tiny: Files,
    sqlite_settings: Settings,
    change: Callable[[Files], Files],
    words: str,
) -> None:
    answer = send(as_admin, change(tiny))
    assert answer.status_code == 422
    assert words in answer.text
    assert published(app) == {}
    assert left_behind(sqlite_settings) == []


def test_a_name_taken_by_other_weights_is_refused_and_the_old_files_stay(
    app: Flask, as_admin: Person, tiny: Files, tmp_path: Path, sqlite_settings: Settings
) -> None:
    send(as_admin, tiny)
    answer = send(as_admin, files_of(write_tiny_release(tmp_path / "other", name="tiny", seed=3)))
    assert answer.status_code == 422
    assert "taken by other weights" in answer.text
    assert files_of(sqlite_settings.releases_dir / "tiny") == tiny
    assert left_behind(sqlite_settings) == [sqlite_settings.releases_dir / "tiny"]


def test_the_same_weights_with_other_thresholds_need_another_name(
    app: Flask, as_admin: Person, tiny: Files
) -> None:
    send(as_admin, tiny)
    points = {"rule_out": 0.01, "rule_in": 0.02}
    assert "another card" in send(as_admin, resealed(tiny, operating_points=points)).text
    assert send(as_admin, resealed(tiny, operating_points=points, name="tiny-2")).status_code == 303
    assert published(app) == {"tiny": "available", "tiny-2": "available"}


def test_a_folder_that_was_never_registered_is_not_overwritten(
    app: Flask, as_admin: Person, tiny: Files, sqlite_settings: Settings
) -> None:
    folder = sqlite_settings.releases_dir / "tiny"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("mine")
    assert "already holds another “tiny”" in send(as_admin, tiny).text
    assert published(app) == {}
    assert (folder / "card.json").read_text() == "mine"


def test_a_publishing_that_was_cut_short_is_finished_by_the_next(
    app: Flask, as_admin: Person, tiny: Files, sqlite_settings: Settings
) -> None:
    write_tiny_release(sqlite_settings.releases_dir / "tiny")
    assert send(as_admin, tiny).status_code == 303
    assert published(app) == {"tiny": "available"}


def test_when_the_row_cannot_be_kept_the_files_go_too(
    app: Flask, as_admin: Person, tiny: Files, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(path: Path) -> None:
        if path == sqlite_settings.releases_dir:  # the last step before the row is kept
            raise OSError("the disk is gone")

    monkeypatch.setattr(release_sets, "sync", sync)
    assert send(as_admin, tiny).status_code == 500
    assert published(app) == {}
    assert left_behind(sqlite_settings) == []


def test_a_release_file_may_be_larger_than_an_x_ray_and_no_larger_than_stated(
    sqlite_settings: Settings, doorbell: RecordingDoorbell
) -> None:
    for app in running_app(replace(sqlite_settings, max_file_mib=1), doorbell):
        admin = signed_in(app, new_person(app, "admin"))
        assert "Up to 64 MiB each" in admin.get("/releases/new").text
        assert send(admin, [("model.onnx", bytes(2 * MIB))]).status_code == 422
        too_large = send(admin, [("model.onnx", bytes(65 * MIB))])
        assert too_large.status_code == 413
        assert "larger than 64 MiB" in too_large.text
        assert left_behind(sqlite_settings) == []


def test_a_release_row_is_not_touched_by_a_failed_try(app: Flask, as_admin: Person, tiny: Files) -> None:
    with app.app_context(), transaction() as session:
        session.add(Release(name="tiny", weights_sha256="f" * 64, card={"name": "tiny"}, state="active"))
    assert send(as_admin, tiny).status_code == 422
    assert published(app) == {"tiny": "active"}
