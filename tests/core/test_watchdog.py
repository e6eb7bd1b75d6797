"""The watchdog's judgement, on a clock of our own."""

from __future__ import annotations

from worker.watchdog import Watch


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_claim_past_its_deadline_is_trouble() -> None:
    clock = Clock()
    watch = Watch(120, 60, clock)
    watch.claimed(["1", "2"])
    clock.now = 119
    watch.ended("1")
    assert watch.trouble(is_work_due=True) is None
    clock.now = 121
    assert watch.trouble(is_work_due=True) == "a claim passed its deadline"


def test_due_work_that_nobody_claims_is_trouble_only_when_it_lasts() -> None:
    clock = Clock()
    watch = Watch(120, 60, clock)
    clock.now = 59
    assert watch.trouble(is_work_due=True) is None
    clock.now = 61
    assert watch.trouble(is_work_due=True) == "work is due and none was claimed"


def test_idle_time_without_due_work_does_not_count() -> None:
    clock = Clock()
    watch = Watch(120, 60, clock)
    clock.now = 1000
    assert watch.trouble(is_work_due=False) is None
    clock.now = 1059
    assert watch.trouble(is_work_due=True) is None


def test_finishing_work_starts_the_wait_anew() -> None:
    clock = Clock()
    watch = Watch(120, 60, clock)
    watch.claimed(["1"])
    clock.now = 100
    watch.ended("1")
    clock.now = 159
    assert watch.trouble(is_work_due=True) is None


def test_process_that_was_given_up_ends_whatever_it_does() -> None:
    watch = Watch(120, 60, Clock())
    watch.give_up("the GPU failed")
    watch.claimed(["1"])
    assert watch.trouble(is_work_due=False) == "the GPU failed"


def test_letting_go_of_claims_is_no_sign_of_work_when_there_were_none() -> None:
    clock = Clock()
    watch = Watch(120, 60, clock)
    watch.claimed(["1"])
    clock.now = 119
    watch.nothing_claimed()
    clock.now = 178
    assert watch.trouble(is_work_due=True) is None, "neither late nor idle for long"
    watch.nothing_claimed()
    clock.now = 180
    assert watch.trouble(is_work_due=True) == "work is due and none was claimed"
