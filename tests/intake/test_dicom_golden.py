"""The same pixels in another DICOM encoding are the same array, value for value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portal.refusals import Refused
from tests.corpus import codecs
from tests.corpus.dicom_bytes import dicom
from tests.corpus.dicom_encodings import JPEG_LS, MR_LS, small_mr, twins
from tests.corpus.pictures import radiograph
from tests.intake.conftest import Read
from tests.needs import SHARED_DATA, needs_shared_data

DICOM_FOLDER = SHARED_DATA / "data" / "dicom"
REAL_TIBIA = ("uncompressed", "rle", "jpegll", "j2kr")


@pytest.mark.parametrize(("name", "build"), twins().items())
def test_each_lossless_syntax_gives_the_very_pixels(
    name: str, build: Callable[[], bytes], read: Read, tmp_path: Path
) -> None:
    read(build())
    assert np.array_equal(np.load(tmp_path / "array.npy"), radiograph(bits=16))


def test_jpeg_ls_gives_the_very_pixels(read: Read, tmp_path: Path) -> None:
    """Signed values are moved up to start at 0."""
    read(small_mr(codecs.borrowed(MR_LS), JPEG_LS))
    expected = codecs.borrowed_pixels("MR_small.dcm").astype(np.int32) + 32768
    assert np.array_equal(np.load(tmp_path / "array.npy"), expected)


@needs_shared_data
@pytest.mark.parametrize("encoding", REAL_TIBIA[1:])
def test_a_real_plate_is_the_same_in_each_encoding(encoding: str, read: Read, tmp_path: Path) -> None:
    intakes, arrays = [], []
    for name in (REAL_TIBIA[0], encoding):
        intakes.append(read((DICOM_FOLDER / f"cr_tibia_mono1_{name}.dcm").read_bytes()))
        arrays.append(np.load(tmp_path / "array.npy"))
    assert np.array_equal(arrays[0], arrays[1])
    assert intakes[0].window_low == intakes[1].window_low
    assert intakes[0].tags["BodyPartExamined"] == "EXTREMITY"


@needs_shared_data
def test_a_real_plate_is_inverted_once(read: Read, tmp_path: Path) -> None:
    """MONOCHROME1, 10 bits stored: bone is dark in the file and bright in the array."""
    import pydicom

    path = DICOM_FOLDER / "cr_tibia_mono1_uncompressed.dcm"
    read(path.read_bytes())
    assert np.array_equal(np.load(tmp_path / "array.npy"), 1023 - pydicom.dcmread(path).pixel_array)


@needs_shared_data
def test_an_extended_jpeg_that_does_not_decode_names_its_syntax(read: Read) -> None:
    with pytest.raises(Refused) as refused:
        read((DICOM_FOLDER / "cr_tibia_mono1_jpegext.dcm").read_bytes())
    assert refused.value.code == "transfer_syntax"


@needs_shared_data
def test_a_real_12_bit_extended_jpeg_is_close_to_its_lossless_twin(read: Read, tmp_path: Path) -> None:
    arrays = []
    for name in ("jpegext", "j2kr"):
        read((DICOM_FOLDER / f"cr_hip_mono2_{name}.dcm").read_bytes())
        arrays.append(np.load(tmp_path / "array.npy").astype(np.int32))
    assert np.percentile(np.abs(arrays[0] - arrays[1]), 99) < 20  # of 1,024 grey values


@pytest.mark.parametrize("bits", [8, 16])
def test_monochrome1_equals_its_monochrome2_twin(bits: int, read: Read, tmp_path: Path) -> None:
    bright = radiograph(bits=bits)
    window: dict[str, Any] = {"_00281050": ("DS", "100"), "_00281051": ("DS", "101")}
    mirrored: dict[str, Any] = {"_00281050": ("DS", str((1 << bits) - 100)), "_00281051": ("DS", "101")}
    two = read(dicom(bright, **window))
    array = np.load(tmp_path / "array.npy")
    preview = (tmp_path / "preview.jpg").read_bytes()
    one = read(dicom(((1 << bits) - 1 - bright).astype(bright.dtype), _00280004="MONOCHROME1", **mirrored))
    assert np.array_equal(np.load(tmp_path / "array.npy"), array)
    assert (tmp_path / "preview.jpg").read_bytes() == preview
    assert (one.window_low, one.window_high) == (two.window_low, two.window_high)
