"""`./run cross-validate`: judge a recipe on every image by the network that never saw it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError

from worker.commands.evaluate import card_metrics
from worker.commands.evaluation_folder import write_predictions
from worker.commands.recipe import (
    manifest_for,
    options_of,
    preprocessing_of,
    rows_of,
    run_training,
    samples_of,
    say,
)  # fmt: skip
from worker.commands.recipe_options import DATA, add_recipe
from worker.vision.evaluation.metrics import Labels, Scores, brier, calibration_error, roc
from worker.vision.evaluation.outcome import labels_of, probabilities_of
from worker.vision.evaluation.plots import write_plots
from worker.vision.evaluation.report import as_text, report_on
from worker.vision.manifest import read_manifest
from worker.vision.networks.mirrored import Mirrored
from worker.vision.networks.registry import build_reader
from worker.vision.training.answers import answers, read_answers, write_answers
from worker.vision.training.checkpoint import BEST_FILE, OPTIONS_FILE, Options, epochs_of, load_best
from worker.vision.training.crew import Crew, alone
from worker.vision.training.judgement import Judgement
from worker.vision.training.out_of_fold import Fold, outcomes_of, tuned_on, uncalibrated
from worker.vision.training.progress import Progress
from worker.vision.training.publish import round_to_half

PUBLISHED_SPECIFICITY = 0.71  # where the best published figure for FracAtlas states its recall
DESCRIPTION = (
    "Train one network per fold on the other folds, have it read the fold it never saw, and judge all images"
    " so. No image chooses weights, calibration or thresholds by which it is judged: the last epoch's weights"
    " are used, and the other folds tune. Go on after an interruption by the same command; several processes"
    " share the work by --fold. A release made of the same recipe trained on every fold (./run train"
    f" --folds-train 0,1,2,3,4 --fold-tune none --fold-test none) takes its tuning from here. {DATA}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when all that was asked for is done, 2 when something asked for is not there."""
    asked = _parser().parse_args(arguments)
    torch.set_num_threads(asked.threads)
    progress = Progress(sys.stdout)
    try:
        crew = alone(asked.device, asked.workers)
        manifest = manifest_for(asked)
        numbers = sorted({row.fold for row in read_manifest(manifest) if row.fold is not None})
        if len(numbers) < 2:
            raise ValueError("the manifest names fewer than two folds")
        runs = {number: _options(asked, manifest, numbers, number) for number in _judged(asked, numbers)}
        numbers = list(runs)
        if asked.fold not in (None, *numbers):
            raise ValueError(f"--fold must be one of {', '.join(map(str, numbers))}")
        wanted = numbers if asked.fold is None else [asked.fold]
        for number in progress.over(wanted, len(wanted), "folds"):
            _finish(runs[number], asked.out / f"fold-{number}", crew, progress, asked.mirrored)
        folds = [_fold(runs[number], asked.out / f"fold-{number}", asked.mirrored) for number in numbers]
    except (OSError, ValueError, KeyError, SafetensorError) as failure:
        print(f"cross-validate: {failure}", file=sys.stderr)
        return 2
    done = [fold for fold in folds if fold is not None]
    if len(done) < len(folds):
        say(f"{len(done)} of {len(folds)} folds are read")
        return 0
    _judge(asked.out, done, runs, asked.mirrored)
    return 0


def _judged(asked: argparse.Namespace, numbers: list[int]) -> list[int]:
    if asked.folds is None:
        return numbers
    chosen = sorted({int(number) for number in asked.folds.split(",")})
    if len(chosen) < 2 or not set(chosen) <= set(numbers):
        raise ValueError(f"--folds must name two or more of {', '.join(map(str, numbers))}")
    return chosen


def _options(asked: argparse.Namespace, manifest: Path, numbers: list[int], number: int) -> Options:
    others = tuple(other for other in numbers if other != number)
    return options_of(asked, manifest, others, fold_tune=None, fold_test=number)


def _finish(options: Options, folder: Path, crew: Crew, progress: Progress, is_mirrored: bool) -> None:
    """Train the network of one fold where that is not done yet, and keep what it says of the fold."""
    assert options.fold_test is not None
    rows = rows_of(options, [options.fold_test])
    if (folder / OPTIONS_FILE).exists() and Options.read(folder) != options:
        raise ValueError(f"{folder} holds a run of another recipe: give another --out")
    if read_answers(folder, rows, is_mirrored) is not None:
        return
    if not (folder / BEST_FILE).exists() or epochs_of(folder)["epochs_done"] < options.epochs:
        run_training(options, folder, crew, progress)
    network = build_reader(options.arch)
    load_best(folder, network)
    round_to_half(network)
    reading = Mirrored(network) if is_mirrored else network
    samples = samples_of(options, [options.fold_test])
    write_answers(folder, rows, answers(reading, samples, preprocessing_of(options)), is_mirrored)


def _fold(options: Options, folder: Path, is_mirrored: bool) -> Fold | None:
    assert options.fold_test is not None
    rows = rows_of(options, [options.fold_test])
    outputs = read_answers(folder, rows, is_mirrored)
    return None if outputs is None else Fold(rows, samples_of(options, [options.fold_test]), outputs)


def _judge(out: Path, folds: Sequence[Fold], runs: dict[int, Options], is_mirrored: bool) -> None:
    side_px = next(iter(runs.values())).side
    rules, outcomes = tuned_on(folds, side_px), outcomes_of(folds, side_px)
    report = report_on(outcomes, f"the recipe of {out.name}", list(runs), rules.operating_points)
    labels, raw = labels_of(outcomes), np.array(uncalibrated(folds))
    before = {"calibration_error": calibration_error(labels, raw), "brier": brier(labels, raw)}
    recall = _recall_at(labels, probabilities_of(outcomes), PUBLISHED_SPECIFICITY)
    metrics = {
        "folds": report.folds,
        **card_metrics(report),
        "recall_at_specificity": {f"{PUBLISHED_SPECIFICITY:.2f}": recall},
        "before_calibration": before,
    }
    tuned = {"tune_images": report.images, "tune_fractured": report.fractured}
    Judgement(rules, is_mirrored, tuned, metrics).write(out)
    write_predictions(out / "predictions.csv", outcomes)
    write_plots(out, labels, probabilities_of(outcomes))
    say(as_text(report))
    say(f"recall at specificity {PUBLISHED_SPECIFICITY}: {recall:.3f}")
    say("before calibration  " + "  ".join(f"{name} {value:.4f}" for name, value in before.items()))


def _recall_at(labels: Labels, probabilities: Scores, specificity: float) -> float:
    """The largest share of fractured images found with at least this share of sound ones left alone."""
    false_rate, true_rate = roc(labels, probabilities)
    return float(true_rate[false_rate <= 1 - specificity + 1e-12].max())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run cross-validate", description=DESCRIPTION)
    add_recipe(parser)
    parser.add_argument("--mirrored", action="store_true", help="read each image as it is and mirrored")
    parser.add_argument(
        "--folds", help="judge on these only, such as 0,1; each network is trained on all others"
    )
    parser.add_argument("--fold", type=int, help="only this one; default: all, one after the other")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="such as runs/cv")
    return parser


if __name__ == "__main__":
    sys.exit(main())
