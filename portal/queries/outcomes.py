"""How one image of a case stands, from its own state and its newest job's."""

from __future__ import annotations

from portal.models import OPEN_STATES


def image_outcome(image_state: str, newest_job_state: str | None, was_read: bool) -> str:
    """waiting, refused, done, failed or cancelled.

    A cancelled re-run leaves the earlier finding standing; a cancelled first reading leaves none.
    """
    if image_state == "refused":
        return "refused"
    if image_state == "received" or newest_job_state in OPEN_STATES:
        return "waiting"
    if newest_job_state in ("failed", "quarantined"):
        return "failed"
    if newest_job_state == "done" or was_read:
        return "done"
    return "cancelled"
