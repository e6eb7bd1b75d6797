"""By what a list of images is known again: the SHA-256 of what it teaches, in any order of its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from worker.vision.manifest import Row


def list_sha256(rows: Sequence[Row]) -> str:
    """Of every image's name, label, boxes, group and fold; body parts and hardware teach nothing."""
    lines = sorted(
        json.dumps([row.name, row.is_fractured, row.boxes, row.group, row.fold], ensure_ascii=False)
        for row in rows
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()
