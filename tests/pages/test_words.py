"""Words and units as staff read them."""

from __future__ import annotations

import pytest

from portal.web.filters import mebibytes, tag_words


@pytest.mark.parametrize(
    ("keyword", "words"),
    [("ImagerPixelSpacing", "Imager pixel spacing"), ("KVP", "KVP"), ("Modality", "Modality")],
)
def test_a_dicom_keyword_becomes_words(keyword: str, words: str) -> None:
    assert tag_words(keyword) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(3, "1 KiB"), (300 * 1024, "300 KiB"), (3 * 1024 * 1024, "3.0 MiB")]
)
def test_no_file_is_said_to_be_empty(size_bytes: int, words: str) -> None:
    assert mebibytes(size_bytes) == words
