"""Whether a case's verdict fits its readers' answer."""

from __future__ import annotations

import pytest

from portal.queries.disagreement import when_answered, when_read


@pytest.mark.parametrize(
    ("answer", "verdict", "differs"),
    [
        ("no", "fracture", "known"),
        ("yes", "no fracture", "known"),
        ("no", "no fracture", None),
        ("yes", "fracture", None),
        ("no", "doubt", None),
        ("yes", "out of scope", None),
        ("unsure", "fracture", None),
        ("yes", None, None),
        (None, "fracture", None),
    ],
)
def test_readers_who_answer_against_the_verdict_know_it(
    answer: str | None, verdict: str | None, differs: str | None
) -> None:
    assert when_answered(answer, verdict) == differs


@pytest.mark.parametrize(
    ("answer", "before", "verdict", "was", "differs"),
    [
        ("no", "no fracture", "fracture", None, "new"),
        ("no", "doubt", "fracture", None, "new"),
        ("yes", "fracture", "no fracture", None, "new"),
        ("no", "no fracture", "doubt", None, "new"),
        ("yes", "fracture", "doubt", None, "new"),
        ("no", "fracture", "doubt", "known", None),
        ("no", "doubt", "no fracture", None, None),
        ("no", "fracture", "fracture", "known", "known"),
        ("no", "doubt", "doubt", None, None),
        ("no", "fracture", "doubt", "new", "new"),
        ("no", "fracture", "no fracture", "new", None),
        ("yes", "fracture", "out of scope", None, None),
        ("yes", None, "no fracture", None, "new"),
        ("yes", None, "doubt", None, None),
        ("unsure", "no fracture", "fracture", None, None),
        (None, "no fracture", "fracture", None, None),
    ],
)
def test_a_reading_after_the_answer_may_overturn_it(
    answer: str | None, before: str | None, verdict: str, was: str | None, differs: str | None
) -> None:
    assert when_read(answer, before, verdict, was) == differs
