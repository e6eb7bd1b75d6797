"""Write docs/model-card.md from the card of a release: `python -m worker.vision.model_card`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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

TEMPLATE = """# Model card: {name}

Made from `releases/{name}/card.json` by `python -m worker.vision.model_card`; change the card, not this page.

## What it is
{architecture}, a convolutional network with {side} x {side} grey pixels in. It gives one probability of a
fracture for a radiograph, a map of where it sees it, and up to five boxes. Released {created}.
Weights SHA-256 `{sha256}`.

## Intended use
A second look for trained staff at plain radiographs of {body_parts}. **Decision support, not a diagnosis**:
every image must be read by a person, whatever the verdict.

## Not for
- Deciding without a reader, or sending a patient home because of `no fracture`.
- Chest, skull, spine, teeth, CT, MRI, ultrasound, photographs of films.
- Children's growth plates, healing and post-operative films as questions of their own: the training data does
  not label them.
- Medical use in any place that requires an approved device. It is none.

## Verdicts
| verdict | probability |
|---|---|
| no fracture | below {rule_out:.4f} (rule-out point: sensitivity at least 0.95 on fold {fold_tune}) |
| doubt | between the two |
| fracture | {rule_in:.4f} or more (rule-in point: specificity at least 0.95 on fold {fold_tune}) |
| out of scope | none is given; see limits |

Probabilities are calibrated (Platt) on fold {fold_tune}, where {prevalence}; where
fractures are rarer or more common than that, they are too high or too low.

On the held-back fold the rule-out point called {missed:.0%} of the fractured images `no fracture`, and the
rule-in point called {false_alarms:.0%} of the sound ones `fracture`.

## Data
{data_name}: {data_attribution}. Licence {data_licence}. Changes: {data_changes}. Origin: {data_origin}.
Trained on folds {folds_train}; weights, calibration and operating points chosen on fold {fold_tune};
fold {fold} was held back and judged once.{note} Folds share no patient as far as the data can tell (it has no
patient ids).

Starting weights: {backbone_name}. Licence: {backbone_licence}. Pre-trained on {backbone_data}.

## Measured on fold {fold}
{images} images, {fractured} fractured. Intervals: 95 %, 1,000 resamples of patient groups.

| measure | value | 95 % interval |
|---|---|---|
{measures}

| body part | images | fractured | AUROC |
|---|---|---|---|
{body_parts_table}

{left_out}

## Limits
- One source: three hospitals in one country. Other machines and other patients may be read worse; nothing
  here measures that.
- Nearly all training images with metal in them are fractured, so metal itself raises the probability. Casts
  and splints may do the same.
- Hips and shoulders have few fractured examples; too few to say how well they are read.
- Labels say fractured or not for each single image; a fracture that shows in another view only is not.
- {scope}
"""


def model_card(card: ReleaseCard) -> str:
    """The page for people, in Markdown. Raises KeyError for a card without recorded measures."""
    data, backbone, training, metrics = card.training_data, card.backbone, card.training, card.metrics
    page = TEMPLATE.format(
        name=card.name,
        architecture=card.architecture,
        side=card.preprocessing.side_px,
        created=card.created,
        sha256=card.weights_sha256,
        body_parts=", ".join(card.body_parts),
        rule_out=card.operating_points.rule_out,
        rule_in=card.operating_points.rule_in,
        missed=1 - metrics["rule_out_sensitivity"],
        false_alarms=1 - metrics["rule_in_specificity"],
        prevalence=f"{training['tune_fractured']} of {training['tune_images']} images are fractured",
        fold_tune=training["fold_tune"],
        folds_train=", ".join(map(str, training["folds_train"])),
        data_name=data["name"],
        data_attribution=data["attribution"],
        data_licence=data["licence"],
        data_changes=data["changes"],
        data_origin=data["origin"],
        backbone_name=backbone["name"],
        backbone_licence=backbone["licence"],
        backbone_data=backbone["pre-training"],
        fold=metrics["fold"],
        note=f" Note: {training['note']}." if "note" in training else "",
        images=metrics["images"],
        fractured=metrics["fractured"],
        measures="\n".join(_measure(name, metrics) for name in MEASURE_NAMES if name in metrics),
        body_parts_table="\n".join(_body_part(part, facts) for part, facts in metrics["body_parts"].items()),
        left_out=_left_out(metrics),
        scope=_scope(training["scope"]),
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


def _measure(name: str, metrics: Mapping[str, Any]) -> str:
    low, high = metrics["intervals_95"][name]
    return f"| {MEASURE_NAMES[name]} | {metrics[name]:.3f} | {low:.3f} to {high:.3f} |"


def _body_part(part: str, facts: Mapping[str, Any]) -> str:
    area = "too few" if facts["auroc"] is None else f"{facts['auroc']:.3f}"
    return f"| {part} | {facts['images']} | {facts['fractured']} | {area} |"


def _left_out(metrics: Mapping[str, Any]) -> str:
    return (
        f"Not in these figures: {metrics['out_of_scope']} images of the fold that were called out of scope,"
        f" {metrics['refused']} that could not be decoded."
    )


def _scope(scope: Mapping[str, Any] | None) -> str:
    if scope is None:
        return "It cannot tell whether an image is a radiograph of a limb, and reads whatever it is given."
    unseen = ", ".join(
        f"{kind.replace('_', ' ')} {share:.0%}"
        for kind, share in scope["refused_share_when_kind_unseen"].items()
    )
    return (
        f"The check for images out of scope is simple, fitted on {scope['other_images']} other pictures."
        f" It lets {scope['kept_share']:.1%} of the tuning fold through. Pictures of a kind it was never"
        f" fitted on are caught less often (left out in turn: {unseen}), so a score does not prove that the"
        " image is a limb."
    )


if __name__ == "__main__":
    sys.exit(main())
