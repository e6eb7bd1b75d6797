"""Spoilt files and other people's test files: accepted or refused by name, never anything else."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from pydicom.data import get_testdata_files

from portal.refusals import REASONS
from tests.corpus import samples
from tests.corpus.mutations import mutations
from tests.intake.conftest import Read, answer_to

COUNT = int(os.environ.get("GREENSTICK_FUZZ_FILES", "400"))
SEED = int(os.environ.get("GREENSTICK_FUZZ_SEED", "1"))
PYDICOM_FILES = sorted(path for path in map(Path, get_testdata_files()) if path.is_file())
# What happens inside a decoding library may crash it; what happens around it, in our own code, may not.
OURS_ALONE = {"decoder_crashed", "decoder_timeout", "decoder_memory"}


def test_spoilt_files_get_an_ordinary_answer(read: Read) -> None:
    answers: Counter[str] = Counter()
    crashed = []
    for name, content in mutations(list(samples()), COUNT, SEED):
        answer = answer_to(content, read)
        answers[answer] += 1
        if answer in OURS_ALONE:
            crashed.append(f"{name}: {answer}")
    assert not crashed
    assert set(answers) <= {"accepted", *REASONS}
    assert len(answers) >= 6  # the spoiling does reach different checks


@pytest.mark.parametrize("path", PYDICOM_FILES, ids=lambda path: path.name)
def test_files_that_come_with_pydicom_get_an_ordinary_answer(path: Path, read: Read) -> None:
    """CT, MR, ultrasound, plans, reports, colour; the few CR among them are under 32 pixels high."""
    begin = time.monotonic()
    assert answer_to(path.read_bytes(), read) in set(REASONS) - OURS_ALONE
    assert time.monotonic() - begin < 5
