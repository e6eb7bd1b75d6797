from __future__ import annotations

from pathlib import Path

from portal.supervisor.logs import shorten


def test_log_over_the_limit_moves_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("a") as writer:
        writer.write("old line\n" * 10)
        writer.flush()
        shorten(log, longest_bytes=50)
        writer.write("new line\n")
    assert log.read_text() == "new line\n"
    assert (tmp_path / "web.log.1").read_text() == "old line\n" * 10


def test_log_within_the_limit_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("line\n")
    shorten(log, longest_bytes=50)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]


def test_log_that_cannot_be_moved_aside_is_emptied_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("line\n" * 100)
    tmp_path.joinpath("web.log.1").symlink_to("/dev/full")
    shorten(log, longest_bytes=50)
    assert log.read_text() == ""


def test_log_that_does_not_exist_yet_is_no_error(tmp_path: Path) -> None:
    shorten(tmp_path / "web.log")
    assert list(tmp_path.iterdir()) == []
