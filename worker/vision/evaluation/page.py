"""The report as one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker.vision.card import ReleaseCard
from worker.vision.evaluation.bootstrap import RESAMPLES
from worker.vision.evaluation.measures import NAMES
from worker.vision.evaluation.report import Report

CAPTIONS = {
    "roc": "ROC curve",
    "precision_recall": "Precision and recall",
    "reliability": "Reliability: on the diagonal, probabilities mean what they say",
    "worst_false_negatives": "Fractured images not called fracture, the least probable first"
    " (green: marked by radiologists, red: marked by the release)",
    "worst_false_positives": "Sound images called doubt or fracture, the most probable first"
    " (red: marked by the release)",
}


def report_page(report: Report, card: ReleaseCard, pictures: Sequence[Path]) -> str:
    """HTML with the pictures (PNG, named as in CAPTIONS) inside; it loads nothing and runs nothing."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    return environment.get_template("report.html").render(
        report=report.to_json(),
        card=card,
        names=NAMES,
        resamples=RESAMPLES,
        pictures=[(CAPTIONS[path.stem], _as_uri(path)) for path in pictures],
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _as_uri(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
