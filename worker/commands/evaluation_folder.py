"""The folder that a report is left in, by `./run evaluate --out` and by `./run cross-validate`."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from worker.commands.files import Refusal, read_image
from worker.intake.decoder import Decoder
from worker.vision.evaluation.contact_sheet import Tile, contact_sheet, worst_false_alarms, worst_misses
from worker.vision.evaluation.metrics import Scores
from worker.vision.evaluation.outcome import Outcome
from worker.vision.evaluation.page import report_page
from worker.vision.evaluation.plots import write_plots
from worker.vision.evaluation.report import Report


def write_out(
    folder: Path,
    outcomes: Sequence[Outcome],
    report: Report,
    about: str,
    uncalibrated: Scores | None = None,
) -> None:
    """report.json, report.html, predictions.csv, the diagrams and the worst errors as contact sheets.

    about         what was judged, in a sentence for the page
    uncalibrated  the networks' own probabilities, where they are to be held against the calibrated ones
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report.to_json(), indent=2) + "\n", "utf-8")
    _write_predictions(folder / "predictions.csv", outcomes)
    (folder / "reliability_before_calibration.png").unlink(missing_ok=True)  # of a cross-validation here
    pictures = write_plots(folder, outcomes, uncalibrated)
    worst = {
        "worst_false_negatives.png": worst_misses(outcomes),
        "worst_false_positives.png": worst_false_alarms(outcomes),
    }
    for name, errors in worst.items():
        (folder / name).unlink(missing_ok=True)  # of an earlier report in this folder
        if errors:
            contact_sheet(_tiles(errors)).save(folder / name)
            pictures.append(folder / name)
    (folder / "report.html").write_text(report_page(report, about, pictures), "utf-8")


def _write_predictions(path: Path, outcomes: Sequence[Outcome]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "label", "body_part", "group", "probability", "verdict", "is_hit"])
        for outcome in outcomes:
            row = outcome.row
            hit = "" if outcome.is_hit is None else int(outcome.is_hit)
            known = [row.name, int(row.is_fractured), row.body_part, row.group]
            writer.writerow([*known, f"{outcome.probability:.6f}", outcome.verdict, hit])


def _tiles(outcomes: Sequence[Outcome]) -> list[Tile]:
    """The outcomes with their pictures, decoded once more: keeping all of them would fill the memory."""
    tiles = []
    with Decoder() as decoder:
        for outcome in outcomes:
            image = read_image(outcome.row.image, decoder)
            if isinstance(image, Refusal):
                continue  # taken away since it was judged
            shown = np.clip(
                (image.pixels.astype(np.float32) - image.low) / max(image.high - image.low, 1e-6), 0, 1
            )
            tiles.append(Tile(Image.fromarray(np.rint(shown * 255).astype(np.uint8)), outcome))
    return tiles
