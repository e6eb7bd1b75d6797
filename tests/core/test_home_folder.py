"""Greenstick deletes files in its home, and so makes no home of a folder that holds those of others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from portal.core import create_core
from portal.home_folder import ForeignHome, make_home
from portal.settings import Settings


def filled(home: Path, *names: str) -> Path:
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    return home


@pytest.mark.parametrize(
    "name",
    ["scratch/results.csv", "tmp/results.csv", "logs/web.log", "redis/dump.rdb", "thesis.txt", ".bashrc"],
)
def test_folder_of_someone_else_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    filled(tmp_path, name).chmod(0o755)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ForeignHome, match=r"choose an empty folder or a new one: \./run --home DIR"):
        create_core(Settings(home=tmp_path))
    assert sorted(tmp_path.rglob("*")) == before
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_backup_in_a_folder_of_someone_else_makes_no_home_of_it(tmp_path: Path) -> None:
    filled(tmp_path, "portal.db", "files/originals/ab/abcd", "releases/a/card.json", "scratch/results.csv")
    with pytest.raises(ForeignHome, match="it holds 'scratch'"):
        make_home(tmp_path)


def test_name_that_cannot_be_written_out_is_told_all_the_same(tmp_path: Path) -> None:
    filled(tmp_path, os.fsdecode(b"r\xf6ntgen.txt"))
    with pytest.raises(ForeignHome) as refused:
        make_home(tmp_path)
    assert r"r\udcf6ntgen.txt" in refused.value.message.encode().decode()


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["portal.db", "files/originals/ab/abcd", "releases/a/card.json"],
        ["portal.db", "portal.db-wal", "portal.db-shm", "secret_key"],
        ["lost+found/orphan"],
    ],
    ids=["new", "restored", "database and key", "a disk of its own"],
)
def test_folder_with_nothing_but_a_backup_becomes_a_home_for_good(tmp_path: Path, names: list[str]) -> None:
    home = filled(tmp_path / "home", *names)
    create_core(Settings(home=home))
    assert (home / "run.lock").exists()
    filled(home, "scratch/pymp-1/listener", "tmp/part-1", "logs/web.log", "copied.db")
    create_core(Settings(home=home))
    assert {entry.name for entry in home.iterdir()} >= {name.split("/")[0] for name in (*names, "copied.db")}


@pytest.mark.parametrize("mark", ["run.lock", "migrate.lock"])
def test_home_of_an_earlier_version_stays_one(tmp_path: Path, mark: str) -> None:
    """Supervised, or with plain commands alone; both may have been killed at work."""
    filled(tmp_path, mark, "portal.db", "tmp/part-1", "scratch/pymp-1/listener", "logs/web.log")
    before = sorted(tmp_path.rglob("*"))
    make_home(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_home_that_another_machine_migrated_stays_one(tmp_path: Path) -> None:
    """Workers of an earlier version left no mark in it."""
    (tmp_path / "tmp").mkdir()
    make_home(filled(tmp_path, "secret_key", "files/originals/ab/abcd"))
    assert (tmp_path / "run.lock").exists()
