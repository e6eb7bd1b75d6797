"""Train one network: epochs of augmented batches, a running mean of the weights, the best kept by AUROC."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from worker.vision.errors import OutOfMemory
from worker.vision.networks.registry import Trainable
from worker.vision.torch_engine import NO_ROOM
from worker.vision.training.average import WeightAverage, half_way
from worker.vision.training.checkpoint import (
    Options,
    append_metrics,
    keep_metrics,
    load_state,
    save_best,
    save_state,
)
from worker.vision.training.course import Course
from worker.vision.training.crew import Crew
from worker.vision.training.curves import write_curves
from worker.vision.training.precision import keep_grouped_convolutions_in_float32
from worker.vision.training.progress import STEPS_PER_NOTE, Progress
from worker.vision.training.rates import optimizer_of, set_rate

LARGEST_GRADIENT = 5.0

Score = Callable[[nn.Module], float]
"""How well a network reads the images that choose an epoch."""


class Trainer:
    """One run. `run` may be called again after a kill: it goes on after the last whole epoch."""

    def __init__(
        self,
        network: Trainable,
        options: Options,
        course: Course,
        folder: Path,
        crew: Crew,
        progress: Progress,
        score: Score | None = None,
    ) -> None:
        """score  by which the epoch is chosen whose weights are kept; without it, the last one's are"""
        self.options, self.course, self.folder, self.crew = options, course, folder, crew
        self.progress, self.score = progress, score
        in_bfloat16 = options.precision == "bf16"
        if in_bfloat16 and crew.device == "cpu":
            keep_grouped_convolutions_in_float32(network)
        self.network = network.to(crew.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = WeightAverage(self.network)
        self.start = copy.deepcopy(self.network.state_dict()) if options.average_start else None
        self.optimizer = optimizer_of(self.network, options.learning_rate)
        self._set_mode()
        self.lesson = crew.together(course.lesson(self.network, in_bfloat16))
        self.epochs_done, self.best_epoch, self.best = 0, 0, -math.inf

    def run(self) -> None:
        """Train to the last epoch; after each, save the state, and the weights to keep when best.

        raises  ValueError when the loss of an epoch is no number, of which nothing is kept; OutOfMemory when
                the device has no room for a batch
        """
        self._resume()
        while self.epochs_done < self.options.epochs and not self._waited_in_vain():
            started = time.monotonic()
            with self._room_told():
                loss = self._train_epoch(self.epochs_done)
            if not math.isfinite(loss):
                raise ValueError(
                    f"the loss of epoch {self.epochs_done + 1} is no number, and nothing of it was kept:"
                    " begin anew with a lower --learning-rate"
                )
            line = {"epoch": self.epochs_done + 1, "loss": loss}
            self.epochs_done += 1
            line |= self._keep_best()
            if self.crew.leads:
                self._record({**line, "seconds": time.monotonic() - started})

    def _waited_in_vain(self) -> bool:
        patience = self.options.patience
        if patience is None or self.epochs_done - self.best_epoch < patience:
            return False
        self.progress.say(
            f"stopped after epoch {self.epochs_done}: for {patience} epochs none read the tuning fold better"
            f" than epoch {self.best_epoch}"
        )
        return True

    def _keep_best(self) -> dict[str, float]:
        """Save the weights to keep unless earlier ones read the tuning images better; the measure."""
        if self.score is None:
            self._save_best()
            return {}
        score = self.crew.told(self._score)
        if score > self.best or math.isinf(self.best):
            self.best, self.best_epoch = score, self.epochs_done
            self._save_best()
        return {"tune_auroc": score}

    def _save_best(self) -> None:
        if self.crew.leads:
            save_best(self.folder, self.to_keep())

    def to_keep(self) -> nn.Module:
        """The averaged network; half way back to where the run started, when asked for."""
        return self.average.network if self.start is None else half_way(self.average.network, self.start)

    def _score(self) -> float:
        assert self.score is not None
        return self.score(self.to_keep())

    def _train_epoch(self, epoch: int) -> float:
        """Teach the network every batch of an epoch; the mean loss."""
        options, crew = self.options, self.crew
        torch.manual_seed(options.seed * 1000 + epoch + 1_000_000 * crew.rank)
        self._set_mode()
        losses: list[Tensor] = []
        steps, stream = self.course.steps(epoch), self.course.batches(epoch, crew)
        watched = self.progress.over(stream, steps, f"epoch {epoch + 1}", lambda: _recent(losses))
        for step, (images, *taught) in enumerate(watched):
            set_rate(self.optimizer, (epoch + step / steps) / options.epochs)
            taught = [part.to(crew.device, non_blocking=True) for part in taught]
            loss = self.lesson(self._on_device(images), *taught)
            self._learn(loss)
            losses.append(loss.detach())  # its value is asked for later: asking now would make a GPU wait
        return crew.mean(_mean(losses))

    @contextmanager
    def _room_told(self) -> Iterator[None]:
        """Tell a full device from other errors."""
        try:
            yield
        except RuntimeError as failure:
            if not any(sign in str(failure) for sign in NO_ROOM):
                raise
            share = self.options.batch_size // self.crew.size
            raise OutOfMemory(
                f"{share} images at once do not fit on {self.crew.device}: begin anew with a smaller"
                " --batch-size or --side"
            ) from failure

    def _learn(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        if self.crew.leads:
            self.average.update(self.network)

    def _set_mode(self) -> None:
        """Train, but leave the early layers and their statistics as they came."""
        self.network.train()
        if self.options.weights is not None:
            self.network.backbone.early_layers().eval().requires_grad_(False)

    def _on_device(self, images: Tensor) -> Tensor:
        return images.to(self.crew.device, memory_format=torch.channels_last, non_blocking=True)

    def _record(self, line: dict[str, float]) -> None:
        """The measures first: a kill in between leaves a line too many, which `_resume` takes back."""
        append_metrics(self.folder, line)
        save_state(
            self.folder,
            {
                "network": self.network.state_dict(),
                "average": self.average.network.state_dict(),
                "average_steps": self.average.steps,
                "optimizer": self.optimizer.state_dict(),
                "epochs_done": self.epochs_done,
                "best": self.best,
                "best_epoch": self.best_epoch,
            },
        )
        write_curves(self.folder)
        self.progress.say("  ".join(f"{name} {value:.4g}" for name, value in line.items()))

    def _resume(self) -> None:
        state = load_state(self.folder)
        if self.crew.leads:
            keep_metrics(self.folder, 0 if state is None else state["epochs_done"])
        if state is None:
            return
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.average.steps = state["average_steps"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.epochs_done, self.best, self.best_epoch = (
            state[name] for name in ("epochs_done", "best", "best_epoch")
        )
        self.progress.say(f"going on after epoch {self.epochs_done}")


def _recent(losses: Sequence[Tensor]) -> str:
    return f"loss {_mean(losses[-STEPS_PER_NOTE:]):.3f}"


def _mean(losses: Sequence[Tensor]) -> float:
    return float(np.mean(torch.stack(list(losses)).tolist()))
