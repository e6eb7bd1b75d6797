"""Words and units as staff read them."""

from __future__ import annotations

import pytest

from portal.web.filters import mebibytes, tag_value, tag_words


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
