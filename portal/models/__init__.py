"""The tables. One file per subject; the names are those of the department."""

from portal.models.accounts import ROLES, LoginAttempt, LoginSession, User
from portal.models.batches import Batch
from portal.models.cases import Case
from portal.models.claims import Claimable
from portal.models.corrections import Correction
from portal.models.events import Event
from portal.models.findings import VERDICTS, Finding
from portal.models.images import IMAGE_STATES, Image
from portal.models.jobs import JOB_STATES, OPEN_STATES, Job
from portal.models.preferences import Preference, SavedFilter
from portal.models.releases import Release
from portal.models.reviews import Review
from portal.models.searches import Search
from portal.models.withdrawals import Withdrawal
from portal.models.workers import Worker

__all__ = [
    "IMAGE_STATES", "JOB_STATES", "OPEN_STATES", "ROLES", "VERDICTS",
    "Batch", "Case", "Claimable", "Correction", "Event", "Finding", "Image", "Job", "LoginAttempt",
    "LoginSession", "Preference", "Release", "Review", "SavedFilter", "Search", "User", "Withdrawal",
    "Worker",
]  # fmt: skip
