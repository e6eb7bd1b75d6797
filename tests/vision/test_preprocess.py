from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.vision.limbs import broken_limb, limb
from worker.vision.card import PreprocessingCard
from worker.vision.preprocess import VERSION, Pixels, prepare

CARD = PreprocessingCard(VERSION, 64, 1.0, 99.7, (0.25,), (0.5,))
ONE_GREY_LEVEL = 1 / 255 + 1e-6


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    seed=st.integers(0, 9),
    is_deep=st.booleans(),
)
def test_any_picture_gives_a_square_tensor_in_range(
    width: int, height: int, seed: int, is_deep: bool
) -> None:
    top = 65536 if is_deep else 256
    noise = np.random.default_rng(seed).integers(0, top, (height, width))
    pixels: Pixels = noise.astype(np.uint16) if is_deep else noise.astype(np.uint8)
    prepared = prepare(pixels, 0, top - 1, CARD)
    assert prepared.tensor.shape == (1, 64, 64)
    assert prepared.tensor.dtype == np.float32
    assert prepared.tensor.min() >= (0 - 0.25) / 0.5
    assert prepared.tensor.max() <= (1 - 0.25) / 0.5


def test_three_channels_each_have_their_own_scale() -> None:
    card = replace(CARD, mean=(0.0, 0.5, 0.0), deviation=(1.0, 1.0, 0.5))
    red, green, blue = prepare(limb(), 0, 255, card).tensor
    assert np.allclose(green, red - 0.5)
    assert np.allclose(blue, red * 2)


@pytest.mark.parametrize("grey", [0, 77, 255])
def test_picture_of_one_grey_value_gives_a_flat_tensor(grey: int, preparing: PreprocessingCard) -> None:
    tensor = prepare(np.full((50, 40), grey, np.uint8), 0, 255, preparing).tensor
    assert np.isfinite(tensor).all()
    assert tensor.min() == tensor.max() == 0


def test_empty_window_does_not_divide_by_zero(preparing: PreprocessingCard) -> None:
    assert np.isfinite(prepare(limb(), 100, 100, preparing).tensor).all()


def test_deep_twin_of_a_picture_gives_the_same_tensor(preparing: PreprocessingCard) -> None:
    eight = limb()
    sixteen = eight.astype(np.uint16) * 257
    of_eight = prepare(eight, 0, 255, preparing)
    of_sixteen = prepare(sixteen, 0, 65535, preparing)
    assert np.abs(of_eight.tensor - of_sixteen.tensor).max() <= ONE_GREY_LEVEL
    assert of_eight.placement == of_sixteen.placement


def test_twelve_bit_picture_with_an_offset_gives_the_same_tensor(preparing: PreprocessingCard) -> None:
    eight = limb()
    shifted = eight.astype(np.uint16) * 16 + 300
    tensor = prepare(shifted, 300, 300 + 255 * 16, preparing).tensor
    assert np.abs(tensor - prepare(eight, 0, 255, preparing).tensor).max() <= ONE_GREY_LEVEL


def test_darker_exposure_gives_nearly_the_same_tensor(preparing: PreprocessingCard) -> None:
    bright = limb()
    dark = (bright * 0.6 + 10).astype(np.uint8)
    difference = np.abs(prepare(bright, 0, 255, preparing).tensor - prepare(dark, 0, 255, preparing).tensor)
    assert difference.mean() < 0.02


def test_large_picture_gives_nearly_the_tensor_of_its_small_twin(preparing: PreprocessingCard) -> None:
    small = limb(160, 240)
    large = np.asarray(Image.fromarray(small).resize((1280, 1920), Image.Resampling.BICUBIC))
    of_small, of_large = prepare(small, 0, 255, preparing), prepare(large, 0, 255, preparing)
    assert np.abs(of_small.tensor - of_large.tensor).mean() < 0.03
    for edge in ("left", "right", "top", "bottom"):
        small_edge, large_edge = (
            getattr(of_small.placement.rect, edge),
            getattr(of_large.placement.rect, edge),
        )
        assert large_edge / 8 == pytest.approx(small_edge, abs=0.02 * 240)


@pytest.mark.parametrize(("width", "height"), [(160, 240), (240, 160), (1201, 1999), (37, 311)])
def test_positions_go_to_the_canvas_and_back(width: int, height: int, preparing: PreprocessingCard) -> None:
    placement = prepare(limb(width, height), 0, 255, preparing).placement
    for x, y in [(0.0, 0.0), (width / 3, height / 2), (float(width), float(height))]:
        assert placement.to_image(*placement.to_canvas(x, y)) == pytest.approx((x, y))


def test_bright_spot_lies_where_the_placement_says(preparing: PreprocessingCard) -> None:
    prepared = prepare(broken_limb(row=90), 0, 255, preparing)
    x, y = prepared.placement.to_canvas(80, 90)
    assert prepared.tensor[0, round(y), round(x)] > 0.95


def test_other_types_and_shapes_are_refused(preparing: PreprocessingCard) -> None:
    wrongs: list[Any] = [np.zeros((5, 5, 3), np.uint8), np.zeros((5, 5)), np.zeros((0, 5), np.uint8)]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="expected grey"):
            prepare(wrong, 0, 255, preparing)
