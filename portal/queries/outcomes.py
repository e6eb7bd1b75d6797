"""How one image of a case stands, from its own state and that of the job that tells it."""

from __future__ import annotations

from portal.models import OPEN_STATES


def image_outcome(image_state: str, job_state: str | None, was_read: bool) -> str:
    """waiting, refused, done, failed or cancelled.

    job_state  of an open job where there is one, else of the newest: a re-run that ended, or was cancelled,
               says nothing of a first reading that still waits

    A cancelled re-run leaves the earlier finding standing; a cancelled first reading leaves none.
    """
    if image_state == "refused":
        return "refused"
    if image_state == "received" or job_state in OPEN_STATES:
        return "waiting"
    if job_state in ("failed", "quarantined"):
        return "failed"
    if job_state == "done" or was_read:
        return "done"
    return "cancelled"
