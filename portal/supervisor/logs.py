"""Keeps a log from growing for ever."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LONGEST_LOG_BYTES = 10 * 1024 * 1024


def shorten(log: Path, longest_bytes: int = LONGEST_LOG_BYTES) -> None:
    """Move a log over the limit to `<name>.1`, in place of the one before.

    Copied and emptied rather than renamed: the process that writes it keeps the file open. Lines written
    between copy and truncation are lost; on a full disk all of them are, and the portal lives.
    """
    if not log.exists() or log.stat().st_size <= longest_bytes:
        return
    aside = log.with_name(log.name + ".1")
    try:
        shutil.copyfile(log, aside)
    except OSError:
        aside.unlink(missing_ok=True)
    os.truncate(log, 0)
