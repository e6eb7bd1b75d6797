"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_in_one_step(path: Path, text: str) -> None:
    """Put a text in a file's place: a full disk or a kill leaves what was there before.

    Several processes may write the same file at once; the last one's text stays.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        fresh.write_bytes(text.encode("utf-8"))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
