"""Which grey values come out: bits, signs, rescale, windows, tables and padding (PS3.3, C.11)."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from tests.corpus.dicom_bytes import dicom, shifted
from tests.corpus.dicoms import with_table
from tests.corpus.pictures import radiograph
from tests.intake.conftest import Read

MODALITY_TABLE, VOI_TABLE = 0x00283000, 0x00283010
TWELVE_BIT: dict[str, Any] = {"_00280101": 12, "_00280102": 11}


@pytest.fixture
def array_of(read: Read, tmp_path: Path):
    def take(content: bytes):
        intake = read(content)
        return np.load(tmp_path / "array.npy"), intake

    return take


def test_noise_above_the_stored_bits_is_masked(array_of) -> None:
    array, _ = array_of(dicom(shifted(radiograph(bits=12), 0, 0xA000), **TWELVE_BIT))
    assert np.array_equal(array, radiograph(bits=12))


def test_values_in_the_high_bits_are_moved_down(array_of) -> None:
    array, _ = array_of(dicom(shifted(radiograph(bits=12), 4, 0x9), _00280101=12, _00280102=15))
    assert np.array_equal(array, radiograph(bits=12))


def test_signed_values_keep_their_order(array_of) -> None:
    signed = (radiograph(bits=12).astype(np.int16) - 2048).astype(np.int16)
    array, intake = array_of(
        dicom(signed, **TWELVE_BIT, _00280103=1, _00281050=("DS", "-0.5"), _00281051=("DS", "2001"))
    )
    assert np.array_equal(array, radiograph(bits=12))
    assert (intake.window_low, intake.window_high) == (2048 - 1001, 2048 + 999)


def test_a_linear_window_is_that_of_the_standard(array_of) -> None:
    """C.11.2.1.2.1: centre 2048, width 4096 shows 0 black and 4095 white."""
    _, intake = array_of(dicom(_00281050=("DS", "2048\\9"), _00281051=("DS", "4096\\9")))
    assert (intake.window_low, intake.window_high) == (0, 4095)


def test_an_exact_window_is_that_of_the_standard(array_of) -> None:
    changes: dict[str, Any] = {"_00281056": ("CS", "LINEAR_EXACT")}
    _, intake = array_of(dicom(_00281050=("DS", "2048"), _00281051=("DS", "4096"), **changes))
    assert (intake.window_low, intake.window_high) == (0, 4096)


def test_a_rescale_is_undone_in_the_window_and_loses_no_step(array_of) -> None:
    changes: dict[str, Any] = {"_00281052": ("DS", "-1000"), "_00281053": ("DS", "0.25")}
    array, intake = array_of(dicom(_00281050=("DS", "0.5"), _00281051=("DS", "1001"), **changes))
    assert np.array_equal(array, radiograph(bits=16))
    assert (intake.window_low, intake.window_high) == (2000, 6000)  # -500 and 500 of the rescaled values


def test_a_negative_rescale_turns_bright_to_dark(array_of) -> None:
    array, _ = array_of(dicom(_00281052=("DS", "65535"), _00281053=("DS", "-1")))
    assert np.array_equal(array, 65535 - radiograph(bits=16))


def test_a_negative_rescale_and_monochrome1_cancel_out(array_of) -> None:
    array, _ = array_of(dicom(_00281052=("DS", "65535"), _00281053=("DS", "-1"), _00280004="MONOCHROME1"))
    assert np.array_equal(array, radiograph(bits=16))


@pytest.mark.parametrize("tag", [MODALITY_TABLE, VOI_TABLE])
def test_a_table_gives_what_pydicom_makes_of_it(tag: int, array_of) -> None:
    content = with_table(tag, (2000, 500, 16), 2000)
    dataset = pydicom.dcmread(DicomBytesIO(content))
    apply = apply_modality_lut if tag == MODALITY_TABLE else apply_voi_lut
    expected = apply(dataset.pixel_array, dataset)
    array, _ = array_of(content)
    assert np.array_equal(array, expected)


def test_a_signed_table_start_is_read_without_its_sign(array_of) -> None:
    """-100 stands as 65436 in an unsigned field."""
    signed = {"_00280103": 1}
    array, _ = array_of(with_table(MODALITY_TABLE, (200, 65436, 12), 200, **signed))
    stored = radiograph(bits=12).astype(np.int32)
    values = np.where(stored >= 2048, stored - 4096, stored)
    assert np.array_equal(array, np.clip(values + 100, 0, 199))


def test_a_table_and_monochrome1_are_inverted_after_the_table(array_of) -> None:
    plain, _ = array_of(with_table(VOI_TABLE, (4096, 0, 12), 4096))
    inverted, intake = array_of(with_table(VOI_TABLE, (4096, 0, 12), 4096, _00280004="MONOCHROME1"))
    assert np.array_equal(inverted, 4095 - plain)
    assert (intake.window_low, intake.window_high) == (0, 4095)


def test_a_sigmoid_is_that_of_the_standard(array_of) -> None:
    """C.11.2.1.3.1, baked into 16 bits."""
    function: dict[str, Any] = {"_00281056": ("CS", "SIGMOID")}
    array, intake = array_of(dicom(_00281050=("DS", "30000"), _00281051=("DS", "20000"), **function))
    expected = 65535 / (1 + np.exp(-4 * (radiograph(bits=16).astype(float) - 30000) / 20000))
    assert np.abs(array - expected).max() <= 0.5
    assert (intake.window_low, intake.window_high) == (0, 65535)


def test_without_a_window_all_pixels_but_a_few_dead_ones_are_shown(array_of) -> None:
    pixels = radiograph(bits=14) // 2
    pixels[0, :5] = 16383  # a few dead pixels
    array, intake = array_of(dicom(pixels, _00280101=14, _00280102=13))
    inside = np.mean((array >= intake.window_low) & (array <= intake.window_high))
    assert inside > 0.98
    assert intake.window_high < 16383


def test_without_a_window_the_brightest_and_darkest_pixels_are_shown(array_of) -> None:
    """As an 8-bit export shows them: its twin shall not be read differently."""
    pixels = radiograph(bits=14)
    _, intake = array_of(dicom(pixels, _00280101=14, _00280102=13))
    assert (intake.window_low, intake.window_high) == (pixels.min(), pixels.max())


def test_padding_is_dark_and_does_not_stretch_the_window(array_of) -> None:
    pixels = np.clip(radiograph(bits=12), 300, 3000).astype(np.uint16)
    pixels[:40] = 60000
    pixels[40:50] = 61000
    padding: dict[str, Any] = {"_00280120": ("US", 60000), "_00280121": ("US", 61000)}
    array, intake = array_of(dicom(pixels, **padding))
    assert set(array[:50].ravel()) == {pixels[50:].min()}
    assert intake.window_high <= 3000


def test_padding_of_an_inverted_image_is_dark_too(array_of) -> None:
    pixels = np.clip(radiograph(bits=12), 300, 3000).astype(np.uint16)
    pixels[:40] = 0
    array, _ = array_of(dicom(pixels, **TWELVE_BIT, _00280120=("US", 0), _00280004="MONOCHROME1"))
    assert set(array[:40].ravel()) == {4095 - 3000}


def test_signed_padding_is_found(array_of) -> None:
    signed = np.clip(radiograph(bits=12).astype(np.int16) - 1000, -900, 900).astype(np.int16)
    signed[:30] = -2000
    padding: dict[str, Any] = {"_00280103": 1, "_00280120": ("SS", struct.pack("<h", -2000))}
    array, _ = array_of(dicom(signed, **padding))
    assert array.min() == array[0, 0] == 32768 + int(signed[30:].min())
