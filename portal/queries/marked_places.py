"""Why the places that a finding marks are drawn as they are: solid, dotted, or only the hottest one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.models import Finding


def why_marked(finding: Finding, card: Mapping[str, Any]) -> str | None:
    """None where no place is marked; else for all places of the image alike

    fracture  solid: the verdict is fracture, and each place passed the release's threshold
    doubt     dotted: the verdict is doubt
    hottest   dotted: no place passed the threshold, so that the hottest one stands alone
    """
    if not finding.boxes:
        return None
    if _is_hottest_only(finding, card.get("box_threshold")):
        return "hottest"
    return "doubt" if finding.verdict == "doubt" else "fracture"


def _is_hottest_only(finding: Finding, threshold: Any) -> bool:
    """In a fracture its kind tells; in a doubt its score beside the card's threshold, where there is one."""
    if finding.verdict == "fracture":
        return all(box["kind"] == "dotted" for box in finding.boxes)
    return isinstance(threshold, int | float) and all(box["score"] < threshold for box in finding.boxes)
