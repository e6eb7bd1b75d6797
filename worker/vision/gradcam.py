"""Grad-CAM: which places raised the image's logit, for any network here, trained on boxes or not.

It explains more than it finds: on fold 1 with greenstick-1 its hottest place lies in a marked fracture in 20
of 115 images, that of the map trained on boxes in 64 (2026-11-20).

source  Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks"
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.vision.finer import finer
from worker.vision.heatmap import image_heatmap
from worker.vision.preprocess import Prepared


def gradcam_heatmap(network: nn.Module, image: Prepared, device: str) -> NDArray[np.uint8]:
    """The explanation laid over the image as the trained heatmap is; 255 is its own strongest place.

    It has no scale of its own: unlike the trained map's, its values are no probabilities.
    """
    batch = torch.from_numpy(image.tensor[None]).to(device)
    return image_heatmap(finer(gradcam(network, batch)[0]), image.placement)


def gradcam(network: nn.Module, images: Tensor) -> NDArray[np.float32]:
    """(N, 1, H, W) -> (N, rows, columns) over the cells of the last features, 0..1 for each image.

    All 0 where nothing raised the logit.
    """
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
        kept.append(output if isinstance(output, Tensor) else output[-1])

    hook = network.get_submodule(network.explained).register_forward_hook(keep)  # type: ignore[arg-type]
    try:
        with torch.enable_grad():
            logits = network.eval()(images.requires_grad_()).logits
            (features,) = kept  # (N, C, rows, columns)
            (slopes,) = torch.autograd.grad(logits.sum(), features)
    finally:
        hook.remove()
    raised = (slopes.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1).relu()
    strongest = raised.amax(dim=(1, 2), keepdim=True).clamp(min=torch.finfo(raised.dtype).tiny)
    return (raised / strongest).detach().float().cpu().numpy()
