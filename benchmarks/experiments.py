"""Small trainings on the same images, each different in one thing: what the choices of the recipe bring.

python -m benchmarks.experiments --data MANIFEST.csv --weights DIR [--only NAME ...] [--out runs/experiments]
python -m benchmarks.experiments --table docs/experiments-table.md

Each is trained on folds 2 to 4 and judged on folds 0 and 1, one of them calibrating the other; no image
chooses an epoch. Interrupted, the same command goes on. The table is made of what is finished, and measures
the milliseconds anew, on one thread: make it on a quiet machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import torch

from benchmarks.reading import architecture_row, decoded
from benchmarks.stage import shipped_release
from worker.commands.recipe import preprocessing_of, rows_of, samples_of
from worker.commands.recording import card_metrics
from worker.commands.training_run import run_training
from worker.vision.evaluation.report import report_on
from worker.vision.evaluation.seen import seen_out_of_fold
from worker.vision.networks.registry import build_reader
from worker.vision.training.answers import answers
from worker.vision.training.checkpoint import BEST_FILE, Options, epochs_of, load_best
from worker.vision.training.out_of_fold import Fold, outcomes_of, tuned_on

EPOCHS, BATCH_SIZE, LEARNING_RATE, SEED = 2, 16, 4e-4, 0
TRAINED_ON, JUDGED_ON = (2, 3, 4), (0, 1)
RESULT_FILE = "result.json"
HEAD = (
    "network", "side, px", "finds the limb", "learns from boxes",
    "AUROC (95 %)", "PR-AUC", "hit rate", "AP at IoU 0.3", "parameters, M", "ms",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Experiment:
    """weights  file of the pre-trained backbone; None starts from random ones"""

    arch: str
    weights: str | None
    side: int
    box_supervision: bool = True
    finds_limb: bool = True
    peaked_boxes: bool = False

    @property
    def name(self) -> str:
        differs = (
            "" if self.box_supervision else "-labels-only",
            "" if self.finds_limb else "-whole-image",
            "-peaked" if self.peaked_boxes else "",
        )
        return f"{self.arch}-{self.side}{''.join(differs)}"


LITE = "efficientnet-lite0", "efficientnet_lite0.safetensors"
FINER = "resnet50-c4-fpn", "resnet50.safetensors"
NETWORKS: tuple[tuple[str, str | None], ...] = (
    ("plain-cnn", None),
    ("resnet18", "resnet18.safetensors"),
    ("mobilenet-v2", "mobilenet_v2.safetensors"),
    LITE,
)
SIDES = (224, 320)
EXPERIMENTS = (
    *(Experiment(arch, weights, side) for side in SIDES for arch, weights in NETWORKS),
    Experiment("efficientnet-lite2", "efficientnet_lite2.safetensors", SIDES[1]),
    Experiment("resnet50", "resnet50.safetensors", SIDES[1]),
    Experiment("resnet50-c4", "resnet50.safetensors", SIDES[1]),
    Experiment(*FINER, SIDES[1]),
    Experiment(*LITE, SIDES[0], box_supervision=False),
    Experiment(*LITE, SIDES[0], finds_limb=False),
    Experiment(*FINER, SIDES[1], box_supervision=False),
    Experiment(*FINER, SIDES[1], finds_limb=False),
    Experiment(*LITE, SIDES[1], peaked_boxes=True),
    Experiment(*FINER, SIDES[1], peaked_boxes=True),
)


def main() -> None:
    asked = _parser().parse_args()
    torch.set_num_threads(1)
    if asked.table is not None:
        asked.table.write_text(table(asked.out), "utf-8")
        return
    for experiment in EXPERIMENTS:
        folder = asked.out / experiment.name
        if (not asked.only or experiment.name in asked.only) and not (folder / RESULT_FILE).exists():
            result = run(experiment, asked.data, asked.weights, folder)
            (folder / RESULT_FILE).write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def run(experiment: Experiment, manifest: Path, weights: Path, folder: Path) -> dict[str, Any]:
    """Train and judge; the measures as a card keeps them."""
    options = options_of(experiment, manifest, weights)
    if not (folder / BEST_FILE).exists() or epochs_of(folder)["epochs_done"] < options.epochs:
        run_training(options, folder)
    network = build_reader(options.arch)
    load_best(folder, network)
    folds = []
    for number in JUDGED_ON:
        samples = samples_of(options, [number])
        outputs = answers(network, samples, preprocessing_of(options))
        folds.append(Fold(number, rows_of(options, [number]), samples, outputs))
    points = tuned_on(folds).operating_points
    outcomes = outcomes_of(folds)
    seen = seen_out_of_fold([fold.rows for fold in folds])
    return card_metrics(report_on(outcomes, experiment.name, seen, list(JUDGED_ON), points))


def options_of(experiment: Experiment, manifest: Path, weights: Path) -> Options:
    return Options(
        manifest=str(manifest),
        arch=experiment.arch,
        weights=None if experiment.weights is None else str(weights / experiment.weights),
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        side=experiment.side,
        folds_train=TRAINED_ON,
        fold_tune=None,
        fold_test=None,
        seed=SEED,
        learning_rate=LEARNING_RATE,
        precision="bf16",
        box_supervision=experiment.box_supervision,
        finds_limb=experiment.finds_limb,
        peaked_boxes=experiment.peaked_boxes,
    )


def table(out: Path) -> str:
    """Markdown, a row for each finished experiment."""
    images, _ = decoded(20)
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    speed: dict[tuple[str, int], str] = {}
    for experiment in EXPERIMENTS:
        stored = out / experiment.name / RESULT_FILE
        if stored.exists():
            key = experiment.arch, experiment.side
            if key not in speed:
                cells = architecture_row(*key, shipped_release(), images, runs=40).split(" | ")
                speed[key] = f"{cells[2]} | {cells[3]}"
            lines.append(_line(experiment, json.loads(stored.read_text("utf-8")), speed[key]))
    return "\n".join(lines) + "\n"


def _line(experiment: Experiment, metrics: dict[str, Any], speed: str) -> str:
    low, high = metrics["intervals_95"]["auroc"]
    parts = [
        experiment.arch,
        experiment.side,
        "yes" if experiment.finds_limb else "no",
        ("peaked" if experiment.peaked_boxes else "yes") if experiment.box_supervision else "no",
        f"{metrics['auroc']:.3f} ({low:.3f}–{high:.3f})",
        *(f"{metrics[name]:.3f}" for name in ("pr_auc", "hit_rate", "box_precision_30")),
        speed,
    ]
    return "| " + " | ".join(map(str, parts)) + " |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/experiments"))
    parser.add_argument("--only", nargs="+", choices=[experiment.name for experiment in EXPERIMENTS])
    parser.add_argument("--table", type=Path, help="write the table of what is finished")
    return parser


if __name__ == "__main__":
    main()
