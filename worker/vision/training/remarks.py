"""What people add to the card of a release: a note on how it was made, and where it errs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAMES = ("note", "failures")


def read_remarks(path: Path) -> dict[str, Any]:
    """The `note` and the `failures` of a file. Raises ValueError, which names it, for anything else."""
    try:
        stored = json.loads(path.read_text("utf-8"))
    except ValueError as failure:
        raise ValueError(f"{path} is not JSON: {failure}") from failure
    if not isinstance(stored, dict) or not stored.keys() <= set(NAMES):
        raise ValueError(f"{path}: remarks hold {' and '.join(NAMES)}, and nothing else")
    if not isinstance(stored.get("note", ""), str):
        raise ValueError(f"{path}: note is no text")
    failures = stored.get("failures", [])
    if not isinstance(failures, list) or not all(isinstance(failure, str) for failure in failures):
        raise ValueError(f"{path}: failures is no list of texts")
    return stored
