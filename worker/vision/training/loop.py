"""Train one network: epochs of augmented batches, a running mean of the weights, the best kept by AUROC."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.vision.card import PreprocessingCard
from worker.vision.evaluation.metrics import auroc
from worker.vision.networks.reader import Reader
from worker.vision.training.average import WeightAverage
from worker.vision.training.batches import batches_per_epoch, plain_batches, training_batches
from worker.vision.training.checkpoint import Options, append_metrics, load_state, save_best, save_state
from worker.vision.training.curves import write_curves
from worker.vision.training.losses import image_loss, map_loss
from worker.vision.training.precision import keep_grouped_convolutions_in_float32
from worker.vision.training.samples import Sample

HEAD_RATE = 4.0  # learning rate of the untrained head, times that of the backbone
WEIGHT_DECAY = 0.03
WARM_UP_SHARE = 0.05
LARGEST_GRADIENT = 5.0


class Trainer:
    """One run. `run` may be called again after a kill: it goes on after the last whole epoch."""

    def __init__(
        self,
        network: Reader,
        options: Options,
        card: PreprocessingCard,
        folder: Path,
        device: str,
        say: Callable[[str], None] = print,
    ) -> None:
        self.options, self.card, self.folder, self.device, self.say = options, card, folder, device, say
        if options.precision == "bf16":
            keep_grouped_convolutions_in_float32(network)
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = WeightAverage(self.network)
        self.optimizer = torch.optim.AdamW(_parameter_groups(self.network, options.learning_rate))
        self.epochs_done, self.best = 0, -math.inf

    def run(self, train: Sequence[Sample], tune: Sequence[Sample] = ()) -> None:
        """Train to the last epoch; after each, save the state, and the averaged weights when best.

        tune  images to choose the best epoch by; without any the last epoch's weights are kept
        """
        self._resume()
        for epoch in range(self.epochs_done, self.options.epochs):
            started = time.monotonic()
            line = {"epoch": epoch + 1, "loss": self._train_epoch(epoch, train)} | self._keep_best(tune)
            self.epochs_done = epoch + 1
            self._save()
            line["seconds"] = time.monotonic() - started
            append_metrics(self.folder, line)
            write_curves(self.folder)
            self.say("  ".join(f"{name} {value:.4g}" for name, value in line.items()))

    def _keep_best(self, tune: Sequence[Sample]) -> dict[str, float]:
        """Save the averaged weights unless earlier ones read the tuning images better; the measure."""
        if not tune:
            save_best(self.folder, self.average.network)
            return {}
        score = auroc(np.array([sample.is_fractured for sample in tune]), self.scores(tune))
        if score > self.best or math.isinf(self.best):
            self.best = score
            save_best(self.folder, self.average.network)
        return {"tune_auroc": score}

    @torch.no_grad()
    def scores(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """The averaged network's logits, (N,)."""
        parts = []
        for images in plain_batches(samples, self.card, self.options.batch_size):
            with self._precision():
                answers = self.average.network(self._on_device(images))
            parts.append(answers.logits.double().cpu().numpy())
        return np.concatenate(parts)

    def _train_epoch(self, epoch: int, samples: Sequence[Sample]) -> float:
        random = np.random.default_rng([self.options.seed, epoch])
        torch.manual_seed(self.options.seed * 1000 + epoch)
        self._set_mode()
        losses = []
        batches = batches_per_epoch(samples, self.options.batch_size)
        card = replace(self.card, side_px=self._side_of(epoch))
        stream = training_batches(samples, card, self.options.batch_size, random)
        for step, (images, labels, targets) in enumerate(stream):
            self._set_rate((epoch + step / batches) / self.options.epochs)
            with self._precision():
                answers = self.network(self._on_device(images))
            loss = image_loss(answers.logits, labels.to(self.device))
            if self.options.box_supervision:
                loss = loss + map_loss(answers.maps, targets.to(self.device))
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
            self.optimizer.step()
            self.average.update(self.network)
            losses.append(loss.item())
            if step % 25 == 0:
                self.say(f"  epoch {epoch + 1} step {step} of {batches}: loss {np.mean(losses[-25:]):.3f}")
        return float(np.mean(losses))

    def _side_of(self, epoch: int) -> int:
        first_half = epoch < self.options.epochs // 2
        return self.options.first_side if first_half and self.options.first_side else self.options.side

    def _set_mode(self) -> None:
        """Train, but leave the early layers and their statistics as they came."""
        self.network.train()
        if self.options.weights is not None:
            self.network.backbone.early_layers().eval().requires_grad_(False)

    def _set_rate(self, progress: float) -> None:
        """A short linear warm-up, then half a cosine to a hundredth."""
        warm = min(1.0, progress / WARM_UP_SHARE + 0.02)
        cosine = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
        for group in self.optimizer.param_groups:
            group["lr"] = group["full_rate"] * warm * cosine

    def _precision(self) -> AbstractContextManager[object]:
        kind = torch.device(self.device).type
        return torch.autocast(kind, torch.bfloat16, enabled=self.options.precision == "bf16")

    def _on_device(self, images: torch.Tensor) -> torch.Tensor:
        return images.to(self.device, memory_format=torch.channels_last)

    def _save(self) -> None:
        save_state(
            self.folder,
            {
                "network": self.network.state_dict(),
                "average": self.average.network.state_dict(),
                "average_steps": self.average.steps,
                "optimizer": self.optimizer.state_dict(),
                "epochs_done": self.epochs_done,
                "best": self.best,
            },
        )

    def _resume(self) -> None:
        state = load_state(self.folder)
        if state is None:
            return
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.average.steps = state["average_steps"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.epochs_done, self.best = state["epochs_done"], state["best"]
        self.say(f"going on after epoch {self.epochs_done}")


def _parameter_groups(network: Reader, rate: float) -> Iterator[dict[str, object]]:
    """Backbone and head, each with and without weight decay (norms, biases and scalars go without)."""
    for is_head in (False, True):
        for decays in (False, True):
            parameters = [
                parameter
                for name, parameter in network.named_parameters()
                if name.startswith("backbone.") != is_head and (parameter.ndim > 1) == decays
            ]
            full_rate = rate * HEAD_RATE if is_head else rate
            decay = WEIGHT_DECAY if decays else 0.0
            if parameters:
                yield {"params": parameters, "lr": full_rate, "full_rate": full_rate, "weight_decay": decay}
