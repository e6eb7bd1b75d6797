"""What a throw-away child does: give up its rights, run one function, report in JSON, end."""

import ctypes
import importlib
import json
import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from portal.refusals import Refused
from worker.intake.guard import OUR_FAULT
from worker.intake.limits import REPORT_BYTES, Limits
from worker.intake.record import Intake

OUT_OF_MEMORY = 70  # exit code
BROKEN = 71
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38

Target = Callable[..., Intake]


def preload() -> None:
    """Import, before any child exists, all that a child may need."""
    importlib.import_module("worker.intake.decode").warm_up()


def live(order: dict[str, Any], report: int) -> NoReturn:
    """Run the ordered function under the ordered limits and end this process.

    The report is {"intake": {...}}, {"refused": code} or {"os_error": errno}; there is none when the process
    ends otherwise.
    """
    exit_code = BROKEN
    try:
        confine(Limits(**order["limits"]), report)
        message = json.dumps(_run(order["target"], order["arguments"])).encode()
        if len(message) <= REPORT_BYTES:
            _write_all(report, message)
            exit_code = 0
    except MemoryError:
        exit_code = OUT_OF_MEMORY
    finally:
        os._exit(exit_code)


def _run(target: str, arguments: list[str]) -> dict[str, Any]:
    module, _, name = target.partition(":")
    function: Target = getattr(importlib.import_module(module), name)
    try:
        return {"intake": function(*arguments).to_report()}
    except Refused as refused:
        return {"refused": refused.code}
    except OSError as error:
        if error.errno not in OUR_FAULT:
            raise
        return {"os_error": error.errno}


def confine(limits: Limits, report: int) -> None:
    """Leave this process nothing but its files on disk, its report, and the ordered share of the machine."""
    os.setsid()
    _die_with_parent()
    _close_all_but(report)
    os.environ.clear()
    _set(resource.RLIMIT_AS, limits.memory_bytes)
    _set(resource.RLIMIT_FSIZE, limits.file_bytes)
    _set(resource.RLIMIT_NOFILE, limits.open_files)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NPROC, 0)  # no children, no threads (the kernel exempts root)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # first to go when the host runs out of memory


def _set(limit: int, value: int) -> None:
    resource.setrlimit(limit, (value, value))


def _die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() == 1:
        os._exit(BROKEN)  # it died before it was asked to tell us


def _close_all_but(report: int) -> None:
    """Libraries may write what they read to standard error: that is patient data, so it goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, report)
    os.closerange(report + 1, os.sysconf("SC_OPEN_MAX"))


def _write_all(descriptor: int, message: bytes) -> None:
    while message:
        message = message[os.write(descriptor, message) :]
