"""Choosing the device to read on."""

from __future__ import annotations

import pytest

from portal.errors import BadSetting
from tests.needs import needs_gpu
from worker.device import choose_device, gpus, reading_threads


def test_cpu_is_taken_when_asked_for() -> None:
    assert choose_device("cpu") == "cpu"


def test_gpu_that_does_not_answer_is_told_and_not_replaced() -> None:
    with pytest.raises(BadSetting, match="does not answer"):
        choose_device(f"cuda:{gpus()}")


@needs_gpu
def test_auto_takes_the_first_gpu() -> None:
    assert choose_device("auto") == "cuda:0"


def test_number_of_threads_is_as_set_or_half_the_cores() -> None:
    assert reading_threads(3) == 3
    assert reading_threads(0) >= 1
