from __future__ import annotations

import pytest

from tests.needs import needs_torch

pytestmark = needs_torch
torch = pytest.importorskip("torch", reason="needs torch: ./run install torch")

from worker.vision.training.losses import map_loss  # noqa: E402


def test_map_that_is_its_peaked_target_has_next_to_no_loss() -> None:
    target = torch.zeros(1, 6, 6)
    target[0, 2, 1:6] = torch.tensor([0.4, 0.6, 1.0, 0.6, 0.4])
    same = torch.logit(target, eps=1e-4)
    level = torch.logit((target > 0).float(), eps=1e-4)
    assert map_loss(same, target) < 0.001 < map_loss(level, target)


def test_cold_map_of_a_sound_image_has_no_loss() -> None:
    assert map_loss(torch.full((2, 6, 6), -9.0), torch.zeros(2, 6, 6)) < 0.001
