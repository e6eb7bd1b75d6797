"""Decode files that nobody vouches for, each in a process that is thrown away."""

import errno
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from portal.refusals import REASONS, Refused
from portal.sniff import HEAD_BYTES, Kind, sniff
from worker.intake import child
from worker.intake.limits import REPORT_BYTES, Limits
from worker.intake.nursery import Nursery
from worker.intake.record import Intake
from worker.intake.ward import NeverStarted, Outcome, OutOfTime, ParentLost

DECODE = "worker.intake.decode:decode"
SIGXCPU, SIGKILL = -24, -9


class ChildKilled(Exception):
    """By the kernel, as a rule because the host had no memory left: this file, or anything else, took it."""


class Decoder:
    """Reads one file per throw-away child. Thread-safe: threads decode side by side.

    target  what a child runs, as "module:function"; tests put hostile functions here
    """

    def __init__(self, limits: Limits | None = None, target: str = DECODE) -> None:
        self._limits = limits or Limits()
        self._target = target
        self._is_closed = False
        self.nursery = Nursery()

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the pre-loaded parent and all children, for good; a decode under way raises OSError."""
        self._is_closed = True
        self.nursery.close()

    def decode(self, source: Path, kind: Kind, array_path: Path, preview_path: Path) -> Intake:
        """Write the working array (.npy) and the preview of `source`, and tell what they are.

        On any error neither file is left behind.
        raises  Refused      when the file cannot be taken in, also when it crashed or hung its child
                OSError      when this machine is at fault (file missing, disk full), whatever the file is
                ChildKilled  when either may be: worth another try, and no endless ones
        """
        os.stat(source)  # missing is our fault, and must not read as a refusal
        try:
            intake = self._believe(self._run([source, kind, array_path, preview_path]))
            _check_files(intake, array_path, preview_path)
            return intake
        except BaseException:
            array_path.unlink(missing_ok=True)
            preview_path.unlink(missing_ok=True)
            raise

    def _run(self, arguments: list[Path | Kind]) -> Outcome:
        texts = [str(item.absolute()) if isinstance(item, Path) else str(item) for item in arguments]
        order = {"target": self._target, "arguments": texts, "limits": asdict(self._limits)}
        try:
            return self._order(order, self.nursery)
        except ParentLost:
            self.nursery.bury()
            return self._alone(order)

    def _order(self, order: dict[str, Any], nursery: Nursery) -> Outcome:
        if self._is_closed:
            raise OSError(errno.ECANCELED, "the decoder was closed")
        with nursery.order(order) as ward:
            try:
                return ward.outcome(self._limits.wall_s)
            except OutOfTime:
                raise Refused("decoder_timeout") from None

    def _alone(self, order: dict[str, Any]) -> Outcome:
        """Once more, under a pre-loaded parent of its own: one that is lost again was killed by this file."""
        with Nursery() as nursery:
            try:
                return self._order(order, nursery)
            except NeverStarted:
                raise OSError(errno.ECHILD, "the image reader cannot be started") from None
            except ParentLost:
                raise Refused("decoder_crashed") from None

    def _believe(self, outcome: Outcome) -> Intake:
        """Read what an untrusted child left: its exit code and its report."""
        if outcome.exit_code == SIGKILL:
            raise ChildKilled
        if outcome.exit_code == child.OUT_OF_MEMORY:  # its own limit, whatever else the host does
            raise Refused("decoder_memory")
        if outcome.exit_code == SIGXCPU:
            raise Refused("decoder_timeout")
        if outcome.exit_code != 0:
            raise Refused("decoder_crashed")
        report = _parsed(outcome.report)
        if isinstance(report.get("refused"), str) and report["refused"] in REASONS:
            raise Refused(report["refused"])
        if isinstance(report.get("os_error"), int):
            raise OSError(report["os_error"], os.strerror(report["os_error"]))
        try:
            return Intake.from_report(report.get("intake"))
        except ValueError:
            raise Refused("decoder_crashed") from None


def _parsed(report: bytes) -> dict[str, Any]:
    if len(report) > REPORT_BYTES:
        raise Refused("decoder_crashed")
    try:
        parsed = json.loads(report)
    except (ValueError, RecursionError):
        raise Refused("decoder_crashed") from None
    if not isinstance(parsed, dict):
        raise Refused("decoder_crashed")
    return parsed


def _check_files(intake: Intake, array_path: Path, preview_path: Path) -> None:
    """The files are the child's too: an array as reported and never an object array, a real preview."""
    try:
        array = np.load(array_path, mmap_mode="r", allow_pickle=False)
        with preview_path.open("rb") as preview:
            preview_kind = sniff(preview.read(HEAD_BYTES))
    except (OSError, EOFError, ValueError, Refused):
        raise Refused("decoder_crashed") from None
    as_reported = (
        array.shape == (intake.height_px, intake.width_px)
        and array.dtype == np.dtype(f"uint{intake.bit_depth}")
        and array.flags.c_contiguous
        and preview_kind in (Kind.JPEG, Kind.PNG)
    )
    if not as_reported:
        raise Refused("decoder_crashed")
