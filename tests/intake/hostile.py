"""What a child may do when a decoder in it has been taken over or has gone wrong: targets for `Decoder`."""

import ctypes
import errno
import json
import os
import signal
import sys
import time
from typing import Any

from worker.intake.guard import corrupt_if_raised
from worker.intake.record import Intake


def _intake(**changes: Any) -> Intake:
    facts: dict[str, Any] = {
        "width_px": 4,
        "height_px": 3,
        "bit_depth": 8,
        "source_width_px": 4,
        "source_height_px": 3,
        "window_low": 0.0,
        "window_high": 255.0,
        "tags": {},
        "flags": [],
        "patient_digest": "",
    }
    return Intake(**{**facts, **changes})


def segfault(*_: str) -> None:
    ctypes.string_at(0)


def abort(*_: str) -> None:
    os.abort()


def exit_silently(*_: str) -> None:
    os._exit(0)


def exit_like_success_after_writing(_source: str, _kind: str, array: str, preview: str) -> None:
    _write(array, b"half an array")
    _write(preview, b"half a preview")
    os._exit(0)


def raise_error(*_: str) -> None:
    raise LookupError("a bug of ours")


def be_killed(*_: str) -> None:
    """What the kernel does to it when the host runs out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(*_: str) -> None:
    time.sleep(600)


def sleep_deaf(*_: str) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(600)


def spin(*_: str) -> None:
    while True:
        pass


def allocate(*_: str) -> bytes:
    return b"x" * (8 << 30)


def allocate_slowly(*_: str) -> None:
    held = []
    while True:
        held.append(bytearray(16 << 20))


def recurse(*_: str) -> None:
    recurse()


def shout(*_: str) -> None:
    """A gigabyte on standard output and error."""
    for _number in range(1024):
        os.write(1, b"x" * (1 << 20))
        os.write(2, b"x" * (1 << 20))
    os._exit(3)


def fill_disk(_source: str, _kind: str, array: str, _preview: str) -> None:
    for number in range(100):
        _write(array, bytes(16 << 20), at=number * (16 << 20))


def open_many_files(*_: str) -> None:
    held = [os.open(os.devnull, os.O_RDONLY) for _number in range(1000)]
    raise SystemExit(len(held))


def _report(message: bytes) -> None:
    """Write to the report pipe, the one descriptor besides the standard ones that is open here."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, message)
        except OSError:
            continue
        return


def report_garbage(*_: str) -> None:
    _report(b"\x80\x04garbage")
    os._exit(0)


def report_half(*_: str) -> None:
    _report(b'{"intake": {"width_px": 4')
    os._exit(0)


def report_endlessly(*_: str) -> None:
    while True:
        _report(b"x" * 4096)


def report_too_much(*_: str) -> Intake:
    return _intake(tags={"Modality": "x" * 100_000})


def report_deep_nesting(*_: str) -> None:
    _report(b"[" * 50_000)
    os._exit(0)


def report_unknown_code(*_: str) -> None:
    _report(json.dumps({"refused": "<script>"}).encode())
    os._exit(0)


def report_wrong_types(*_: str) -> Intake:
    return _intake(width_px="4")


def report_not_a_number(*_: str) -> Intake:
    return _intake(window_low=float("nan"))


def report_other_size(_source: str, _kind: str, array: str, preview: str) -> Intake:
    _write_array(array, rows=30)
    _write(preview, b"\x89PNG\r\n\x1a\n")
    return _intake()


def write_pickled_array(_source: str, _kind: str, array: str, preview: str) -> Intake:
    import numpy as np

    np.save(array, np.array([[print]], dtype=object), allow_pickle=True)
    _write(preview, b"\x89PNG\r\n\x1a\n")
    return _intake()


def write_html_preview(_source: str, _kind: str, array: str, preview: str) -> Intake:
    _write_array(array, rows=3)
    _write(preview, b"<html><script>alert(1)</script>")
    return _intake()


def write_nothing(*_: str) -> Intake:
    return _intake()


def tell_surroundings(_source: str, _kind: str, array: str, preview: str) -> Intake:
    """Not hostile: what a child has at its disposal, as tags."""
    import resource

    descriptors = os.listdir("/proc/self/fd")
    _write_array(array, rows=3)
    _write(preview, b"\x89PNG\r\n\x1a\n")
    limits = {
        name: str(resource.getrlimit(getattr(resource, name))) for name in dir(resource) if "RLIMIT" in name
    }
    with (
        open("/proc/self/oom_score_adj") as score,
        open("/proc/self/environ") as environment,
        open("/proc/self/net/dev") as network,
    ):
        tags = {
            "environ": repr(dict(os.environ)),
            "environment at start": environment.read(),
            "descriptors": ",".join(descriptors),
            "oom_score_adj": score.read().strip(),
            "modules": ",".join(sorted(name.split(".")[0] for name in sys.modules)),
            "network": network.read(),
            "threads": str(len(os.listdir("/proc/self/task"))),
            **limits,
        }
    return _intake(tags=tags)


def leave_a_grandchild(_source: str, _kind: str, array: str, _preview: str) -> None:
    """A process of its own that would outlive this one, with its number left in a file."""
    grandchild = os.fork()
    if grandchild == 0:
        time.sleep(600)
    _write(array + ".pid", str(grandchild).encode())
    os._exit(1)


def kill_the_parent(*_: str) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


def no_space(*_: str) -> None:
    raise OSError(28, "No space left on device")


def stale_share(*_: str) -> Intake:
    """A read that fails in the middle of a decoder, where what is raised is else blamed on the file."""
    with corrupt_if_raised():
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))


def write_empty_array(_source: str, _kind: str, array: str, preview: str) -> Intake:
    _write(array, b"")
    _write(preview, b"\x89PNG\r\n\x1a\n")
    return _intake()


def _write(path: str, body: bytes, at: int = 0) -> None:
    with open(path, "r+b" if os.path.exists(path) else "wb") as file:
        file.seek(at)
        file.write(body)


def _write_array(path: str, rows: int) -> None:
    import numpy as np

    with open(path, "wb") as file:
        np.save(file, np.zeros((rows, 4), np.uint8))
