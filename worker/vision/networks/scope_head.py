"""The part of a reader that tells radiographs of its own kind from other pictures."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class ScopeHead(nn.Linear):
    """One logit from the means of the coarse and the fine feature map; fitted after training.

    The head of releases up to greenstick-1 reads the coarse map alone: their weights load with zeros for the
    fine one, and answer as they did.
    """

    def __init__(self, channels_fine: int, channels_coarse: int) -> None:
        super().__init__(channels_coarse + channels_fine, 1)
        self.channels_coarse = channels_coarse

    def features(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(N, fine, H, W), (N, coarse, H', W') -> (N, coarse + fine)"""
        return torch.cat([coarse.mean(dim=(2, 3)), fine.mean(dim=(2, 3))], dim=1)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        stored = state_dict.get(prefix + "weight")
        if stored is not None and stored.shape == (1, self.channels_coarse):
            state_dict[prefix + "weight"] = functional.pad(stored, (0, self.in_features - stored.shape[1]))
        super()._load_from_state_dict(state_dict, prefix, *rest)
