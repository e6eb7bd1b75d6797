"""What makes a row claimable by a worker: attempts, a fence, a lease and a hard deadline."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, or_
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

    @classmethod
    def ran_out(cls, now: datetime, lease_s: int) -> ColumnElement[bool]:
        """Claims to free: past their lease or deadline, or leased for longer than anyone takes one.

        The last come of a clock that was set back, and would else be held until it catches up. Twice the
        lease, so that a clock put right by a little takes nothing from a living worker.
        """
        longest = now + timedelta(seconds=2 * lease_s)
        return or_(cls.lease_until < now, cls.deadline_at < now, cls.lease_until > longest)
