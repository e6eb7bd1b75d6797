"""Actions that the database gave up."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from portal import db


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
def test_action_is_done_though_the_database_gave_it_up_before(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "PAUSE_S", 0)
    calls: list[int] = []

    @db.tried_again
    def action(number: int) -> int:
        calls.append(number)
        if len(calls) <= failures:
            raise OperationalError("UPDATE", {}, Exception("deadlock detected"))
        return number * 2

    if failures < db.TRIES:
        assert action(21) == 42
    else:
        with pytest.raises(OperationalError):
            action(21)
    assert calls == [21] * min(failures + 1, db.TRIES)
