"""The report as one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker.vision.evaluation.bootstrap import LEAST_GROUPS, RESAMPLES, TOO_FEW_GROUPS
from worker.vision.evaluation.measures import NAMES, undefined
from worker.vision.evaluation.parts import LEAST_OF_EACH_KIND
from worker.vision.evaluation.report import Report

CAPTIONS = {
    "confusion": "How many fractured and sound images got each verdict",
    "roc": "ROC curve. Dashed: chance. Blue: the two operating points",
    "precision_recall": "Precision and recall. Dashed: every image called fracture. Blue: the rule-in point",
    "reliability_before_calibration": "Reliability of the networks' own probabilities",
    "reliability": "Reliability: on the dashed diagonal, probabilities mean what they say."
    " Beside each point: its images",
    "worst_false_negatives": "Fractured images not called fracture, the least probable first"
    " (green: marked by radiologists, red: marked by the release)",
    "worst_false_positives": "Sound images called doubt or fracture, the most probable first"
    " (red: marked by the release)",
}
SHEETS = ("worst_false_negatives", "worst_false_positives")
OVERVIEW = {
    "auroc": "AUROC",
    "rule_out_sensitivity": "Rule-out sensitivity",
    "rule_out_specificity": "Rule-out specificity",
    "rule_in_sensitivity": "Rule-in sensitivity",
    "rule_in_specificity": "Rule-in specificity",
}


def report_page(report: Report, about: str, pictures: Sequence[Path]) -> str:
    """HTML with the pictures (PNG, named as in CAPTIONS) inside; it loads nothing and runs nothing.

    about  what was judged, in a sentence
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    environment.filters["interval"] = _interval
    environment.globals["undefined_reason"] = undefined
    return environment.get_template("report.html").render(
        report=report.to_json(),
        about=about,
        names=NAMES,
        overview=OVERVIEW,
        least=LEAST_OF_EACH_KIND,
        resamples=RESAMPLES,
        least_groups=LEAST_GROUPS,
        too_few_groups=TOO_FEW_GROUPS,
        captions=CAPTIONS,
        sheets=SHEETS,
        pictures={path.stem: _as_uri(path) for path in pictures},
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(measure: Mapping[str, float | None]) -> str:
    return "" if measure["low"] is None else f"{measure['low']:.3f} to {measure['high']:.3f}"


def _as_uri(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
