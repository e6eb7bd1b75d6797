"""Words and units as staff read them."""

from __future__ import annotations

import pytest

from portal.models import Finding
from portal.web.filters import mebibytes, told
from portal.web.words import tag_value, tag_words


@pytest.mark.parametrize(
    ("keyword", "words"),
    [("ImagerPixelSpacing", "Imager pixel spacing"), ("KVP", "KVP"), ("Modality", "Modality")],
)
def test_a_dicom_keyword_becomes_words(keyword: str, words: str) -> None:
    assert tag_words(keyword) == words


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        ("StudyDate", "20031208", "2003-12-08"),
        ("StudyDate", "2003", "2003"),
        ("AccessionNumber", "20031208", "20031208"),
        ("PixelSpacing", "0.1\\0.2", "0.1 × 0.2"),
    ],
)
def test_a_dicom_value_is_shown_as_people_write_it(keyword: str, value: str, words: str) -> None:
    assert tag_value(value, keyword) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(3, "1 KiB"), (300 * 1024, "300 KiB"), (3 * 1024 * 1024, "3.0 MiB")]
)
def test_no_file_is_said_to_be_empty(size_bytes: int, words: str) -> None:
    assert mebibytes(size_bytes) == words


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.5, ("50 %", "4 %", "27 %")),
        (0.0360, ("3.6 %", "3.7 %", "26.9 %")),
        (0.0375, ("3.8 %", "3.7 %", "26.9 %")),
        (0.26919, ("26.919 %", "3.708 %", "26.920 %")),
        (0.2692, ("27 %", "4 %", "27 %")),
        (0.0004, ("under 1 %", "4 %", "27 %")),
        (None, ("–", "4 %", "27 %")),
    ],
)
def test_a_probability_and_a_limit_look_alike_only_where_they_are(
    probability: float | None, words: tuple[str, str, str]
) -> None:
    assert told(Finding(probability=probability, rule_out=0.03708, rule_in=0.2692)) == words


def test_beside_a_limit_under_one_percent_the_bound_is_finer() -> None:
    assert told(Finding(probability=0.004, rule_out=0.006, rule_in=0.5)) == ("0.4 %", "0.6 %", "50.0 %")
    assert told(Finding(probability=0.00004, rule_out=0.004, rule_in=0.5)).probability == "under 0.1 %"
