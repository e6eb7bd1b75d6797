"""One X-ray stored in several ways gets one answer: through the real decoder and the shipped release."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.corpus.dicom_bytes import dicom
from tests.corpus.pngs import png
from tests.needs import SHARED_DATA, needs_shared_data
from worker.commands.files import Refusal, read_image
from worker.intake.decoder import Decoder
from worker.vision.detector import Detector
from worker.vision.shelf import default_release

pytestmark = needs_shared_data

LARGEST_DIFFERENCE = 0.02  # of a probability
EVERY = 600  # the n-th image of FracAtlas: six in all
FRACATLAS = sorted((SHARED_DATA / "data" / "fracatlas" / "images").glob("*.jpg"))[::EVERY]
TIBIA = SHARED_DATA / "data" / "dicom" / "cr_tibia_mono1_uncompressed.dcm"
TWELVE_BITS: dict[str, Any] = {"_00280101": 12, "_00280102": 11}
UNDONE: dict[int, Callable[[Image.Image], Image.Image]] = {
    1: lambda upright: upright,
    2: lambda upright: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda upright: upright.transpose(Image.Transpose.ROTATE_180),
    4: lambda upright: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda upright: upright.transpose(Image.Transpose.TRANSPOSE),
    6: lambda upright: upright.transpose(Image.Transpose.ROTATE_90),
    7: lambda upright: upright.transpose(Image.Transpose.TRANSVERSE),
    8: lambda upright: upright.transpose(Image.Transpose.ROTATE_270),
}
"""By EXIF orientation: how an upright picture is stored so that the orientation turns it upright again."""

Read = Callable[[bytes], float]

each_xray = pytest.mark.parametrize("path", FRACATLAS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as made:
        yield made


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(default_release())


@pytest.fixture
def read(decoder: Decoder, detector: Detector, tmp_path: Path) -> Read:
    """The probability that a file gets."""

    def probability(content: bytes) -> float:
        (tmp_path / "file").write_bytes(content)
        image = read_image(tmp_path / "file", decoder)
        assert not isinstance(image, Refusal), image.reason
        (reading,) = detector.read([detector.prepare(image.pixels, image.low, image.high)])
        assert reading.probability is not None
        return reading.probability

    return probability


@each_xray
def test_bright_bone_and_dark_bone_are_one_image(path: Path, read: Read) -> None:
    pixels = grey(path)
    bright = dicom(pixels, _00280004="MONOCHROME2")
    dark = dicom(255 - pixels, _00280004="MONOCHROME1")
    assert_one_answer([read(bright), read(dark)])


def test_a_hospitals_own_file_and_its_inverted_twin_are_one_image(read: Read) -> None:
    twin = pydicom.dcmread(TIBIA)
    assert twin.PhotometricInterpretation == "MONOCHROME1"
    highest = 2**twin.BitsStored - 1
    twin.PixelData = (highest - twin.pixel_array).astype(twin.pixel_array.dtype).tobytes()
    twin.PhotometricInterpretation = "MONOCHROME2"
    twin.WindowCenter = (
        highest - float(twin.WindowCenter) + 1
    )  # the middle is half a step lower: PS3.3 C.11.2
    stored = io.BytesIO()
    twin.save_as(stored)
    assert_one_answer([read(TIBIA.read_bytes()), read(stored.getvalue())])


@each_xray
def test_8_and_16_bits_are_one_image(path: Path, read: Read) -> None:
    pixels = grey(path)
    answers = [
        read(png(pixels)),
        read(png(pixels.astype(np.uint16) * 257)),
        read(dicom(pixels)),
        read(dicom(pixels.astype(np.uint16) * 257)),
        read(dicom(pixels.astype(np.uint16) * 16, **TWELVE_BITS)),
    ]
    assert_one_answer(answers)


@each_xray
def test_the_eight_orientations_are_one_image(path: Path, read: Read) -> None:
    upright = Image.fromarray(grey(path))
    assert_one_answer([read(as_png(UNDONE[number](upright), number)) for number in sorted(UNDONE)])


def grey(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def as_png(stored: Image.Image, orientation: int) -> bytes:
    """Stored without loss: a JPEG turned before it is written loses other greys, and is another image."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    target = io.BytesIO()
    stored.save(target, "PNG", exif=exif.tobytes())
    return target.getvalue()


def assert_one_answer(probabilities: list[float]) -> None:
    assert max(probabilities) - min(probabilities) <= LARGEST_DIFFERENCE, probabilities
