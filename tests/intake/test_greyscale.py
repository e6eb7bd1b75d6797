"""Shrinking and windowing, on plain arrays."""

import numpy as np
import pytest

from tests.corpus.pictures import radiograph
from worker.intake.greyscale import Greyscale, shrink, to_display, usable_window


def test_small_images_are_not_touched() -> None:
    pixels = radiograph(bits=16)
    assert shrink(pixels) is pixels


@pytest.mark.parametrize("bits", [8, 16])
def test_the_longer_side_is_capped_and_the_shape_kept(bits: int) -> None:
    small = shrink(np.zeros((1000, 3000), np.uint8 if bits == 8 else np.uint16), 600)
    assert small.shape == (200, 600)
    assert small.dtype.itemsize * 8 == bits


def test_a_very_long_image_keeps_one_row() -> None:
    assert shrink(np.zeros((1, 3000), np.uint16), 100).shape == (1, 100)


def test_16_bit_values_survive_shrinking() -> None:
    """A slow ramp over all 65,536 values: off by one at most, where 8 bits would be off by 128."""
    ramp = np.repeat(np.linspace(0, 65535, 4096)[None], 64, axis=0).astype(np.uint16)
    small = shrink(ramp, 1024)
    expected = ramp[0].reshape(1024, 4).mean(axis=1)
    inside = slice(8, -8)  # the filter has fewer neighbours at the ends
    assert np.abs(small[8, inside] - expected[inside]).max() <= 1


def test_flat_areas_keep_their_exact_value() -> None:
    assert set(np.unique(shrink(np.full((900, 900), 54321, np.uint16), 300))) == {54321}


def test_edges_do_not_wrap_around() -> None:
    """The filter swings over at an edge from black to white: it must stay black and white."""
    edge = np.zeros((64, 900), np.uint16)
    edge[:, 450:] = 65535
    small = shrink(edge, 300)
    assert small[:, :140].max() < 3000
    assert small[:, 160:].min() > 62000


def test_display_covers_black_to_white_and_clips() -> None:
    pixels = np.array([[0, 100, 160, 200, 65535]], np.uint16)
    assert to_display(pixels, 100, 200).tolist() == [[0, 0, 153, 255, 255]]


def test_a_window_off_all_values_is_replaced_and_said_so() -> None:
    image = Greyscale(radiograph(bits=12), (50_000.0, 60_000.0), 80, 112)
    low, high = usable_window(image)
    assert 0 <= low < high < 4096
    assert image.flags == ["window_ignored"]


def test_two_values_are_contrast_enough() -> None:
    pixels = np.zeros((100, 100), np.uint16)
    pixels[0, 0] = 9
    assert usable_window(Greyscale(pixels, None, 100, 100)) == (0, 9)
