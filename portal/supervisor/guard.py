"""The supervisor's end of the pipe to the warden."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

WARDEN = Path(__file__).with_name("warden.py")


class Guard:
    """Keeps one warden running and told which process groups there are."""

    def __init__(self, keep_open: tuple[int, ...] = ()) -> None:
        """`keep_open`: file descriptors (the home's lock) that the warden holds until the groups are gone."""
        self._keep_open = keep_open
        self._groups: set[int] = set()
        self._warden = self._start()

    def began(self, group: int) -> None:
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def ended(self, group: int) -> None:
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    def check(self) -> None:
        """Start the warden again if someone ended it; if that cannot be done now, the next check will."""
        if self._warden.poll() is not None:
            with suppress(OSError):
                self._warden = self._start()

    def close(self) -> None:
        self._warden.communicate()

    def _start(self) -> subprocess.Popen[str]:
        # By path and isolated: the warden must not import the portal, nor die of what is wrong with it.
        warden = subprocess.Popen(
            [sys.executable, "-I", "-S", str(WARDEN)],
            stdin=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
            pass_fds=self._keep_open,
        )
        assert warden.stdin is not None
        warden.stdin.writelines(f"+{group}\n" for group in self._groups)
        return warden

    def _tell(self, line: str) -> None:
        assert self._warden.stdin is not None
        try:
            self._warden.stdin.write(line)
        except BrokenPipeError:
            self.check()
