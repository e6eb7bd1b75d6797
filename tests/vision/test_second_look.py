"""A network that looks again, from near, at what another one suspects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.needs import needs_torch

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from worker.vision.card import PreprocessingCard  # noqa: E402
from worker.vision.networks.close_reader import CLOSE_UP_PX, CloseAnswers  # noqa: E402
from worker.vision.networks.drawn_map import DRAWN_STRIDE, EDGE, Boxes, drawn_map  # noqa: E402
from worker.vision.networks.places import APART_PX, PLACES, suspicious_places  # noqa: E402
from worker.vision.networks.reader import Answers, Reader  # noqa: E402
from worker.vision.networks.registry import UnknownArchitecture, build  # noqa: E402
from worker.vision.networks.second_look import LEAN, LEAST, TRUST, SecondLook  # noqa: E402
from worker.vision.onnx_engine import OnnxEngine  # noqa: E402
from worker.vision.training.close_ups import close_up, plain_matrix  # noqa: E402
from worker.vision.training.onnx_export import export_onnx  # noqa: E402

NAME = "plain-cnn-fpn+plain-cnn-close"
SIDE = 128


@pytest.fixture
def network() -> SecondLook:
    torch.manual_seed(0)
    made = build(NAME).eval()
    assert isinstance(made, SecondLook)
    return made


def boxes_at(*boxes: tuple[float, float, float, float]) -> Boxes:
    """Centre and size of each, for one image."""
    return Boxes(*torch.tensor(boxes).T[:, None])


def told(answers: Answers, logits: list[float], box: tuple[float, ...] = (0, 0, 0, 0)) -> CloseAnswers:
    """As a closer might say of the places of one image."""
    assert len(logits) == PLACES == len(answers.logits) * PLACES
    return CloseAnswers(torch.tensor(logits), torch.tensor([box] * PLACES))


def test_suspicious_places_are_the_hottest_cells_with_none_next_to_another() -> None:
    maps = torch.full((1, 16, 16), -9.0)
    maps[0, 3, 4], maps[0, 3, 5], maps[0, 12, 2] = 5.0, 4.0, 3.0
    found = suspicious_places(maps, 8)
    assert [part[0, :2].tolist() for part in found] == [[36.0, 20.0], [28.0, 100.0], [5.0, 3.0]]
    apart = torch.maximum((found.x[0, :, None] - found.x[0]).abs(), (found.y[0, :, None] - found.y[0]).abs())
    assert apart[~torch.eye(PLACES, dtype=torch.bool)].min() > APART_PX - 8


def test_drawn_map_is_hot_in_the_middle_of_a_box_and_half_as_hot_where_it_ends() -> None:
    heat = torch.tensor([[0.8]])
    drawn = drawn_map(boxes_at((62, 34, 40, 20)), heat, 96, SIDE)[0]
    assert drawn.shape == (96 // DRAWN_STRIDE, SIDE // DRAWN_STRIDE)
    middle, last_inside = (34 // DRAWN_STRIDE, 62 // DRAWN_STRIDE), (8, (62 + 18) // DRAWN_STRIDE)
    assert drawn.argmax() == middle[0] * drawn.shape[1] + middle[1]
    assert drawn[middle].item() == pytest.approx(0.8)
    assert drawn[last_inside].item() == pytest.approx(0.8 * EDGE, abs=0.05)
    assert drawn[0, 0] < 1e-3


def test_what_overlaps_a_hotter_box_is_not_drawn_but_what_overlaps_only_that_is() -> None:
    chain = boxes_at((40, 40, 20, 20), (57, 40, 20, 20), (74, 40, 20, 20))
    drawn = drawn_map(chain, torch.tensor([[0.9, 0.8, 0.7]]), 80, SIDE)[0]
    along = drawn[40 // DRAWN_STRIDE].tolist()
    assert along[40 // DRAWN_STRIDE] == pytest.approx(0.9)
    assert along[57 // DRAWN_STRIDE] < 0.6
    assert along[74 // DRAWN_STRIDE] == pytest.approx(0.7)


def test_second_look_moves_heat_and_verdict_to_the_place_that_it_believes(
    network: SecondLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = torch.full((1, SIDE // 8, SIDE // 8), -8.0)
    maps[0, 2, 2], maps[0, 10, 12] = 1.0, 0.5  # canvas pixels (20, 20) and (100, 84)
    said = Answers(torch.tensor([0.2]), maps, torch.tensor([3.0]))
    believed = told(said, [-4.0, 4.0, *[-9.0] * (PLACES - 2)], (0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(network.closer, "forward", lambda close_ups: believed)
    image = torch.zeros(1, 1, SIDE, SIDE)
    corrected = network.look_again(image, said)
    assert corrected.scope is said.scope
    assert corrected.logits.item() == pytest.approx(0.2 + LEAN * 4)
    hottest = divmod(int(corrected.maps[0].argmax()), SIDE // DRAWN_STRIDE)
    assert hottest == (80 // DRAWN_STRIDE, 96 // DRAWN_STRIDE)  # the first of four around (100, 84)
    expected = torch.sigmoid(torch.tensor([1.0 - 4 * TRUST, 0.5 + 4 * TRUST]))
    for (x, y), heat in zip(((20, 20), (100, 84)), expected, strict=True):
        assert torch.sigmoid(corrected.maps[0, y // DRAWN_STRIDE, x // DRAWN_STRIDE]) == pytest.approx(heat)


def test_second_look_that_denies_every_place_does_not_clear_an_image_by_itself(
    network: SecondLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Answers(torch.tensor([2.0]), torch.zeros(1, SIDE // 8, SIDE // 8), torch.tensor([0.0]))
    denied = told(said, [-20.0] * PLACES)
    monkeypatch.setattr(network.closer, "forward", lambda close_ups: denied)
    corrected = network.look_again(torch.zeros(1, 1, SIDE, SIDE), said)
    assert corrected.logits.item() == pytest.approx(2 + LEAN * LEAST)


def test_close_up_of_a_reading_is_what_training_cuts(
    network: SecondLook, preparing: PreprocessingCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    maps = torch.full((1, SIDE // 8, SIDE // 8), -8.0)
    maps[0, 7, 9], maps[0, 0, 0] = 2.0, 1.0  # one well inside the canvas, one in its corner
    seen: list[torch.Tensor] = []

    def keep(close_ups: torch.Tensor) -> CloseAnswers:
        seen.append(close_ups)
        return CloseAnswers(torch.zeros(PLACES), torch.zeros(PLACES, 4))

    monkeypatch.setattr(network.closer, "forward", keep)
    image = (torch.from_numpy(canvas / np.float32(255)) - network.scales[0].mean) / network.scales[
        0
    ].deviation
    network.look_again(image[None, None], Answers(torch.zeros(1), maps, torch.zeros(1)))
    wanted = network.scales[1]
    for number, middle in enumerate(((76.0, 60.0), (4.0, 4.0))):
        shown = seen[0][number, 0] * wanted.deviation + wanted.mean
        cut = np.asarray(close_up(canvas, plain_matrix(middle)), np.float32) / 255
        inside = np.s_[8:-8, 8:-8] if number == 0 else np.s_[84:, 84:]  # Pillow's own edge lies elsewhere
        np.testing.assert_allclose(shown.numpy()[inside], cut[inside], atol=0.006)
    beyond = seen[0][1, 0, : CLOSE_UP_PX // 3, : CLOSE_UP_PX // 3] * wanted.deviation + wanted.mean
    assert beyond.abs().max() < 1e-6


def test_second_look_answers_the_same_as_onnx_whatever_the_canvas(
    network: SecondLook, tmp_path: Path
) -> None:
    assert isinstance(network.first, Reader)
    for weight in (network.first.map.weight, network.closer.judge.weight):
        torch.nn.init.normal_(weight, std=0.5)
    export_onnx(network, tmp_path / "model.onnx")
    engine = OnnxEngine(tmp_path / "model.onnx")
    for rows, columns, count in ((SIDE, SIDE, 3), (192, 96, 1)):
        images = np.random.default_rng(0).standard_normal((count, 1, rows, columns), dtype=np.float32)
        by_onnx = engine.run(images)
        with torch.inference_mode():
            by_torch = network(torch.from_numpy(images))
        assert by_onnx.maps.shape == (count, rows // DRAWN_STRIDE, columns // DRAWN_STRIDE)
        assert np.ptp(by_onnx.maps) > 1
        for mine, theirs in zip((by_onnx.logits, by_onnx.maps, by_onnx.scope), by_torch, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["plain-cnn-close", "plain-cnn-close+plain-cnn", "plain-cnn+x-close"])
def test_closer_without_a_network_before_it_is_no_architecture(name: str) -> None:
    with pytest.raises(UnknownArchitecture):
        build(name)
