"""Whatever happens in a child, the worker gets an answer and goes on."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from portal.refusals import Refused
from portal.sniff import Kind
from tests.corpus.jpegs import jpeg
from tests.corpus.pictures import radiograph
from worker.intake.decoder import ChildKilled, Decoder
from worker.intake.limits import Limits
from worker.intake.record import Intake

QUICK = Limits(memory_bytes=1 << 29, cpu_s=1, wall_s=2.0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(jpeg())
    return path


@pytest.fixture
def shared() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def run(decoder: Decoder, source: Path, name: str = "") -> Intake:
    folder = source.parent
    return decoder.decode(source, Kind.JPEG, folder / f"array{name}.npy", folder / f"preview{name}.jpg")


def hostile(name: str, limits: Limits = QUICK) -> Decoder:
    return Decoder(limits, target=f"tests.intake.hostile:{name}")


HOSTILE = {
    "segfault": "decoder_crashed",
    "abort": "decoder_crashed",
    "exit_silently": "decoder_crashed",
    "exit_like_success_after_writing": "decoder_crashed",
    "raise_error": "decoder_crashed",
    "recurse": "decoder_crashed",
    "sleep": "decoder_timeout",
    "sleep_deaf": "decoder_timeout",
    "spin": "decoder_timeout",
    "allocate": "decoder_memory",
    "allocate_slowly": "decoder_memory",
    "shout": "decoder_crashed",
    "fill_disk": "decoder_crashed",
    "open_many_files": "decoder_crashed",
    "report_garbage": "decoder_crashed",
    "report_half": "decoder_crashed",
    "report_endlessly": "decoder_timeout",
    "report_too_much": "decoder_crashed",
    "report_deep_nesting": "decoder_crashed",
    "report_unknown_code": "decoder_crashed",
    "report_wrong_types": "decoder_crashed",
    "report_not_a_number": "decoder_crashed",
    "report_other_size": "decoder_crashed",
    "write_empty_array": "decoder_crashed",
    "write_pickled_array": "decoder_crashed",
    "write_html_preview": "decoder_crashed",
    "write_nothing": "decoder_crashed",
    "kill_the_parent": "decoder_crashed",
    "no_such_function": "decoder_crashed",
}


@pytest.mark.parametrize(("name", "code"), HOSTILE.items())
def test_a_hostile_child_is_a_refusal(name: str, code: str, source: Path, decoder: Decoder) -> None:
    """All under one pre-loaded parent, which goes on serving unless a child kills it."""
    decoder.nursery.start()
    others, parent = children_of(os.getpid()), decoder.nursery.pid
    at_war = hostile(name)
    at_war.nursery = decoder.nursery
    with pytest.raises(Refused) as refused:
        run(at_war, source)
    assert refused.value.code == code
    assert [path.name for path in source.parent.iterdir()] == ["upload"]
    assert children_of(os.getpid()) <= others
    assert children_of(parent) == set()
    if name != "kill_the_parent":
        assert decoder.nursery.is_alive
        assert decoder.nursery.pid == parent


def children_of(pid: int | None) -> set[int | None]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(child) for child in listed.read_text().split()} if listed.exists() else set()


def test_a_child_has_nothing_but_its_share_of_the_machine(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENSTICK_SECRET", "canary")
    with hostile("tell_surroundings", Limits()) as decoder:
        tags = run(decoder, source).tags
    assert tags["environ"] == "{}"
    assert "canary" not in tags["environment at start"]
    assert len(tags["descriptors"].split(",")) == 5  # three that lead nowhere, the report, and this listing
    assert tags["oom_score_adj"] == "1000"
    assert tags["threads"] == "1"
    assert tags["RLIMIT_AS"] == str((2 << 30, 2 << 30))
    assert tags["RLIMIT_CPU"] == "(20, 21)"
    assert tags["RLIMIT_CORE"] == "(0, 0)"
    assert tags["RLIMIT_FSIZE"] == str((64 << 20, 64 << 20))
    assert not {"flask", "sqlalchemy", "celery", "redis", "torch"} & set(tags["modules"].split(","))


def test_a_child_has_no_network_where_the_kernel_allows_it(source: Path) -> None:
    with hostile("tell_surroundings", Limits()) as decoder:
        listed = run(decoder, source).tags["network"].splitlines()[2:]
    interfaces = {line.partition(":")[0].strip() for line in listed}
    assert interfaces <= {"lo"} or not _may_leave_the_network()


def _may_leave_the_network() -> bool:
    leave = "import ctypes; raise SystemExit(ctypes.CDLL(None).unshare(0x50000000) != 0)"
    return subprocess.run([sys.executable, "-c", leave], check=False).returncode == 0


def test_a_grandchild_ends_with_the_child(source: Path) -> None:
    with hostile("leave_a_grandchild", Limits(wall_s=20)) as decoder, pytest.raises(Refused):
        run(decoder, source)
    leftover = source.parent / "array.npy.pid"
    if leftover.exists():  # root may fork in spite of the limit
        assert _is_gone(int(leftover.read_text()))


def _is_gone(pid: int) -> bool:
    """Also when it waits for its new parent to bury it."""
    return comes_true(lambda: _state_of(pid) in ("", "Z"))


def _state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def comes_true(condition: Callable[[], bool], within_s: float = 20.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_full_disk_is_not_the_fault_of_the_file(source: Path) -> None:
    with hostile("no_space") as decoder, pytest.raises(OSError, match="No space left") as error:
        run(decoder, source)
    assert error.value.errno == errno.ENOSPC


def test_a_share_that_is_lost_during_a_decode_is_not_the_fault_of_the_file(source: Path) -> None:
    with hostile("stale_share") as decoder, pytest.raises(OSError, match="Stale file handle"):
        run(decoder, source)


def test_a_child_that_the_kernel_killed_is_not_a_refusal(source: Path) -> None:
    with hostile("be_killed") as decoder, pytest.raises(ChildKilled):
        run(decoder, source)
    assert [path.name for path in source.parent.iterdir()] == ["upload"]


def test_a_missing_file_is_not_a_refusal(shared: Decoder, source: Path) -> None:
    source.unlink()
    with pytest.raises(FileNotFoundError):
        run(shared, source)


def test_hostile_children_leave_the_others_alone(shared: Decoder, source: Path) -> None:
    """A decoder goes on with good files while another is at war."""
    with hostile("allocate_slowly") as other, ThreadPoolExecutor(2) as pool:
        war = pool.submit(run, other, source, "-war")
        assert run(shared, source).width_px == 80
        with pytest.raises(Refused):
            war.result()


def test_threads_decode_side_by_side(source: Path) -> None:
    """Six children that sleep 2 s each, at once: far less than 12 s."""
    begin = time.monotonic()
    with hostile("sleep") as decoder, ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(run, decoder, source, str(number)) for number in range(6)]
        assert {future.exception().code for future in futures} == {"decoder_timeout"}  # type: ignore[union-attr]
    assert time.monotonic() - begin < 8


def test_threads_get_each_their_own_answer(shared: Decoder, tmp_path: Path) -> None:
    def decode(number: int) -> bool:
        path = tmp_path / f"upload{number}"
        path.write_bytes(jpeg(radiograph(64 + number, 100)))
        intake = run(shared, path, str(number))
        return (
            np.load(tmp_path / f"array{number}.npy").shape == (100, 64 + number)
            and intake.width_px == 64 + number
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(decode, range(60)))


def test_a_killed_parent_is_replaced(shared: Decoder, source: Path) -> None:
    run(shared, source)
    first = shared.nursery.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert run(shared, source).width_px == 80
    assert run(shared, source).width_px == 80
    assert shared.nursery.is_alive
    assert shared.nursery.pid != first


def test_a_reader_that_cannot_start_is_not_a_refusal(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.intake.nursery.CHECKOUT", tmp_path)
    with Decoder() as decoder, pytest.raises(OSError, match="cannot be started"):
        run(decoder, source)


def test_a_parent_killed_during_a_decode_costs_that_decode_one_repetition(source: Path) -> None:
    """The child ends with its parent; the file is tried once more, on a new parent."""
    others = children_of(os.getpid())
    with hostile("sleep", Limits(wall_s=6)) as decoder:
        decoder.nursery.start()
        first = decoder.nursery.pid
        assert first is not None
        killer = threading.Timer(1.5, os.kill, (first, signal.SIGKILL))
        killer.start()
        with pytest.raises(Refused) as refused:
            run(decoder, source)
        assert refused.value.code == "decoder_timeout"
        assert not decoder.nursery.is_alive
        assert children_of(os.getpid()) == others


def test_a_killed_worker_takes_parent_and_children_along(source: Path) -> None:
    """SIGKILL leaves no time to tidy up: hanging up is enough."""
    script = (
        "from pathlib import Path; from portal.sniff import Kind; from worker.intake.decoder import Decoder;"
        "decoder = Decoder(target='tests.intake.hostile:sleep'); decoder.nursery.start();"
        "print(decoder.nursery.pid, flush=True);"
        f"path = Path({str(source)!r});"
        "decoder.decode(path, Kind.JPEG, path.with_name('a'), path.with_name('b'))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        parent = int(worker.stdout.readline())
        assert comes_true(lambda: bool(children_of(parent)))
        children = children_of(parent)
        worker.kill()
    assert _is_gone(parent)
    assert all(_is_gone(child) for child in children if child)


def test_many_decodes_leave_nothing_open(shared: Decoder, source: Path) -> None:
    run(shared, source)
    before = len(os.listdir("/proc/self/fd"))
    parent = Path(f"/proc/{shared.nursery.pid}/fd")
    before_parent = len(os.listdir(parent))
    for _ in range(40):
        run(shared, source)
    source.write_bytes(b"\xff\xd8\xff")
    for _ in range(10):
        with pytest.raises(Refused):
            run(shared, source)
    assert len(os.listdir("/proc/self/fd")) <= before
    assert comes_true(lambda: len(os.listdir(parent)) <= before_parent)
    assert children_of(shared.nursery.pid) == set()


def test_closing_ends_parent_and_children(source: Path) -> None:
    decoder = hostile("sleep", Limits(wall_s=60))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, decoder, source)
        assert comes_true(lambda: bool(children_of(decoder.nursery.pid)))
        parent, children = decoder.nursery.pid, children_of(decoder.nursery.pid)
        decoder.close()
        with pytest.raises(OSError, match="closed"):
            running.result()
    assert not Path(f"/proc/{parent}").exists()
    assert all(_is_gone(child) for child in children if child)
