"""Write docs/model-card.md from the card of a release: `python -m worker.vision.model_card`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker.vision.card import ReleaseCard
from worker.vision.shelf import default_release

WIDTH = 110
MODEL_CARD = Path(__file__).resolve().parents[2] / "docs" / "model-card.md"

MEASURE_NAMES = {
    "auroc": "AUROC",
    "pr_auc": "Area under precision and recall",
    "rule_out_sensitivity": "Sensitivity at the rule-out point",
    "rule_out_specificity": "Specificity at the rule-out point",
    "rule_in_sensitivity": "Sensitivity at the rule-in point",
    "rule_in_specificity": "Specificity at the rule-in point",
    "calibration_error": "Expected calibration error (10 bins)",
    "brier": "Brier score",
    "hit_rate": "Hottest spot inside a marked fracture (fractured images)",
    "first_box_hit_rate": "Centre of the first box inside a marked fracture (fractured images)",
    "box_precision_30": "Average precision of boxes at IoU 0.3",
    "box_precision_50": "Average precision of boxes at IoU 0.5",
}


def model_card(card: ReleaseCard) -> str:
    """The page for people, in Markdown.

    raises  jinja2.UndefinedError for a card without recorded measures
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["figure"] = "{:.3f}".format
    page = environment.get_template("model_card.md.j2").render(
        card=card, names=MEASURE_NAMES, scope=_scope(card.training["scope"])
    )
    return "\n".join(_wrapped(line) for line in page.split("\n"))


def main() -> int:
    card = ReleaseCard.read(default_release())
    MODEL_CARD.parent.mkdir(exist_ok=True)
    MODEL_CARD.write_text(model_card(card), "utf-8")
    return 0


def _wrapped(line: str) -> str:
    """A long line of text as several; tables and headings stay whole."""
    if line.startswith(("|", "#")):
        return line
    return textwrap.fill(line, WIDTH, break_long_words=False, subsequent_indent="  " * line.startswith("- "))


def _scope(scope: Mapping[str, Any] | None) -> str:
    if scope is None:
        return "It cannot tell whether an image is a radiograph of a limb, and reads whatever it is given."
    unseen = ", ".join(
        f"{kind.replace('_', ' ')} {share:.0%}"
        for kind, share in scope["refused_share_when_kind_unseen"].items()
    )
    return (
        f"The check for images out of scope is simple, fitted on {scope['other_images']} other pictures"
        f"{_cross_validated(scope)}. Of radiographs that it was not fitted on it lets"
        f" {scope['kept_share']:.1%} through"
        f"{_changed(scope)}. Pictures of a kind it was never"
        f" fitted on are caught less often (left out in turn: {unseen}), so a score does not prove that the"
        " image is a limb."
    )


def _cross_validated(scope: Mapping[str, Any]) -> str:
    """Cards up to greenstick-1 do not say it."""
    if "refused_share" not in scope:
        return ""
    return (
        f" and {scope['drawn_images']} drawn ones; asked in turn about a fifth left out, it refuses"
        f" {scope['refused_share']:.1%} of the former"
    )


def _changed(scope: Mapping[str, Any]) -> str:
    if "kept_share_changed" not in scope:
        return ""
    return (
        f", and {scope['kept_share_changed']:.1%} of them when sharpened, blurred, cropped, framed or"
        " exposed otherwise"
    )


if __name__ == "__main__":
    sys.exit(main())
