"""Setting up a home: the first admin, the shipped releases, and doing it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import sessions
from portal.commands.setup import add_first_admin, publish_releases
from portal.db import db
from portal.models import Release, User
from portal.settings import Settings
from worker.vision.card import OperatingPoints, ReleaseCard
from worker.vision.tiny import write_tiny_release


def test_first_admin_gets_a_made_up_password_that_is_printed_once(
    app: Flask, sqlite_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        add_first_admin(sqlite_settings)
        printed = capsys.readouterr().out
        password = printed.split("password “")[1].split("”")[0]
        assert sessions.sign_in("admin", password, 8, "::1")
        assert db.session.scalars(select(User.must_change_password)).one()
        add_first_admin(sqlite_settings)
        assert capsys.readouterr().out == ""
        assert len(db.session.scalars(select(User)).all()) == 1


@pytest.mark.parametrize(
    ("password", "says"), [("long enough for us", ""), ("sesame", "./run user passwd admin")]
)
def test_given_password_is_taken_and_a_short_one_is_mentioned(
    app: Flask, sqlite_settings: Settings, capsys: pytest.CaptureFixture[str], password: str, says: str
) -> None:
    with app.app_context():
        add_first_admin(replace(sqlite_settings, admin_password=password))
        printed = capsys.readouterr().out
        assert says in printed
        assert password not in printed
        assert sessions.sign_in("admin", password, 8, "::1")
        assert not db.session.scalars(select(User.must_change_password)).one()


def test_release_put_into_the_home_is_offered_and_the_active_one_stays(
    app: Flask, sqlite_settings: Settings
) -> None:
    with app.app_context():
        publish_releases(sqlite_settings)
        before = {release.name: release.state for release in db.session.scalars(select(Release))}
        write_tiny_release(Path(sqlite_settings.releases_dir, "mine"), name="mine")
        publish_releases(sqlite_settings)
        after = {release.name: release.state for release in db.session.scalars(select(Release))}
    assert list(before.values()).count("active") == 1, "the shipped release becomes the active one"
    assert after == before | {"mine": "available"}


def test_other_thresholds_in_the_home_under_a_published_name_are_mentioned(
    app: Flask, sqlite_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_tiny_release(Path(sqlite_settings.releases_dir, "mine"), name="mine")
    with app.app_context():
        publish_releases(sqlite_settings)
        before = capsys.readouterr().out
        card = ReleaseCard.read(folder)
        replace(card, operating_points=OperatingPoints(rule_out=0.01, rule_in=0.02)).write(folder)
        publish_releases(sqlite_settings)
    assert "mine" not in before
    assert "“mine” was published with another card" in capsys.readouterr().out


@pytest.mark.parametrize("card", [b"", b"[]", b'{"name": "../elsewhere"}'])
def test_unusable_release_in_the_home_is_named_and_does_not_stop_the_start(
    app: Flask, sqlite_settings: Settings, capsys: pytest.CaptureFixture[str], card: bytes
) -> None:
    folder = sqlite_settings.releases_dir / "broken"
    folder.mkdir(parents=True)
    (folder / "card.json").write_bytes(card)
    with app.app_context():
        publish_releases(sqlite_settings)
        assert "broken" not in {release.name for release in db.session.scalars(select(Release))}
    assert "The release in broken/ was left out. card.json" in capsys.readouterr().out
