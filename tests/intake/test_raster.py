"""What JPEG, PNG and TIFF become."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.corpus.jpegs import jpeg, with_orientation
from tests.corpus.pictures import colour_photo, radiograph
from tests.corpus.pngs import GREY_ALPHA, hidden_half, png
from tests.corpus.tiffs import BLACK_IS_ZERO, WHITE_IS_ZERO, raw_tiff, tiff
from tests.intake.conftest import Read


def array_in(folder: Path) -> np.ndarray:
    return np.load(folder / "array.npy")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(orientation: int, read: Read, tmp_path: Path) -> None:
    read(with_orientation(orientation))
    assert array_in(tmp_path).shape == radiograph().shape
    assert (
        np.abs(array_in(tmp_path).astype(int) - radiograph()).max() < 40
    )  # JPEG noise; a wrong turn is far over


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_pillow(orientation: int, read: Read, tmp_path: Path) -> None:
    content = with_orientation(orientation)
    read(content)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    assert np.array_equal(array_in(tmp_path), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_png_and_tiff_is_turned_as_well(orientation: int, read: Read, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    arrays = []
    for name in ("PNG", "TIFF"):
        target = io.BytesIO()
        Image.fromarray(radiograph(bits=16)).save(target, name, exif=exif)
        read(target.getvalue())
        arrays.append(array_in(tmp_path))
    assert np.array_equal(arrays[0], arrays[1])
    with Image.open(io.BytesIO(with_orientation(orientation))) as turned:
        assert arrays[0].shape == (radiograph().shape if orientation < 5 else radiograph().T.shape)
        assert turned.getexif()[0x0112] == orientation


def test_16_bit_values_of_a_png_are_kept(read: Read, tmp_path: Path) -> None:
    intake = read(png(radiograph(bits=16)))
    assert intake.bit_depth == 16
    assert np.array_equal(array_in(tmp_path), radiograph(bits=16))


def test_interlacing_changes_no_value(read: Read, tmp_path: Path) -> None:
    read(png(radiograph(81, 113, 16), interlaced=True))
    assert np.array_equal(array_in(tmp_path), radiograph(81, 113, 16))


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_keeps_its_values(bits: int, compression: str, read: Read, tmp_path: Path) -> None:
    read(tiff(radiograph(bits=bits), compression=compression))
    assert np.array_equal(array_in(tmp_path), radiograph(bits=bits))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_white_is_zero_tiff_is_inverted_once(bits: int, read: Read, tmp_path: Path) -> None:
    read(raw_tiff(radiograph(bits=bits), photometric=WHITE_IS_ZERO))
    assert np.array_equal(array_in(tmp_path), (1 << bits) - 1 - radiograph(bits=bits))


@pytest.mark.parametrize("order", ["<", ">"])
def test_byte_order_of_a_tiff_does_not_matter(order, read: Read, tmp_path: Path) -> None:
    read(raw_tiff(radiograph(bits=16), photometric=BLACK_IS_ZERO, order=order))
    assert np.array_equal(array_in(tmp_path), radiograph(bits=16))


def test_8_bit_images_are_shown_as_they_are(read: Read) -> None:
    intake = read(png(np.clip(radiograph(), 60, 90)))
    assert (intake.window_low, intake.window_high) == (0, 255)


def test_a_12_bit_image_in_16_bits_is_shown_over_its_own_range(read: Read) -> None:
    intake = read(png(radiograph(bits=12)))
    assert 0 <= intake.window_low < 1000
    assert 2500 < intake.window_high < 4096


def test_hidden_pixels_are_black(read: Read, tmp_path: Path) -> None:
    read(png(hidden_half(), colour=GREY_ALPHA))
    assert array_in(tmp_path)[:, :40].max() == 0
    assert np.array_equal(array_in(tmp_path)[:, 40:], radiograph()[:, 40:])


def test_colour_becomes_the_usual_grey(read: Read, tmp_path: Path) -> None:
    read(png(colour_photo(), colour=2))
    expected = np.asarray(Image.fromarray(colour_photo()).convert("L"))
    assert np.array_equal(array_in(tmp_path), expected)


def test_previews_carry_nothing_but_grey_pixels(read: Read, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "CANARY"
    read(jpeg(exif=exif.tobytes(), comment=b"CANARY", icc_profile=b"CANARY" * 40))
    preview = (tmp_path / "preview.jpg").read_bytes()
    assert b"CANARY" not in preview
    with Image.open(io.BytesIO(preview)) as image:
        assert image.mode == "L"
        assert not {"exif", "comment", "icc_profile"} & set(image.info)
