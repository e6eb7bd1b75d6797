"""What all folds of a cross-validation together say of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from worker.commands.evaluation_folder import write_out
from worker.commands.recipe import say
from worker.commands.recording import card_metrics
from worker.vision.evaluation.metrics import Labels, Scores, brier, calibration_error, roc
from worker.vision.evaluation.outcome import labels_of, probabilities_of
from worker.vision.evaluation.report import report_on
from worker.vision.evaluation.report_text import as_text
from worker.vision.evaluation.seen import seen_out_of_fold
from worker.vision.networks.registry import looks_closely
from worker.vision.training.checkpoint import Options
from worker.vision.training.judgement import Judged, Judgement
from worker.vision.training.lineage import lineage_of
from worker.vision.training.out_of_fold import Fold, outcomes_of, tuned_on, uncalibrated

PUBLISHED_SPECIFICITY = 0.71  # where the best published figure for FracAtlas states its recall


def judge_folds(
    out: Path, folds: Sequence[Fold], members: Sequence[Sequence[Path]], is_mirrored: bool
) -> None:
    """Say and write how well images are read by networks that never saw them; keep the rules they give.

    members  of each fold: the runs whose networks read it, together
    """
    numbers = [fold.number for fold in folds]
    rules, outcomes = tuned_on(folds), outcomes_of(folds)
    started_from = {name for runs in members for run in runs if (name := _release_before(run))}
    seen = seen_out_of_fold([fold.rows for fold in folds], started_from)
    report = report_on(outcomes, f"the recipe of {out.name}", seen, numbers, rules.operating_points)
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
    say(as_text(report))
    say(f"recall at specificity {PUBLISHED_SPECIFICITY}: {recall:.3f}")
    say("before calibration  " + "  ".join(f"{name} {value:.4f}" for name, value in before.items()))
    first = [Options.read(run) for run in members[0]]
    known = {*numbers, *(fold for options in first for fold in options.folds_train)}
    Judgement(Judged.of(first), rules, is_mirrored, tuned, metrics, sorted(known)).write(out)
    write_out(out, outcomes, report, _about(folds, is_mirrored, looks_closely(first[-1].arch)), raw)


def _release_before(run: Path) -> str:
    """The release whose weights the run's training went on from; empty when there is none."""
    release = lineage_of(run).release
    return "" if release is None else release.name


def _about(folds: Sequence[Fold], is_mirrored: bool, has_closer: bool) -> str:
    mirrored = ", each image mirrored too" if is_mirrored else ""
    places = (
        " The places from which the last network learnt to look from near were found by networks that were"
        " trained on the fold judged here, though never on the images in which they found them."
    )
    return (
        f"Each of the {len(folds)} folds was read by what was trained on other folds only{mirrored}, and has"
        " its calibration and verdicts from what the others taught. The points given here are of all folds."
        f"{places if has_closer else ''}"
    )


def _recall_at(labels: Labels, probabilities: Scores, specificity: float) -> float:
    """The largest share of fractured images found with at least this share of sound ones left alone."""
    false_rate, true_rate = roc(labels, probabilities)
    return float(true_rate[false_rate <= 1 - specificity + 1e-12].max())
