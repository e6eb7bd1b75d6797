"""`./run migrate` and `./run user`, where what they are given cannot be."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings import PROJECT_ROOT


def ran(module: str, home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command as `./run` starts it, with nobody to answer its questions."""
    return subprocess.run(
        [sys.executable, "-P", "-m", f"portal.commands.{module}", *arguments],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "GREENSTICK_HOME": str(home), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )


def test_help_of_migrate_changes_nothing(tmp_path: Path) -> None:
    done = ran("migrate", tmp_path / "home", "--help")
    assert done.returncode == 0
    assert "usage: ./run migrate" in done.stdout
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", [("migrate",), ("users", "add", "anna")])
def test_what_a_command_makes_is_closed_to_others(command: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = ran(command[0], home, *command[1:], GREENSTICK_USER_PASSWORD="long enough for us")
    assert done.returncode == 0
    made = [home, *home.rglob("*")]
    assert home / "portal.db" in made
    assert [path for path in made if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)] == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("no address", "GREENSTICK_DATABASE_URL is no address of a database"),
        ("mysql://anna:secret@host/d", "GREENSTICK_DATABASE_URL is no address of a database"),
        ("postgresql://anna:secret@host:port/d", "GREENSTICK_DATABASE_URL is no address of a database"),
        ("oracle+nothing://anna:secret@host/d", "GREENSTICK_DATABASE_URL is no address of a database"),
        ("postgresql://anna:secret@127.0.0.1:1/d", "The database cannot be used: "),
    ],
)
def test_database_that_cannot_be_used_is_said_without_its_password(
    address: str, said: str, tmp_path: Path
) -> None:
    done = ran("migrate", tmp_path / "home", GREENSTICK_DATABASE_URL=address)
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


@pytest.mark.parametrize("command", [("migrate",), ("setup",), ("users", "add", "anna")])
def test_files_restored_without_their_database_do_not_start_an_empty_portal(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    kept = tmp_path / "files" / "originals" / "ab" / "abcd"
    kept.parent.mkdir(parents=True)
    kept.touch()
    for _ in range(2):
        done = ran(command[0], tmp_path, *command[1:], GREENSTICK_USER_PASSWORD="long enough for us")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "but the database is empty. Restore the database" in done.stderr


@pytest.mark.parametrize("command", [("migrate",), ("users", "add", "anna")])
def test_folder_that_is_no_home_is_said_and_kept(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    done = ran(command[0], tmp_path, *command[1:], GREENSTICK_USER_PASSWORD="long enough for us")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"{tmp_path} is not empty and no home of Greenstick's")
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_home_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    done = ran("migrate", tmp_path / "home")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("The home folder cannot be used: File exists")


def test_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "migrate.lock").mkdir()
    done = ran("migrate", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("The home folder cannot be used: Is a directory")


def test_user_without_a_password_is_not_added(tmp_path: Path) -> None:
    done = ran("users", tmp_path / "home", "add", "anna")
    assert done.returncode == 1
    assert "No password was given: type one, or set GREENSTICK_USER_PASSWORD." in done.stderr
    assert "Traceback" not in done.stderr
