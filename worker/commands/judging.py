"""Read the images of a labelled list, for the commands that judge releases."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.commands.files import Refusal, read_image
from worker.intake.decoder import Decoder
from worker.vision.detector import Detector
from worker.vision.evaluation.outcome import Outcome, outcome_of
from worker.vision.manifest import Row, refuse_boxes_outside


@dataclass
class Judged:
    """What became of the rows of a manifest."""

    outcomes: list[Outcome] = field(default_factory=list)
    out_of_scope: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)


def judge(detector: Detector, rows: Sequence[Row]) -> Judged:
    """Read every row's image by the same path as `predict` and the portal.

    raises  ValueError when a marked box lies outside its image
    """
    (judged,) = judge_each([detector], rows)
    return judged


def judge_each(detectors: Sequence[Detector], rows: Sequence[Row]) -> list[Judged]:
    """What each detector makes of the rows, every image being decoded once."""
    all_judged = [Judged() for _ in detectors]
    with Decoder() as decoder:
        for number, row in enumerate(rows, start=1):
            image = read_image(row.image, decoder)
            if isinstance(image, Refusal):
                print(f"{row.name}: {image.reason}", file=sys.stderr)
                for judged in all_judged:
                    judged.refused.append(row)
                continue
            height_px, width_px = image.pixels.shape
            refuse_boxes_outside(row, width_px, height_px)
            for detector, judged in zip(detectors, all_judged, strict=True):
                prepared = detector.prepare(image.pixels, image.low, image.high)
                outcome = outcome_of(row, detector.read([prepared])[0], prepared.placement)
                if outcome is None:
                    judged.out_of_scope.append(row)
                else:
                    judged.outcomes.append(outcome)
            if number % 200 == 0:
                print(f"{number} of {len(rows)} read", file=sys.stderr)
    return all_judged
