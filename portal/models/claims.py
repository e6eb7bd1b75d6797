"""What makes a row claimable by a worker: attempts, a fence, a lease and a hard deadline."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import UtcDateTime


class Claimable:
    """Columns of a row that exactly one worker may hold at a time.

    `fence` rises with each claim: a write that names an older fence finds no row. `lease_until` and
    `deadline_at` are on the database's clock; the lease is renewed by progress, the deadline never moves.
    """

    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
