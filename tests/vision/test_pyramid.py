"""The reader with a finer map: how it starts, and how it answers beside one without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import needs_torch

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from worker.vision.networks.reader import soft_maximum  # noqa: E402
from worker.vision.networks.registry import build_reader, load_start, together  # noqa: E402


def test_pyramid_starts_with_the_answers_of_the_reader_it_goes_on_from(tmp_path: Path) -> None:
    torch.manual_seed(0)
    plain, pyramid = build_reader("plain-cnn").eval(), build_reader("plain-cnn-fpn").eval()
    nn.init.normal_(plain.map.weight)
    save_file(plain.state_dict(), tmp_path / "plain.safetensors")
    load_start(pyramid, tmp_path / "plain.safetensors")
    images = torch.randn(2, 1, 64, 64)
    with torch.inference_mode():
        before, after = plain(images), pyramid(images)
    finer = functional.interpolate(before.maps[:, None], scale_factor=2.0, mode="bilinear")[:, 0]
    torch.testing.assert_close(after.maps, finer, atol=1e-4, rtol=1e-4)
    said_by_image = before.logits - plain.map_weight * soft_maximum(before.maps)
    torch.testing.assert_close(after.logits, said_by_image + plain.map_weight * soft_maximum(finer))


def test_pyramid_is_no_start_for_a_reader_without_one(tmp_path: Path) -> None:
    save_file(build_reader("plain-cnn-fpn").state_dict(), tmp_path / "pyramid.safetensors")
    with pytest.raises(ValueError, match="another architecture"):
        load_start(build_reader("plain-cnn"), tmp_path / "pyramid.safetensors")


def test_ensemble_maps_as_finely_as_its_finest_member() -> None:
    torch.manual_seed(0)
    names = "plain-cnn", "plain-cnn-fpn"
    members = [build_reader(name).eval() for name in names]
    images = torch.randn(2, 1, 64, 64)
    with torch.inference_mode():
        coarse, fine = (member(images).maps for member in members)
        both = together(names, members).eval()(images)
    upsampled = functional.interpolate(coarse[:, None], size=(8, 8), mode="bilinear")[:, 0]
    torch.testing.assert_close(both.maps, (upsampled + fine) / 2)
